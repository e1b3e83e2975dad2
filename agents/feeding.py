"""From what has come for a partition to its lane's steps.

Owns what a step is made of and what is told when it is finished; which records it gets is the inbox's, what is done
with them the shard's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence

from agents.inbox import Inbox, Part
from agents.lane import Lane
from agents.measuring import measure_applied
from schemas.errors import Unavailable
from schemas.topics import Topic
from schemas.views import Progress
from stores.definitions import DefinitionLog
from streams.outcome import Outcome
from streams.records import Batch
from streams.shard import BehindError

log = logging.getLogger("shoal.worker")

CatchUp = Callable[[Lane, BehindError], Awaitable[int]]
PAUSE = 1.0
"""Seconds before the broker is asked again."""


class Feeding:
    """`topics`: by their names. `may_work`: whether the partition is still ours. `catch_up` has the lane
    switch on a fill, where there is such a fill, and returns the latest there is.
    """

    def __init__(
        self, lane: Lane, inbox: Inbox, topics: Mapping[str, Topic], may_work: Callable[[], bool], catch_up: CatchUp
    ) -> None:
        self.inbox = inbox
        self._lane = lane
        self._topics = topics
        self._may_work = may_work
        self._catch_up = catch_up

    async def run(self) -> None:
        """Folds all that waits at once, again and again. Raises what a step raises."""
        while True:
            await self.inbox.filled()
            await self._lane.ready()
            parts = await self.inbox.take()
            if parts and self._may_work():
                await self._fold(parts)
            # Else the partition is being handed over: what has not begun will be read again.

    async def _fold(self, parts: Sequence[Part]) -> None:
        """One step; the batches that end with it are finished once lookups see it."""
        batches: list[Batch] = [(self._topics[part.topic], part.records) for part in parts]
        finished = [part.message for part in parts if part.message is not None]
        outcomes: list[Outcome] = []
        latest_fill: int | None = None

        def work(now: int) -> Outcome:
            outcomes[:] = [self._lane.shard.work(batches, now, latest_fill)]
            return outcomes[0]

        def done() -> None:
            for message in finished:
                message.finish()
            measure_applied(outcomes[0], self._lane.clock.now())

        ends = {topic.value: records[-1].offset + 1 for topic, records in batches}
        while True:
            try:
                return await self._lane.fold(work, Progress(applied=ends), done)
            except BehindError as behind:
                latest_fill = await self._catch_up(self._lane, behind)


async def read_to_the_end(definitions: DefinitionLog) -> None:
    """Returns once all is read that was written to the definitions before the call, however long the broker takes."""
    while True:
        try:
            return await definitions.refresh()
        except Unavailable as away:
            log.warning("the definitions cannot be read to their end: %s", away)
            await asyncio.sleep(PAUSE)
