"""Events of the stream on the wire, and their ids: how far into each partition of the topic a reader has come.

Owns the texts. An id stands for the whole position, so that whoever sends it back needs nothing else remembered.
"""

import zlib
from base64 import b64decode, urlsafe_b64encode

import msgspec

from schemas.changes import data_of
from stores.changes import Found, Position

HEARTBEAT = b": still here\n\n"
"""A comment, which readers pass over."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[int, ...]).decode


def encode_id(position: Position) -> str:
    """A text without spaces."""
    packed = _encode(position)
    return urlsafe_b64encode(zlib.crc32(packed).to_bytes(4, "big") + packed).rstrip(b"=").decode()


def decode_id(text: str, partitions: int) -> Position | None:
    """The reverse; None for a text that `encode_id` did not make for so many partitions."""
    try:
        raw = b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        position = _decode(raw[4:])
    except (ValueError, msgspec.MsgspecError):
        return None
    if zlib.crc32(raw[4:]) != int.from_bytes(raw[:4], "big") or len(position) != partitions:
        return None
    return position if all(0 <= each < 1 << 62 for each in position) else None


def advanced(position: Position, found: Found) -> Position:
    """The position after a change."""
    return (*position[: found.partition], found.next, *position[found.partition + 1 :])


def frame(found: Found, position: Position) -> bytes:
    """A change as an event; `position` is that after it."""
    change = found.change
    parts = change.event.encode(), encode_id(position).encode(), data_of(change)
    return b"event: %b\nid: %b\ndata: %b\n\n" % parts
