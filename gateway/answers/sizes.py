"""How many users there are and how many are in each segment: exact counts of bitmaps, at most a second old.

Owns the one snapshot that the overview, the segments' answers, the page and /metrics all read, so that they agree and
Redis is asked once a second however many ask. Source: contract section 3, `GET /v1/overview`; sizes lag at most 2 s.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from gateway.cache import LiveTable
from gateway.clock import now
from gateway.ports import Lookups
from schemas.segments import SLOT_ACTIVE_7D, SLOT_KNOWN, SLOT_NEW_7D
from schemas.times import SECOND
from streams.profile_view import rolling

OLDEST = 1 * SECOND
_decode_hours = msgspec.msgpack.Decoder(dict[int, list[int]]).decode


@dataclass(frozen=True, slots=True)
class Figures:
    """Of all users, or of a segment's members: how many, first seen and last seen in the last 7 days."""

    size: int
    new_7d: int
    active_7d: int


NOBODY = Figures(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts at an instant. `segments` holds the live ones, by id."""

    at: int
    generation: int
    users: Figures
    segments: dict[str, Figures]
    page_views_7d: int
    clicks_7d: int
    events_7d: int
    visits_7d: int

    def of(self, id: str) -> Figures:
        """A segment's figures; nobody is in one that is not live."""
        return self.segments.get(id, NOBODY)

    def share(self, id: str) -> float:
        """A segment's part of all known users, 0–1."""
        return self.of(id).size / self.users.size if self.users.size else 0.0


def rolled_up(totals: Iterable[bytes | None], at: int) -> list[int]:
    """Page views, clicks, events and visits of the last 7 days over all partitions, rolling by the hour."""
    partitions = [rolling(_decode_hours(packed), at) for packed in totals if packed]
    return [sum(counts) for counts in zip([0, 0, 0, 0], *partitions, strict=True)]


class Sizes:
    """Takes snapshots, one at a time, and hands out the last while it is fresh."""

    def __init__(self, lookups: Lookups, table: LiveTable) -> None:
        self._lookups = lookups
        self._table = table
        self._last: Snapshot | None = None
        self._taking: asyncio.Task[Snapshot] | None = None

    async def now(self) -> Snapshot:
        """A snapshot at most a second old, of the segments that are live now. Raises Unavailable."""
        self._table.require()
        if (last := self._last) is not None and self._is_fresh(last):
            return last
        if self._taking is None or self._taking.done():
            self._taking = asyncio.create_task(self._take())
        snapshot = await asyncio.shield(self._taking)
        return snapshot if snapshot.generation == self._table.generation else await self.now()

    def forget(self) -> None:
        """The next snapshot is a new one."""
        self._last = None

    def _is_fresh(self, snapshot: Snapshot) -> bool:
        return snapshot.generation == self._table.generation and 0 <= now() - snapshot.at < OLDEST

    async def _take(self) -> Snapshot:
        at, generation, live = now(), self._table.generation, dict(self._table.ids)
        combinations: list[tuple[int, ...]] = [(SLOT_KNOWN,), (SLOT_NEW_7D,), (SLOT_ACTIVE_7D,)]
        for slot in live:
            combinations += [(slot,), (slot, SLOT_NEW_7D), (slot, SLOT_ACTIVE_7D)]
        counts, totals = await asyncio.gather(self._lookups.counts(combinations), self._lookups.totals())
        figures = [Figures(*counts[i : i + 3]) for i in range(0, len(counts), 3)]
        views, clicks, events, visits = rolled_up(totals, at)
        segments = dict(zip(live.values(), figures[1:], strict=True))
        self._last = Snapshot(at, generation, figures[0], segments, views, clicks, events, visits)
        return self._last
