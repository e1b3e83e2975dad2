"""What the gateway needs of the stores: lookups in Redis, segment definitions in Kafka. Ports, for tests to stand in.

Whatever is away raises `schemas.errors.Unavailable`: at once when refused, after a second when silent.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from schemas.segments import FillRecord, SegmentRecord


class Lookups(Protocol):
    """What Redis shows of users and partitions."""

    async def lookup(self, id: str) -> bytes | None:
        """The lookup value of any id of a user (`schemas.views.pack_lookup`), None: unknown."""

    async def lookup_many(self, ids: Sequence[str]) -> list[bytes | None]:
        """The lookup values of ids, in their order."""

    async def row(self, id: str) -> bytes | None:
        """The profile row of any id of a user, None: unknown."""

    async def counts(self, combinations: Sequence[Sequence[int]]) -> list[int]:
        """How many users are in all slots of each combination, over all partitions."""

    async def bitmaps(self, slots: Sequence[int]) -> list[list[bytes]]:
        """For each partition who is in these slots, as sets of bits, all as of one instant."""

    async def totals(self) -> list[bytes | None]:
        """Each partition's hourly totals, msgpack of hour → [page views, clicks, events, visits]."""

    async def fields(self) -> list[dict[str, str]]:
        """What each partition tells of itself beside the views: heartbeat `w`, progress of a fill `fill`."""

    async def erasures(self) -> int:
        """How many users were erased; it may begin anew."""

    async def count_erasure(self) -> None:
        """One more user was erased."""


class Definitions(Protocol):
    """The segment definitions, as last read from their topic."""

    @property
    def segments(self) -> Mapping[str, SegmentRecord]:
        """All segments by id."""

    @property
    def fill(self) -> FillRecord | None:
        """The latest fill, None before the first."""

    @property
    def changed_at(self) -> int:
        """Offset in their topic after the last of them: a worker that is as far knows them all."""

    def on_change(self, tell: Callable[[], None]) -> None:
        """`tell` is called after every read that changed something, and once all was read the first time."""

    def writing(self) -> AbstractAsyncContextManager[None]:
        """Only one gateway at a time is in here; on entering, all that was written before is read."""

    def changing(self, id: str) -> AbstractAsyncContextManager[None]:
        """Only one gateway at a time changes the static list of segment `id` in here."""

    async def write(self, records: Sequence[SegmentRecord], fill: FillRecord | None = None) -> None:
        """Writes all, the fill last, in one go; returns when they are acknowledged and read back."""

    async def delete(self, id: str) -> None:
        """Removes a segment; returns when that is acknowledged and read back."""

    async def reachable(self) -> bool:
        """Whether the broker answers."""
