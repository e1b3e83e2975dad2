"""Showing users in Redis, come what may: waits while it is away, and writes everything anew where it was emptied.

Owns retries and rebuilding; what a view is, is decided in `streams`, how it is written in `stores.projection`. Nothing
is skipped: as long as Redis cannot take a write, the partition stands still and its source is not committed.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from agents.clock import Clock
from schemas.errors import Unavailable
from schemas.views import Progress, View
from stores.partitions import PartitionStore
from stores.projection import Fence, Projection, Written
from stores.showing import MOST_VIEWS
from stores.telemetry import histogram
from streams.desk import view_of_row

log = logging.getLogger("shoal.worker")

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0


class Showing:
    """The worker's way to Redis. `store_of` gives a partition's store; `fence` what tells a zombie's writes; `progress`
    how far a partition is, for a Redis that has forgotten it: its rows may be further than what they have sent.
    """

    def __init__(
        self,
        projection: Projection,
        store_of: Callable[[int], PartitionStore],
        fence: Callable[[], Fence],
        progress: Callable[[int], Awaitable[Progress]],
        clock: Clock,
    ) -> None:
        self.clock = clock
        self.waiting = 0
        """Partitions that stand still because Redis is away."""
        self._projection = projection
        self._store_of = store_of
        self._fence = fence
        self._progress = progress
        self._observe_wait = histogram("shoal_redis_wait_seconds").observe
        self._turn: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def show(self, partition: int, views: Sequence[View], progress: Progress) -> None:
        """Returns once Redis has it all. Raises FencedError for a worker that has lost the partition."""
        begun = perf_counter()
        async with self._turn[partition]:
            while await self._patiently(partition, lambda: self._write(partition, views, progress)) is Written.LOST:
                await self._rebuild(partition)
        self._observe_wait(perf_counter() - begun)

    async def _write(self, partition: int, views: Sequence[View], progress: Progress) -> Written:
        return await self._projection.write(partition, self._fence(), views, progress)

    async def _patiently(self, partition: int, attempt: Callable[[], Awaitable[Written]]) -> Written:
        try:
            return await attempt()
        except Unavailable as error:
            log.warning("partition %d waits: %s", partition, error)
        self.waiting += 1
        try:
            return await self._until_it_is_back(attempt)
        finally:
            self.waiting -= 1

    async def _until_it_is_back(self, attempt: Callable[[], Awaitable[Written]]) -> Written:
        pause = _FIRST_PAUSE
        while True:
            await asyncio.sleep(pause)
            try:
                return await attempt()
            except Unavailable:
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _rebuild(self, partition: int) -> None:
        rows = self._store_of(partition).count()
        level = logging.WARNING if rows else logging.INFO  # a new system has nothing to tell of
        log.log(level, "partition %d is shown in Redis anew, all %d rows", partition, rows)
        while await self._patiently(partition, lambda: self._write_all(partition)) is Written.LOST:
            log.warning("partition %d: Redis was emptied again", partition)

    async def _write_all(self, partition: int) -> Written:
        store, fence, projection = self._store_of(partition), self._fence(), self._projection
        await projection.restart(partition, fence)
        async for ids in projection.ids(partition):
            gone = [id for id in ids if store.get(b"r" + id.encode()) is None]
            views = [View(id=id, number=-1, lookup=None, row=None) for id in gone]
            await projection.write(partition, fence, views, Progress(), expect=False)
        last: bytes | None = None
        while rows := store.scan(last, MOST_VIEWS):
            last = rows[-1][0]
            views = [view_of_row(key[1:].decode(), value) for key, value in rows]
            await projection.write(partition, fence, views, Progress(), expect=False)
        await projection.write(partition, fence, (), await self._progress(partition), expect=False)
        return await projection.finish(partition, fence)
