"""Stand-ins for Redis and Kafka: users in sets of slots, definitions in a dict. Each can be made to be away.

Owns nothing that the product has; counts are worked out the plain way, so that answers can be compared with them.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import msgspec

from schemas.errors import Unavailable
from schemas.profile import Profile, encode_row
from schemas.segments import FillRecord, SegmentRecord
from schemas.views import pack_lookup


@dataclass
class FakeLookups:
    partitions: int = 4
    slots: dict[str, set[int]] = field(default_factory=dict)
    """Canonical id → slots."""
    aliases: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Profile] = field(default_factory=dict)
    hours: list[dict[int, list[int]]] = field(default_factory=list)
    told: list[dict[str, str]] = field(default_factory=list)
    away: bool = False
    counted: int = 0
    erased: int = 0

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("Redis does not answer")

    async def lookup(self, id: str) -> bytes | None:
        self._reach()
        canonical = self.aliases.get(id, id)
        return pack_lookup(canonical, self.slots[canonical]) if canonical in self.slots else None

    async def lookup_many(self, ids: Sequence[str]) -> list[bytes | None]:
        return [await self.lookup(id) for id in ids]

    async def row(self, id: str) -> bytes | None:
        self._reach()
        row = self.rows.get(self.aliases.get(id, id))
        return None if row is None else encode_row(row)

    async def counts(self, combinations: Sequence[Sequence[int]]) -> list[int]:
        self._reach()
        self.counted += 1
        return [sum(all(slot in mine for slot in each) for mine in self.slots.values()) for each in combinations]

    async def bitmaps(self, slots: Sequence[int]) -> list[list[bytes]]:
        self._reach()
        found = [[bytearray(8) for _ in slots] for _ in range(self.partitions)]
        for number, mine in enumerate(self.slots.values()):
            partition, bit = number % self.partitions, number // self.partitions
            for index, slot in enumerate(slots):
                if slot in mine:
                    found[partition][index][bit // 8] |= 128 >> bit % 8
        return [[bytes(each).rstrip(b"\0") for each in bitmaps] for bitmaps in found]

    async def totals(self) -> list[bytes | None]:
        self._reach()
        return [msgspec.msgpack.encode(each) for each in self.hours] or [None] * self.partitions

    async def erasures(self) -> int:
        self._reach()
        return self.erased

    async def count_erasure(self) -> None:
        self._reach()
        self.erased += 1

    async def fields(self) -> list[dict[str, str]]:
        self._reach()
        return self.told or [{} for _ in range(self.partitions)]


@dataclass
class FakeDefinitions:
    segments: dict[str, SegmentRecord] = field(default_factory=dict)
    fill: FillRecord | None = None
    away: bool = False
    written: int = 0
    listeners: list[Callable[[], None]] = field(default_factory=list)

    def on_change(self, tell: Callable[[], None]) -> None:
        self.listeners.append(tell)

    @property
    def changed_at(self) -> int:
        return self.written

    @asynccontextmanager
    async def changing(self, id: str) -> AsyncIterator[None]:
        self._reach()
        yield

    def tell(self) -> None:
        for each in self.listeners:
            each()

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        self._reach()
        yield

    async def write(self, records: Sequence[SegmentRecord], fill: FillRecord | None = None) -> None:
        self._reach()
        self.written += len(records)
        self.segments.update({record.id: record for record in records})
        self.fill = fill or self.fill
        self.tell()

    async def delete(self, id: str) -> None:
        self._reach()
        del self.segments[id]
        self.tell()

    async def reachable(self) -> bool:
        return not self.away

    def _reach(self) -> None:
        if self.away:
            raise Unavailable("the broker does not answer")


def beating(now: int, partitions: int = 4, **more: str) -> list[dict[str, str]]:
    """What partitions with a live worker tell."""
    return [{"w": str(now), "whole": "1", **more} for _ in range(partitions)]
