"""What has come for a partition and waits for its next step, whatever topic it is of.

Owns which records one step gets. While a step is on its way to the broker and to Redis, what comes gathers here: the
busier a partition, the larger its steps, and the fewer writes a user's row takes. A backlog is read in the order of
time across topics, as far as can be seen, or else most of it would be late: a fetch brings an hour of a topic of few
events, and a minute of one of many.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import attrgetter

from agents.transport import BatchMessage
from agents.transport.message import Records

AT_ONCE, AT_FIRST, AT_LEAST = 10_000, 1_000, 100
"""Records that one step takes at most, that the first one takes, and that every step may take."""

STEP = 0.25
"""Seconds that a step is to take, in which no timer runs: with a thousand segments ten thousand records took ten."""

FEW = 500
"""Records that are taken as they are: a worker that keeps up does not wait for the order of things."""

PATIENCE = 3.0
"""Seconds that what waits is held back for another topic's older records, when nothing of them comes."""

_written_at = attrgetter("timestamp")
_LAST = 1 << 62


@dataclass(slots=True)
class Part:
    """Records for a step, not empty, of one topic. `message` is set where its batch ends with them."""

    topic: str
    records: Records
    message: BatchMessage | None


class _Queue:
    """One topic's batches, of which the first may be taken in part."""

    def __init__(self) -> None:
        self.batches: list[BatchMessage] = []
        self.start = 0
        self.reached = -1

    def waiting(self) -> Iterable[tuple[int, BatchMessage]]:
        return ((0 if index else self.start, batch) for index, batch in enumerate(self.batches))

    def records(self) -> int:
        """How many wait."""
        return sum(len(batch.records) for batch in self.batches) - self.start

    def take(self, upto: int) -> list[Part]:
        """The records written at `upto` ms or before, as the log has them: it may hold back a few for one in front."""
        parts = []
        while self.batches:
            batch = self.batches[0]
            end = bisect_right(batch.records, upto, self.start, key=_written_at)
            if end == self.start:
                break
            whole = end == len(batch.records)
            parts.append(Part(batch.topic, batch.records[self.start : end], batch if whole else None))
            self.reached = batch.records[end - 1].timestamp or 0
            self.start = 0 if whole else end
            if not whole:
                break
            del self.batches[0]
        return parts


class Inbox:
    """`behind` says of a topic's name whether its log has more than what was put in here."""

    def __init__(self, behind: Callable[[str], bool]) -> None:
        self._behind = behind
        self._queues: dict[str, _Queue] = {}
        self._came = asyncio.Event()
        self._most = min(AT_FIRST, AT_ONCE)

    def pace(self, records: int, seconds: float) -> None:
        """A step of so many records took so long: the next ones are as large as takes a step's time."""
        if seconds > 0:
            self._most = min(AT_ONCE, max(AT_LEAST, int(records * STEP / seconds)))

    def put(self, message: BatchMessage) -> None:
        """How much may wait is for the consumer to decide, which fetches no more of a topic then."""
        self._queues.setdefault(message.topic, _Queue()).batches.append(message)
        self._came.set()

    async def filled(self) -> None:
        """Returns once there is something to take."""
        while not any(queue.batches for queue in self._queues.values()):
            self._came.clear()
            await self._came.wait()

    async def take(self) -> list[Part]:
        """What the next step is to have. Waits a little where older records can be expected."""
        self._came.clear()
        taken = self._take(self._horizon())
        if not taken:
            try:
                await asyncio.wait_for(self._came.wait(), PATIENCE)
            except TimeoutError:
                # The last is for clocks that went back so far that nothing seems to be in front.
                return self._take(self._limited(_LAST)) or self._take(_LAST)
        return taken

    def _take(self, upto: int) -> list[Part]:
        return [part for queue in self._queues.values() for part in queue.take(upto)]

    def _horizon(self) -> int:
        """Up to when all that was written is here, as far as can be seen."""
        if sum(queue.records() for queue in self._queues.values()) <= min(FEW, self._most):
            return _LAST
        horizon = _LAST
        for topic, queue in self._queues.items():
            if self._behind(topic):
                last = queue.batches[-1].records[-1].timestamp or 0 if queue.batches else queue.reached
                horizon = min(horizon, last)
        return self._limited(horizon)

    def _limited(self, upto: int) -> int:
        """`upto`, or before, where that many records are too many for a step."""
        times = [
            written
            for queue in self._queues.values()
            for start, batch in queue.waiting()
            for written in map(_written_at, batch.records[start:])
            if written <= upto
        ]
        if len(times) <= self._most:
            return upto
        times.sort()
        return int(times[self._most])
