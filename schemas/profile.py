"""What is kept of a user: the profile row, the redirect of a joined id, what an id came as, a partition's meta record.

Owns the shapes and their bytes in the state store and its changelog; what they mean is decided in `streams`. A row's
value begins with its due instant, so that the store can index it without decoding. Instants are epoch milliseconds.
"""

from typing import Any, NamedTuple

import msgspec

NEVER = (1 << 64) - 1
"""Due instant of a row that time alone will not change."""

ROW = b"r"
FLAGS = b"i"
META_KEY = b"m"

Stamped = tuple[Any, int, int]
"""(value, event time, arrival): the newest by (time, arrival) wins."""

Order = tuple[int, int]
"""(event time, arrival)."""

_PROFILE, _REDIRECT = 1, 2


class Visit(msgspec.Struct, array_like=True):
    """One visit. `head`, `head_at`: arrival and time of the event that lends it its fields.

    `landing`, `landing_at`: those of its first page call, None and 0 before there is one; `source` is that call's
    source index, or -1. `pages` counts page and screen calls.
    """

    start: int
    end: int
    source: int
    pages: int
    head: int
    head_at: int
    landing: int | None
    landing_at: int


class Bucket(NamedTuple):
    """Events of a series that were merged: time of the first and of the newest, number, and sum, least and greatest
    of their values, 0 where they are no numbers; of texts `number` is that of the different ones."""

    first: int
    last: int
    number: int
    total: int | float = 0
    low: int | float = 0
    high: int | float = 0


class Profile(msgspec.Struct, array_like=True, kw_only=True):
    """All that is known of one user, at the id `home`.

    `number`: dense number in its partition, -1 before it is first written. `name`: the userId that an alias named
    last, `name_at` in µs of its arrival.
    `known_at`: since when the user is known, None: not yet. `identified`: one of the ids is a userId.
    `fences`: id → next offset to apply of each event topic.
    `filled`: (fill, id → next offset that fill has to read). `dups`: id → offsets, by topic, of duplicates.
    `latest`: values of `streams.facts.LATEST`, each of the newest event that has it: that of `latest_at`, but for those
    names that have an order of their own in `stamps`.
    `messages`: id → hour of receipt * 4 + topic → packed 8-byte hashes of (id, messageId). `timeline`: see
    `streams.timeline`, with `sources` its table of visit sources; `sealed`: (visits, ms on site, page views of the
    cut-off head of the first visit) that the bounded timeline no longer holds.
    `series`: series key → times, or for visits' marks → arrivals; `values`: series key → what is kept beside each of
    them, where something is; `merged`: series key → its oldest events, where there are too many.
    `hours`: hour → [page views, clicks, events, visits].
    `parked`: (time, fill, event JSON) of events that are still in the future; a fill below 0 is a replay's.
    `truth`, `mask`: bits of the conditions of rule set `ruleset`, and of the slots the user is in; `since`: slot → when
    it was entered. `offered`: others may be on their way into this row, for all that is known here. `born`: see
    `Flags`. `lists`: slot of a static list → id → offset, plus 1, of what was last said of the id, negative: it is off.
    `told`: the bits of the slots that the outside was told of; `told_as`: user → segment → version, what it was told of
    users that are being joined (see `streams.changes`).
    """

    home: str
    number: int = -1
    name: str | None = None
    name_at: int = 0
    ids: list[str]
    known_at: int | None = None
    identified: bool = False
    share: bool = True
    fences: dict[str, list[int]] = {}
    filled: tuple[int, dict[str, list[int]]] = (0, {})
    dups: dict[str, list[list[int]]] = {}
    messages: dict[str, dict[int, bytearray]] = {}
    traits: dict[str, Stamped] = {}
    latest: tuple[str | None, ...] = (None,) * 5
    latest_at: Order = (0, 0)
    stamps: dict[str, Order] = {}
    first_seen: int | None = None
    last_seen: int | None = None
    first_campaign: tuple[dict[str, str], int, int] | None = None
    last_campaign: tuple[dict[str, str], int, int] | None = None
    first_referrer: tuple[str, int, int] | None = None
    timeline: bytearray = msgspec.field(default_factory=bytearray)
    sources: list[str] = []
    sealed: tuple[int, int, int] = (0, 0, 0)
    visits: int = 0
    time_on_site: int = 0
    last_visit: Visit | None = None
    series: dict[str, list[int]] = {}
    hours: dict[int, list[int]] = {}
    parked: list[tuple[int, int, bytes]] = []
    ruleset: int = 0
    truth: bytes = b""
    mask: bytes = b""
    since: dict[int, int] = {}
    offered: bool = False
    values: dict[str, list[Any]] = {}
    merged: dict[str, list[Bucket]] = {}
    born: list[int] = []
    lists: dict[int, dict[str, int]] = {}
    told: bytes = b""
    told_as: dict[str, dict[str, int]] = {}

    @property
    def canonical(self) -> str:
        return self.name or self.home


