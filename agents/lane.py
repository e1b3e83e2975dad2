"""One partition at work: outcomes of its shard are kept, sent, shown and only then finished, in order.

Owns the order that makes a crash at any point harmless. A step's rows are staged at once, so that the next step reads
them; the changelog is sent while the step before is still being confirmed. What others see of a step, transfers, then
Redis, then changes of memberships, waits for its changelog: after a crash nobody may know of what never was. Last, the
rows go to disk, and the source batch may be committed. Time-driven steps are shown before they are written, for no
batch would bring them again.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from agents.changelog import BatchProducer, Row, Sent, confirmed
from agents.showing import Showing
from agents.telling import Telling
from schemas.dead_letters import encode as encode_letter
from schemas.dead_letters import make as make_letter
from schemas.topics import Topic
from schemas.views import Progress
from stores.partitions import PartitionStore
from stores.telemetry import counter
from streams.outcome import Outcome
from streams.shard import Shard

Work = Callable[[int], Outcome]
"""Works out a step, given what time it is; reads what is staged, keeps nothing itself."""

IN_FLIGHT = 2
"""Steps of a partition that may wait for the broker and Redis; then the next one waits, and grows."""


@dataclass(frozen=True, slots=True)
class Producers:
    """Where a lane's records go."""

    changelog: BatchProducer
    transfers: BatchProducer
    changes: BatchProducer
    dead_letters: BatchProducer


@dataclass(slots=True)
class Step:
    """An outcome on its way. `done` is called when all that it causes is durable and visible."""

    outcome: Outcome
    ticket: int
    progress: Progress
    changelog: list[Sent]
    letters: list[Sent]
    done: Callable[[], None]
    shown: bool = False


