"""From what has come for a partition to its lane's steps.

Owns what a step is made of and what is told when it is finished; which records it gets is the inbox's, what is done
with them the shard's.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from time import perf_counter

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
    """`topics`: by their names. `catch_up` has the lane switch on a fill, where there is such a fill, and returns the
    latest there is. `at_work` is held around a step, so that a revocation waits for its end: of a batch of which only a
    part is in it, it would not know. It raises RuntimeError while partitions are being handed over.
    """

    def __init__(
        self,
        lane: Lane,
        inbox: Inbox,
        topics: Mapping[str, Topic],
        at_work: Callable[[], AbstractContextManager[None]],
        catch_up: CatchUp,
    ) -> None:
        self.inbox = inbox
        self._lane = lane
        self._topics = topics
        self._at_work = at_work
        self._catch_up = catch_up

    async def run(self) -> None:
        """Folds all that waits at once, again and again. Raises what a step raises."""
        while True:
            await self.inbox.filled()
            await self._lane.ready()
            parts, held = await self.inbox.take(), ExitStack()
            try:
                held.enter_context(self._at_work())
            except RuntimeError:
                continue  # the partition is being handed over: what has not begun will be read again
            with held:
                if parts:
                    await self._fold(parts, held.pop_all())

    async def _fold(self, parts: Sequence[Part], held: ExitStack) -> None:
        """One step; `held` is let go, and the batches that end with it are finished, once lookups see it."""
        batches: list[Batch] = [(self._topics[part.topic], part.records) for part in parts]
        finished = [part.message for part in parts if part.message is not None]
        outcomes: list[Outcome] = []
        latest_fill: int | None = None

        def work(now: int) -> Outcome:
            begun = perf_counter()
            outcomes[:] = [self._lane.shard.work(batches, now, latest_fill)]
            self.inbox.pace(sum(len(records) for _, records in batches), perf_counter() - begun)
            return outcomes[0]

        def done() -> None:
            for message in finished:
                message.finish()
            held.close()
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
