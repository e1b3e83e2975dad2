"""`DELETE /v1/users/{id}`: answered when nothing knows of any id of the user any more.

Owns the order of it. Marks are written behind all that was acknowledged before; once that is visible, joins included,
the user's home is asked to erase; once all that follows from that is visible, every gateway forgets what it remembers
of ids. What the workers do is `streams.erasing`'s. Source: contract section 3.
"""

import asyncio

from aiohttp import web

from gateway.collector.intake import Writer
from gateway.errors import Refused
from gateway.lanes import Record
from gateway.position import ERASING, JOINING, Ends, Passing, Progress
from gateway.users.forgetting import Forgetting
from schemas.errors import Rejected
from schemas.events import MARK
from schemas.topics import EVENT_TOPICS, Topic
from schemas.transfers import Erase, encode
from streams.normalise_ids import read_id
from streams.partition import partition_of

PATIENCE = 25.0
"""Seconds that a request waits. The work goes on behind it, and whoever asks again waits for the same."""
LOOK = 0.02


class Erasing:
    """The handler; may raise Unavailable."""

    def __init__(
        self, writer: Writer, progress: Progress, forgetting: Forgetting, partitions: int, patience: float = PATIENCE
    ) -> None:
        self._writer = writer
        self._progress = progress
        self._forgetting = forgetting
        self._partitions = partitions
        self._patience = patience
        self._running: dict[str, asyncio.Task[None]] = {}
        self._marking = asyncio.Lock()
        self._marks: asyncio.Task[Ends] | None = None

    async def delete(self, request: web.Request) -> web.Response:
        try:
            id = read_id("id", request.match_info["id"])
        except Rejected:
            id = None  # nobody has it
        if id is not None:
            await self._erased(id)
        return web.Response(status=204)

    async def _erased(self, id: str) -> None:
        task = self._running.get(id)
        if task is None:
            task = self._running[id] = asyncio.create_task(self._erase(id))
            task.add_done_callback(lambda done: self._ended(id, done))
        await asyncio.wait([task], timeout=self._patience)
        if not task.done():
            message = "the user is still being erased: the workers are behind, or away"
            raise Refused(503, "unavailable", message, Retry_After="5")
        task.result()

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        """Whoever still waits is told; where nobody does, the next to ask begins anew."""
        del self._running[id]
        if not task.cancelled():
            task.exception()

    async def _erase(self, id: str) -> None:
        await self._pass(await self._mark(), JOINING)
        lane = (Topic.TRANSFERS, partition_of(id, self._partitions))
        await self._pass(await self._writer.write({lane: [Record(id.encode(), encode(Erase(to=id)))]}), ERASING)
        await self._forgetting.tell()

    async def _mark(self) -> Ends:
        """Where all topics end. Whoever comes while marks are being written shares the next ones with the others."""
        if self._marks is None:
            self._marks = asyncio.create_task(self._write_marks())
        return await asyncio.shield(self._marks)

    async def _write_marks(self) -> Ends:
        async with self._marking:
            self._marks = None
            topics = (*EVENT_TOPICS, Topic.IDENTITY)
            lanes = {(topic, at): [Record(None, MARK)] for topic in topics for at in range(self._partitions)}
            return await self._writer.write(lanes)

    async def _pass(self, ends: Ends, messages: int) -> None:
        passing = Passing(ends, messages)
        while not passing.passed(await self._progress.fields()):  # noqa: ASYNC110  # it is in Redis
            await asyncio.sleep(LOOK)
