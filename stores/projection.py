"""The write side of Redis: views of users and a partition's progress, in one atomic script per 2,000 views.

Owns the script and its arguments; key names are in `stores.keys`, what a view is in `schemas.views`. Everything written
is absolute, so writing twice changes nothing. A worker that lost its partition is refused by the fence; Redis that was
emptied, or went back in time, is noticed before anything is written.
"""

from collections.abc import AsyncIterator, Sequence
from enum import Enum
from typing import cast

from schemas.errors import EndedError
from schemas.views import Progress, View
from stores import keys
from stores.remote import connect, translated
from stores.scripts import CLEAR, COMPLETE, FENCED, LOST, SHOW, Script
from stores.showing import arguments_of, chunks

Fence = tuple[int, int]
"""(epoch, generation of the consumer group) of the writer; the later one wins."""

TIMEOUT = 10.0
"""Seconds without an answer."""

_NAMES = (keys.fields, keys.masks, keys.totals, keys.slots, keys.bitmap_prefix)
"""What every script gets, in this order."""


class FencedError(EndedError):
    """A worker of a later generation writes this partition: this one has lost it and is to stop."""


class Written(Enum):
    """What became of a write."""

    DONE = "done"
    LOST = "lost"
    """Nothing (or not all) was written: Redis does not have all that it had. The caller is to write every row again."""


class Projection:
    """One worker's way to Redis.

    For one partition, a call is made only when the one before it has returned or been given up for good: an older view
    that comes late would stay.
    """

    def __init__(self, url: str, namespace: str) -> None:
        self._redis = connect(url, TIMEOUT)
        self._namespace = namespace
        self._writes: dict[int, int] = {}
        self._show = Script(self._redis, SHOW)
        self._clear = Script(self._redis, CLEAR)
        self._complete = Script(self._redis, COMPLETE)

    async def write(
        self, partition: int, fence: Fence, views: Sequence[View], progress: Progress, *, expect: bool = True
    ) -> Written:
        """Shows the views, then the progress. Of several views of an id the last counts.

        With `expect`, LOST if the partition is not whole in Redis (see `restart`, `finish`); in any case if Redis has
        forgotten a write of this object. Raises FencedError; Unavailable: nothing is known of what was written, to be
        called again with the same or later views.
        """
        *first, last = chunks(list({view.id: view for view in views}.values()))
        for chunk in first:
            if await self._write(partition, fence, chunk, Progress(), expect) is Written.LOST:
                return Written.LOST
        return await self._write(partition, fence, last, progress, expect)

    async def restart(self, partition: int, fence: Fence) -> None:
        """Before all rows are written with `expect=False`: the partition is not whole, its counts begin at nothing.

        Lookups go on being answered. Raises FencedError, Unavailable.
        """
        self._writes.pop(partition, None)
        await self._call(self._clear, partition, fence, False, [])

    async def finish(self, partition: int, fence: Fence) -> Written:
        """All rows have been written: the partition is whole. LOST if Redis was emptied meanwhile."""
        return await self._call(self._complete, partition, fence, False, [])

    async def ids(self, partition: int) -> AsyncIterator[list[str]]:
        """All ids that Redis shows anything of, some of them twice: for finding those that have no row any more."""
        for prefix in (keys.lookup_prefix, keys.row_prefix):
            start = prefix(self._namespace, partition)
            with translated():
                async for found in self._scan(f"{start.decode()}*"):
                    yield [key.removeprefix(start).decode() for key in found]

    async def close(self) -> None:
        await self._redis.aclose()

    async def _write(
        self, partition: int, fence: Fence, views: Sequence[View], progress: Progress, expect: bool
    ) -> Written:
        lookups, rows = keys.lookup_prefix(self._namespace, partition), keys.row_prefix(self._namespace, partition)
        return await self._call(self._show, partition, fence, expect, arguments_of(lookups, rows, views, progress))

    async def _call(
        self, script: Script, partition: int, fence: Fence, expect: bool, arguments: Sequence[bytes]
    ) -> Written:
        names = [name(self._namespace, partition) for name in _NAMES]
        seen = b"%d" % self._writes.get(partition, 0)
        answer = await script(names, [b"%010d.%012d" % fence, seen, b"1" if expect else b"0", *arguments])
        return self._judged(partition, answer)

    def _judged(self, partition: int, answer: int) -> Written:
        if answer == FENCED:
            raise FencedError(
                f"partition {partition} is another worker's by now, so this one ends (if there is no other, the "
                "consumer group was made anew: raise --epoch by one)"
            )
        if answer == LOST:
            return Written.LOST
        self._writes[partition] = answer
        return Written.DONE

    async def _scan(self, pattern: str) -> AsyncIterator[list[bytes]]:
        cursor = 0
        while True:
            cursor, found = await self._redis.scan(cursor, match=pattern, count=1000)
            if found:
                yield cast("list[bytes]", found)
            if cursor == 0:
                return
