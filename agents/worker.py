"""The worker: a Faust app that folds the source topics into users' rows, and turns them when their time comes.

Owns the process: what is made at the start, which lanes there are, the loops beside the stream. What a step does is
`agents.lane`'s and the shard's. Any error that is not somebody's waiting ends the process; `shoal up`, or whatever
supervises it, starts it again, and nothing is lost.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from faust.types.tuples import TP

from agents.app import MAX_BATCH, consumer_of, make_app, quiet
from agents.app import run as run_app
from agents.changelog import BatchProducer
from agents.clock import Clock
from agents.everyone import comes_more, tell_everyone
from agents.exposing import expose
from agents.feeding import Feeding, read_to_the_end
from agents.filling import Filling, judge_everyone
from agents.inbox import Inbox
from agents.lane import Lane, Producers
from agents.measuring import LagGauge
from agents.showing import Showing
from agents.table import NotOursError, add_table
from agents.telling import Telling, Written
from agents.transport import BatchMessage, BatchSchema
from agents.transport.consumer import BatchConsumer
from agents.turning import turn_for_ever
from schemas.errors import EndedError
from schemas.settings import Settings
from schemas.topics import SOURCE_TOPICS, Topic
from schemas.views import Progress
from stores.changes import LARGEST_BATCH, written
from stores.definitions import DefinitionLog
from stores.logs import set_up_logs
from stores.projection import Projection
from streams.compiled import rule_set
from streams.limits import Limits
from streams.ruleset import RuleSet
from streams.shard import BehindError, Shard

log = logging.getLogger("shoal.worker")

GARBAGE = (100_000, 50, 100)
"""Of the garbage collector: decoded rows are millions of objects without a circle; walking them took half the time."""

_WRITTEN = (Topic.PROFILES, Topic.TRANSFERS, Topic.MEMBERSHIP_CHANGES, Topic.DEAD_LETTERS)

BEAT_EVERY = 1.0
FLUSH_EVERY = 3600.0
"""Seconds between two times that rows are written out even where little comes: a worker that crashes weeks later must
not look for deletions that the changelog keeps no more (30 days)."""
STUCK_AFTER = 120.0
"""Seconds without a commit, with a backlog, after which the process ends itself (Faust's streams can stop silently)."""


class Worker:
    """All that a worker process is; `app` and its table are declared, nothing is connected before the app starts."""

    def __init__(self, settings: Settings, directory: Path) -> None:
        self.settings = settings
        self.app = make_app(settings, "worker", directory)
        changelog = Topic.PROFILES.named(settings.namespace)
        self.table = add_table(self.app, changelog, settings.partitions, directory / "profiles")
        self.clock = Clock()
        self.definitions = DefinitionLog(str(settings.kafka), settings.namespace)
        self.projection = Projection(str(settings.redis), settings.namespace)
        self.showing = Showing(self.projection, self.table.partition, self._fence, self._progress, self.clock)
        self.limits = Limits(settings.retention, settings.session_gap, settings.exact_limit)
        self.rules = RuleSet((), self.limits)
        self.prepared = asyncio.Event()
        self.lanes: dict[int, Lane] = {}
        self._topics = {topic.named(settings.namespace): topic for topic in SOURCE_TOPICS}
        self._feedings: dict[int, Feeding] = {}
        self._tasks: dict[int, list[asyncio.Task[None]]] = {}
        self._fillings: dict[int, Filling] = {}
        self._wakes: set[asyncio.Event] = set()
        self._made: Producers | None = None
        self._failing: set[asyncio.Task[None]] = set()
        self._declare()

    def _declare(self) -> None:
        app = self.app
        channel = app.topic(*self._topics, schema=BatchSchema(), maxsize=8)

        @app.agent(channel, name="fold")
        async def fold(stream: Any) -> None:
            async for event in stream.noack().events():
                await self.take(event.message)

        for loop in (self._prepare, self._beat_for_ever, self._expose):
            app.task(loop)
        app.on_partitions_revoked.connect(self._let_go, weak=False)  # type: ignore[arg-type]

    @property
    def consumer(self) -> BatchConsumer:
        """Not before the app runs: it is made when first asked for, and belongs to the loop it was made in."""
        return consumer_of(self.app)

    # ---- what comes through the stream

    async def take(self, message: BatchMessage) -> None:
        """Puts a batch of a source topic where its partition's next step finds it."""
        lane = await self.lane(message.partition)
        self._feedings[lane.number].inbox.put(message)

    async def _catch_up(self, lane: Lane, behind: BehindError) -> int:
        """A transfer speaks of a fill that this partition has not switched on yet, or of a list that is not known here;
        returns the latest fill that there is.

        Whoever wrote the transfer had read of its fill, or its list, before: it is in the definitions, or nowhere.
        """
        if self.rules.latest_fill < behind.fill or self.rules.as_of < behind.since:
            await read_to_the_end(self.definitions)
            if self.definitions.offset >= behind.since:  # the last change may be a deletion of which nothing is left
                self.rules.as_of = max(self.rules.as_of, behind.since)
        if lane.shard.meta.fill < behind.fill <= self.rules.latest_fill:
            await lane.fold(partial(lane.shard.switch_on, behind.fill), Progress(), lambda: None)
        return self.rules.latest_fill

    async def lane(self, partition: int) -> Lane:
        """The lane of a partition that is this worker's."""
        await self.prepared.wait()
        store = self.table.partition(partition)
        lane = self.lanes.get(partition)
        if lane is None or lane.store is not store:
            shard = Shard(partition, self.settings.partitions, store.get, self.rules)
            applied = {self._topics[name].value: end for name, end in self.consumer.committed_of(partition).items()}
            producers = self._producers()
            telling = Telling(store, producers.changes, self.settings.partitions, self._written(partition))
            lane = Lane(shard, store, producers, self.showing, telling, self.consumer.work, self._fail, applied)
            self.lanes[partition] = lane
            self._fillings[partition] = Filling(self.settings, lane, lambda: self.rules)
            inbox = Inbox(lambda topic: self.consumer.has_more(TP(topic, partition)))
            feeding = Feeding(lane, inbox, self._topics, self.consumer.work, self._catch_up)
            self._feedings[partition] = feeding
            follow = self._follow(lane, self._fillings[partition])
            works = (feeding.run(), follow, turn_for_ever(lane, self._may_work))
            self._tasks[partition] = [asyncio.create_task(self._guard(work)) for work in works]
        return lane

    def _producers(self) -> Producers:
        """The same for all lanes: each keeps the order of what is written to a partition."""
        if self._made is None:
            producer = self.app.producer._producer  # type: ignore[attr-defined]
            make = partial(BatchProducer, producer, max_bytes=MAX_BATCH)
            changelog, transfers, changes, letters = (topic.named(self.settings.namespace) for topic in _WRITTEN)
            told = make(changes, max_bytes=LARGEST_BATCH)
            self._made = Producers(make(changelog), make(transfers), told, make(letters))
        return self._made

    def _written(self, partition: int) -> Written:
        return partial(written, str(self.settings.kafka), self.settings.namespace, partition)

    async def _let_go(self, app: Any, revoked: Any, **kwargs: Any) -> None:
        """Partitions are being handed over; all steps were finished before."""
        lanes, self.lanes = self.lanes, {}
        for tasks in self._tasks.values():
            for task in tasks:
                task.cancel()
        self._tasks.clear()
        self._feedings.clear()
        self._fillings.clear()
        for lane in lanes.values():
            await lane.close()

    # ---- definitions

    async def _prepare(self) -> None:
        self.definitions.on_change(self._define)
        await self.definitions.start()
        self._define()
        self.prepared.set()

    def _define(self) -> None:
        rules, broken = rule_set(self.definitions.segments.values(), self.definitions.fill, self.limits)
        for id in broken:
            log.error("segment %s: its stored rule cannot be read; it has no members until it is edited", id)
        rules.as_of = self.definitions.changed_at
        self.rules = rules
        for lane in self.lanes.values():
            lane.shard.rules = rules
        for wake in self._wakes:
            wake.set()

    async def _follow(self, lane: Lane, filling: Filling) -> None:
        """Does what the definitions ask of a partition's users, whenever they change."""
        wake = asyncio.Event()
        self._wakes.add(wake)
        judged: tuple[int, ...] | None = None
        try:
            while True:
                wake.clear()
                if self.definitions.fill is not None:
                    await filling.run(self.definitions.fill)
                standing = self.rules.standing
                if judged is not None and standing != judged and await comes_more(wake):
                    continue
                if self.rules.refs and standing != judged:
                    await judge_everyone(lane)
                judged = standing
                await tell_everyone(lane)
                await wake.wait()
        finally:
            self._wakes.discard(wake)

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        """What a partition's task raises ends the process, unless the partition is being handed over."""
        try:
            await work
        except RuntimeError as error:
            if self.consumer.may_work():
                self._fail(error)
        except Exception as error:
            self._fail(error)

    # ---- loops beside the stream

    async def _expose(self) -> None:
        if self.settings.metrics_port is not None:
            await expose(self.settings.host, self.settings.metrics_port, self._may_work)

    def _may_work(self) -> bool:
        return self.consumer.may_work()

    async def _with_each_lane(self, work: Callable[[Lane], Awaitable[None]]) -> None:
        """Does something with every lane, unless partitions are being handed over."""
        try:
            for partition in self.table.active_partitions() if self.consumer.may_work() else ():
                await work(await self.lane(partition))
        except (RuntimeError, NotOursError):
            if self.consumer.may_work():
                raise

    async def _beat_for_ever(self) -> None:
        """Tells once a second that the partitions are alive here; so it is also found soon that Redis was emptied."""
        await self.prepared.wait()
        flushed, lag = time.monotonic(), LagGauge(self.settings.namespace)
        while not self.app.should_stop:
            await self._with_each_lane(self._beat)
            lag.tell(self.consumer.lags())
            self._check_progress()
            if time.monotonic() - flushed > FLUSH_EVERY:
                flushed = time.monotonic()
                await self.table.flush()
            await asyncio.sleep(BEAT_EVERY)

    async def _beat(self, lane: Lane) -> None:
        filling = self._fillings.get(lane.number)
        report = {"fill": filling.report} if filling and filling.report else {}
        await lane.tell({"w": str(self.clock.now())} | report)

    def _check_progress(self) -> None:
        age = self.consumer.commit_age(time.monotonic())
        if age > STUCK_AFTER and not self.showing.waiting:
            self._fail(EndedError(f"no batch was finished for {age:.0f} s though there are some"))

    def _fence(self) -> tuple[int, int]:
        return self.settings.epoch, self.app.consumer_generation_id

    async def _progress(self, partition: int) -> Progress:
        """For a Redis that has forgotten it. What others had sent here is not known: all in the log may be of that."""
        lane, transfers = self.lanes.get(partition), TP(Topic.TRANSFERS.named(self.settings.namespace), partition)
        progress = lane.finished() if lane else Progress()
        ends = await self.consumer.highwaters(transfers)
        progress.sent[partition] = max(ends[transfers], progress.sent.get(partition, 0))
        return progress

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, EndedError):  # those are told in one line by who runs this
            log.error("the worker ends: %s", error, exc_info=error)
        task = asyncio.create_task(self.app.crash(error))
        self._failing.add(task)


def run(settings: Settings) -> None:
    """Runs a worker until SIGTERM or SIGINT. Raises what it cannot go on after.

    Without a data directory its rows lie in a temporary one, and are recovered from the changelog at each start.
    """
    set_up_logs(settings)
    quiet()
    gc.set_threshold(*GARBAGE)
    if settings.data_dir is not None:
        Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
        run_app(Worker(settings, Path(settings.data_dir)).app)
        return
    with TemporaryDirectory(prefix="shoal-worker-") as directory:
        run_app(Worker(settings, Path(directory)).app)
