"""A change of a membership as the topic `membership-changes` carries it, and as it waits to be written there.

Owns the shape and its codecs; what is told when is decided in `streams.changes`. A change is decided in the partition
that the user lives in, and written to the partition of the topic that the user's name belongs to. Source: contract
section 3, `GET /v1/stream`.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

OUTBOX = b"c"
"""First byte of the keys, in a partition's store and changelog, of changes that wait to be written to the topic."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """`user`, a canonical id, entered or exited `segment` at the instant `at` (ISO 8601), as of its `version`.

    `n`: the partition that decided it, and its running number there. In each partition of the topic the numbers of one
    deciding partition only grow; one that does not is a repetition, to be passed over.
    """

    user: str
    segment: str
    event: Literal["entered", "exited"]
    at: str
    version: int
    n: tuple[int, int]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What `GET /v1/stream` sends as `data`."""

    user: str
    segment: str
    at: str
    version: int


encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Change).decode
_decode_outbox = msgspec.msgpack.Decoder(tuple[int, list[Change]]).decode


def data_of(change: Change) -> bytes:
    """The `data` of a change's event."""
    return encode(Told(user=change.user, segment=change.segment, at=change.at, version=change.version))


def outbox_key(number: int) -> bytes:
    """The key of changes that wait together; `number` is that of the first of them."""
    return OUTBOX + number.to_bytes(8, "big")


def encode_outbox(at: int, changes: Sequence[Change]) -> bytes:
    """Changes that wait together; `at` (ms) is when they were decided, and so before they were first sent."""
    return msgspec.msgpack.encode((at, changes))


def decode_outbox(value: bytes) -> tuple[int, list[Change]]:
    """The reverse."""
    return _decode_outbox(value)
