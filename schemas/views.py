"""What a worker shows of a user in Redis, and how far a partition has come.

Owns the shapes and the bytes of a lookup value; the key names are in `stores.keys`. A view is absolute: written twice
it changes nothing, so a replay after a crash may show it again.
"""

from array import array
from collections.abc import Iterable, Mapping

import msgspec

REDIRECT = b"\0"
"""No canonical id is empty, so that a leading NUL tells a redirect from an answer."""


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One id as lookups see it. `lookup` None: unknown to lookups; `row` None: no profile under this id.

    `number` is the user's dense number in its partition, -1 for an id that never had one; `mask` the bits of its slots,
    little-endian, `b""` clears all bits of the number.
    """

    id: str
    number: int
    lookup: bytes | None
    row: bytes | None
    mask: bytes = b""


class Progress(msgspec.Struct, kw_only=True):
    """What a write to Redis tells beside the views. All are absolute and only ever grow, but for `fields`.

    `applied`: topic (without namespace) → next offset to be applied; `sent`: transfers partition → end offset produced
    for it; `totals`: the partition's hourly totals, msgpack; `fields`: anything else shown in the partition's hash.
    """

    applied: dict[str, int] = {}
    sent: dict[int, int] = {}
    totals: bytes | None = None
    fields: dict[str, str] = {}


def pack_counts(counts: Mapping[int, int]) -> str:
    """Slot → count, as a field of a partition's hash."""
    return " ".join(f"{slot}:{count}" for slot, count in sorted(counts.items()))


def unpack_counts(field: str) -> dict[int, int]:
    """The reverse of `pack_counts`."""
    pairs = (pair.split(":") for pair in field.split())
    return {int(slot): int(count) for slot, count in pairs}


def pack_lookup(canonical: str, slots: Iterable[int]) -> bytes:
    """The lookup value of a known user: canonical id, NUL, ascending slots as little-endian u16."""
    return canonical.encode() + b"\0" + array("H", sorted(slots)).tobytes()


def split_lookup(value: bytes) -> tuple[bytes, bytes]:
    """(canonical id, packed slots) of a value made by `pack_lookup`. No id holds a NUL: the collector sees to it."""
    canonical, _, slots = value.partition(b"\0")
    return canonical, slots


def unpack_slots(slots: bytes) -> "array[int]":
    """Slot numbers of the second part of `split_lookup`."""
    numbers = array("H")
    numbers.frombytes(slots)
    return numbers


def pack_redirect(home: str) -> bytes:
    return REDIRECT + home.encode()