class Closing(msgspec.Struct, array_like=True, kw_only=True):
    """How far the erasing of a user is; nothing that comes under the id counts any more (see `streams.erasing`).

    At the user's home: its other ids that are yet to be closed, that are `closed`, and that are yet to be freed. At one
    of those: the `way` that its redirect had led before.
    """

    closing: list[str] = []
    closed: list[str] = []
    freeing: list[str] = []
    way: str = ""


class Redirect(msgspec.Struct, array_like=True, kw_only=True):
    """The row of an id that belongs to another user: what comes for it goes on to `home`.

    `pending` is the profile this id had, until the broker has confirmed the transfer that carries it; `number` its
    dense number, so that its bits stay cleared. `erased`: the user is being erased; its home then redirects to itself.
    """

    home: str
    number: int = -1
    pending: bytes | None = None
    erased: Closing | None = None


class Flags(msgspec.Struct, array_like=True):
    """What an id has come as: offsets in the identity topic of the first records that said so; -1: none did.

    `joined`: that of the record that joined it to a userId while it was none. `born`: source topic → offset below which
    all under the id was of a user who has been erased; `number` is that user's, for whoever comes next. `aliases`: hash
    of userId and messageId of an alias call with this previousId → offset and time of receipt of the first such call.
    """

    user: int = -1
    anonymous: int = -1
    joined: int = -1
    born: list[int] = []
    number: int = -1
    aliases: dict[int, tuple[int, int]] = {}


class Meta(msgspec.Struct, array_like=True, kw_only=True):
    """A partition's own record. `numbers`: the next dense number. `hours`: the sums of all its users' `hours`.

    `applied`: source topic → next offset to apply. `fill`: the last fill switched on here; `cuts`: event topic → first
    offset that is folded with that fill's selectors, the log below is read by the fill. `read`: the last fill that has
    read all of that log here. `hops`: the longest way that a transfer has come over redirects. `listed`: slot of a
    static list → how many ids of users who live here are on it. `changes`: the number of the next change to be told;
    `told`: fingerprint of the live versions that everybody here was told of.
    """

    numbers: int = 0
    hours: dict[int, list[int]] = {}
    applied: list[int] = []
    fill: int = 0
    cuts: list[int] = []
    read: int = 0
    hops: int = 0
    listed: dict[int, int] = {}
    changes: int = 0
    told: int = 0


_encoder = msgspec.msgpack.Encoder()
_buffer = bytearray()
"""Of all rows, one after the other: one that grew from nothing for each took twice as long."""

_decode_profile = msgspec.msgpack.Decoder(Profile).decode
_decode_redirect = msgspec.msgpack.Decoder(Redirect).decode
_decode_flags = msgspec.msgpack.Decoder(Flags).decode
_decode_meta = msgspec.msgpack.Decoder(Meta).decode
encode_part = _encoder.encode
decode_profile_body = _decode_profile


def row_key(id: str) -> bytes:
    return ROW + id.encode()


def flags_key(id: str) -> bytes:
    return FLAGS + id.encode()


def encode_row(row: Profile | Redirect, due: int = NEVER) -> bytes:
    """The store's value: due instant (8 bytes, big-endian), one byte for the kind, msgpack."""
    _encoder.encode_into(row, _buffer, 9)
    _buffer[:8] = due.to_bytes(8, "big")
    _buffer[8] = _PROFILE if isinstance(row, Profile) else _REDIRECT
    return bytes(_buffer)


def decode_row(value: bytes) -> Profile | Redirect:
    """Reads what `encode_row` wrote; raises msgspec.DecodeError on anything else."""
    body = memoryview(value)[9:]
    return _decode_profile(body) if value[8] == _PROFILE else _decode_redirect(body)


def due_of(value: bytes) -> int:
    return int.from_bytes(value[:8], "big")


def decode_flags(value: bytes | None) -> Flags:
    return Flags() if value is None else _decode_flags(value)


def decode_meta(value: bytes | None) -> Meta:
    return Meta() if value is None else _decode_meta(value)
