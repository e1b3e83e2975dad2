"""Messages of the internal `transfers` topic: what goes from the partition of one id to that of another.

Owns their shapes and codec; `streams.identity` and `streams.fill` say when they are sent and what they do. The record's
key is the id addressed. All are applied at least once and do nothing the second time.
"""

import msgspec


class Forward(msgspec.Struct, tag="e", array_like=True, kw_only=True):
    """An event sent under `sent`, an id that belongs to user `to`; topic index and offset say where it stands.

    `fill`: the fill that was switched on where it was read. `replay`: a fill reads it from the past, for that fill's
    selectors alone.
    """

    to: str
    sent: str
    topic: int
    offset: int
    fill: int
    data: bytes
    replay: bool = False
    hops: int = 0


class Moved(msgspec.Struct, tag="s", array_like=True, kw_only=True):
    """The whole profile of `sent`, which now belongs to user `to`."""

    to: str
    sent: str
    profile: bytes
    hops: int = 0


class Join(msgspec.Struct, tag="j", array_like=True, kw_only=True):
    """An alias call joins the user at home `origin` with the user of `to`, known by `name` from then on.

    `at`: when the alias arrived, in µs.
    """

    to: str
    origin: str
    name: str
    at: int
    hops: int = 0


class JoinFrom(msgspec.Struct, tag="f", array_like=True, kw_only=True):
    """On the way from an aliased id to its user's home: ask there for a Join with `name`."""

    to: str
    name: str
    at: int
    hops: int = 0


class Unshare(msgspec.Struct, tag="u", array_like=True, kw_only=True):
    """A request with `Sec-GPC: 1` named an id that belongs to user `to`."""

    to: str
    hops: int = 0


class Absorb(msgspec.Struct, tag="a", array_like=True, kw_only=True):
    """Answer to a Join: the user of `to` is to move into the user at home `into`."""

    to: str
    into: str
    name: str
    at: int
    hops: int = 0


Transfer = Forward | Moved | Join | JoinFrom | Absorb | Unshare

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Transfer).decode
