"""The definitions' topic as the gateway changes it: one gateway at a time, and never from a view that is behind.

Owns the port `gateway.ports.Definitions` over `stores.definitions`.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from gateway.segments.lock import Lock
from schemas.segments import FillRecord, SegmentRecord
from stores.definitions import DefinitionLog


class LockedDefinitions:
    """See the port; every method that writes raises Unavailable."""

    def __init__(self, log: DefinitionLog, lock: Lock, list_lock: Callable[[str], Lock]) -> None:
        self._log = log
        self._lock = lock
        self._list_lock = list_lock

    @property
    def segments(self) -> Mapping[str, SegmentRecord]:
        return self._log.segments

    @property
    def fill(self) -> FillRecord | None:
        return self._log.fill

    @property
    def changed_at(self) -> int:
        return self._log.changed_at

    def on_change(self, tell: Callable[[], None]) -> None:
        self._log.on_change(tell)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[None]:
        async with self._lock.held():
            await self._log.refresh()
            yield

    def changing(self, id: str) -> AbstractAsyncContextManager[None]:
        return self._list_lock(id).held()

    async def write(self, records: Sequence[SegmentRecord], fill: FillRecord | None = None) -> None:
        await self._log.write(records, fill)

    async def delete(self, id: str) -> None:
        await self._log.delete(id)

    async def reachable(self) -> bool:
        return await self._log.reachable()