class Lane:
    """`fail` is told of anything that must end the process; a lane does not go on after it. `at_work` is held, around
    what no source batch brings, for as long as a revocation of the partition has to wait. `applied`: topic → offset up
    to which all was finished before this lane began.
    """

    def __init__(
        self,
        shard: Shard,
        store: PartitionStore,
        producers: Producers,
        showing: Showing,
        telling: Telling,
        at_work: Callable[[], AbstractContextManager[None]],
        fail: Callable[[BaseException], None],
        applied: Mapping[str, int],
    ) -> None:
        self.shard = shard
        self.store = store
        self.number = shard.number
        self.clock = showing.clock
        self._producers = producers
        self._showing = showing
        self._telling = telling
        self._at_work = at_work
        self._fail = fail
        self._lock = asyncio.Lock()
        self._steps: asyncio.Queue[Step] = asyncio.Queue()
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._finished = Progress(applied=dict(applied))
        self._settling: set[asyncio.Task[None]] = set()
        self._finisher = asyncio.create_task(self._finish_steps())

    async def ready(self) -> None:
        """Returns when a step may begin: what comes until then can be a part of it."""
        async with self._room:
            pass

    async def fold(self, work: Work, progress: Progress, done: Callable[[], None]) -> None:
        """One step for a source batch. Returns when the next step may be worked out; `done` is called at its end."""
        await self._room.acquire()
        async with self._lock:
            try:
                outcome = work(self.clock.now())
            except BaseException:
                self._room.release()
                raise
            await self._keep(outcome, progress, done)

    async def step(self, work: Work) -> None:
        """One step that no source batch brings. Raises RuntimeError while partitions are being handed over."""
        held = ExitStack()
        held.enter_context(self._at_work())
        await self.fold(work, Progress(), held.close)

    async def turn(self, work: Work) -> None:
        """As `step`, for what time brings, or judging anew: shown before it is written. Waits until it is shown."""
        with self._at_work():
            await self._room.acquire()
            async with self._lock:
                outcome = work(self.clock.now())
                if not outcome.rows:
                    self._room.release()
                    return
                ticket = self._stage(outcome)
                await self._steps.join()
                await self._showing.show(self.number, outcome.views, Progress(totals=self.shard.totals()))
                changelog = await self._send_rows(outcome)
                held = ExitStack()
                held.enter_context(self._at_work())
                step = Step(outcome, ticket, Progress(), changelog, [], held.close, shown=True)
                self._steps.put_nowait(step)

    async def tell(self, fields: dict[str, str]) -> None:
        """Shows fields of the partition, such as the state of a fill."""
        await self._showing.show(self.number, (), Progress(fields=fields))

    def finished(self) -> Progress:
        """How far all is durable and visible, as far as this lane knows: for a Redis that has forgotten it."""
        known = self._finished
        applied, sent = dict(known.applied), dict(known.sent)
        return Progress(applied=applied, sent=sent, totals=self.shard.totals(), fields=self.shard.fields())

    def has_finished(self, topic: Topic, offset: int) -> bool:
        """Whether all of a source topic below `offset` is durable and visible, by this lane or one before."""
        return self._finished.applied.get(topic.value, 0) >= offset

    async def settled(self) -> None:
        """Returns when every step so far is durable and visible."""
        await self._steps.join()

    async def close(self) -> None:
        """Lets go of the partition; what is not finished by now is somebody else's to do again."""
        self._finisher.cancel()
        await asyncio.gather(self._finisher, return_exceptions=True)

    async def _keep(self, outcome: Outcome, progress: Progress, done: Callable[[], None]) -> None:
        ticket = self._stage(outcome)
        progress.totals = self.shard.totals()
        progress.fields |= self.shard.fields()
        letters = await self._send_letters(outcome)
        changelog = await self._send_rows(outcome)
        self._steps.put_nowait(Step(outcome, ticket, progress, changelog, letters, done))

    def _stage(self, outcome: Outcome) -> int:
        rows: dict[bytes, bytes | None] = {row.key: row.value for row in outcome.rows}
        self._telling.forget(outcome)
        rows.update(outcome.trailer(0, len(outcome.rows)))
        return self.store.stage(rows)

    async def _send_rows(self, outcome: Outcome) -> list[Sent]:
        rows: list[Row] = [(row.key, row.value) for row in outcome.rows]
        return await self._producers.changelog.send(self.number, rows, outcome.trailer)

    async def _send_transfers(self, outcome: Outcome) -> dict[int, list[Sent]]:
        by_partition: dict[int, list[Row]] = {}
        for sending in outcome.transfers:
            by_partition.setdefault(sending.partition, []).append((sending.key, sending.value))
        return {to: await self._producers.transfers.send(to, rows) for to, rows in by_partition.items()}

    async def _send_letters(self, outcome: Outcome) -> list[Sent]:
        if not outcome.refused:
            return []
        rows: list[Row] = []
        for refused in outcome.refused:
            counter("shoal_dead_letters_total").labels(refused.code).inc()
            letter = make_letter(
                refused.code,
                refused.message,
                received=outcome.now,
                source=f"{refused.topic}:{self.number}:{refused.offset}",
                record=(refused.value or b"").decode("utf-8", "replace"),
            )
            rows.append((refused.key or b"", encode_letter(letter)))
        return await self._producers.dead_letters.send(self.number, rows)

    async def _finish_steps(self) -> None:
        try:
            await self._telling.begin()
            while True:
                step = await self._steps.get()
                await self._finish(step)
                self._steps.task_done()
                self._room.release()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            self._fail(error)

    async def _finish(self, step: Step) -> None:
        offsets = await confirmed(step.changelog)
        for to, sent in (await self._send_transfers(step.outcome)).items():
            ends = await confirmed(sent)
            step.progress.sent[to] = ends[-1] + 1
        await confirmed(step.letters)
        if not step.shown:
            await self._showing.show(self.number, step.outcome.views, step.progress)
        # With no pause in between: what a Redis that was emptied is shown anew must not fall behind what it was shown.
        self._finished.applied |= step.progress.applied
        self._finished.sent |= step.progress.sent
        await self._telling.tell(step.outcome, [sent.rows for sent in step.changelog])
        self.store.confirm(step.ticket, offsets[-1])
        step.done()
        if step.outcome.settled:
            self._settle(step.outcome.settled)

    def _settle(self, ids: Sequence[str]) -> None:
        task = asyncio.create_task(self.step(lambda now: self.shard.settle(ids, now)))
        self._settling.add(task)
        task.add_done_callback(self._after_settling)

    def _after_settling(self, task: "asyncio.Task[None]") -> None:
        """One that came while the partition was handed over is not missed: the new owner sends the profile again."""
        self._settling.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, RuntimeError):
            self._fail(error)
