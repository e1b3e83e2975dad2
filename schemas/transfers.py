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
    """The whole profile of `sent`, which now belongs to user `to`.

    `since`: how far the definitions were read where it comes from: it may be on lists that are new in them.
    """

    to: str
    sent: str
    profile: bytes
    hops: int = 0
    since: int = 0


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


class Listing(msgspec.Struct, tag="l", array_like=True, kw_only=True):
    """The gateway puts id `sent` on the static list in `slot`, or takes it off; `to` is who the id belongs to.

    `since`: offset of the definitions from which on the slot is known. `stamp`: offset of this record in the partition
    of `sent`, plus 1, given where it is first read: the latest counts.
    """

    to: str
    sent: str
    slot: int
    on: bool
    since: int
    stamp: int = 0
    hops: int = 0


class Erase(msgspec.Struct, tag="x", array_like=True, kw_only=True):
    """The gateway wants the user of id `to` erased."""

    to: str
    hops: int = 0


class Close(msgspec.Struct, tag="c", array_like=True, kw_only=True):
    """The user at `home`, whose id `to` is, is being erased: nothing under the id counts from here on."""

    to: str
    home: str
    hops: int = 0


class Closed(msgspec.Struct, tag="d", array_like=True, kw_only=True):
    """Behind everything that `sent` had sent on its way to its user: it is closed."""

    to: str
    sent: str
    hops: int = 0


class Free(msgspec.Struct, tag="r", array_like=True, kw_only=True):
    """All ids of the user at `home` are closed: id `to` is to forget that it ever was."""

    to: str
    home: str
    hops: int = 0


class Freed(msgspec.Struct, tag="o", array_like=True, kw_only=True):
    """Id `sent` has forgotten; what comes under it from here on is of somebody new."""

    to: str
    sent: str
    hops: int = 0


Erasing = Erase | Close | Closed | Free | Freed
Transfer = Forward | Moved | Join | JoinFrom | Absorb | Unshare | Listing | Erasing

encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Transfer).decode
