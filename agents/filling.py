"""Filling new segments from the log, one partition: reads what came before they were switched on, then judges everyone.

Owns the course of a fill in a partition and its report; what is done to rows is `streams.shard`'s. Every step can be
repeated: a worker that is killed begins reading again, and the rows know which events they have had. See the phases in
`schemas.segments.FillRecord`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from aiokafka import AIOKafkaConsumer, TopicPartition

from agents.lane import Lane, Work
from schemas.segments import FillRecord
from schemas.settings import Settings
from schemas.topics import EVENT_TOPICS, Topic
from streams.outcome import Outcome
from streams.records import Record
from streams.ruleset import RuleSet
from streams.shard import Past

log = logging.getLogger("shoal.worker")

PORTION = 20_000
"""Events of the past that are gathered before they are put into rows: the more, the fewer writes a row takes."""

USERS = 500
"""Rows that are filled in between two looks at the present, some 50 ms."""

CATCHING_UP = 0.05
"""Seconds between two looks at how far the stream is."""

SLICE = 500
"""Users that are judged between two looks at the present, some 50 ms."""

LONGEST_ERROR = 500
"""Characters of an error that are told."""


class FillFailedError(Exception):
    """A rule of the fill cannot be worked out over the users there are: a fault of ours, which the fill ends with."""


class Filling:
    """The current fill in one partition. `rules` gives the rule set as of now."""

    def __init__(self, settings: Settings, lane: Lane, rules: Callable[[], RuleSet]) -> None:
        self._settings = settings
        self._lane = lane
        self._rules = rules
        self.report = ""

    async def run(self, fill: FillRecord) -> None:
        """Does what the fill's phase asks of this partition, and reports it."""
        if fill.phase == "done":
            return
        try:
            await self._run(fill)
        except FillFailedError as failure:
            log.error("fill %d failed in partition %d", fill.fill, self._lane.number, exc_info=failure.__cause__)
            await self.tell(f"{fill.fill}:0:1:failed:{failure}")

    async def _run(self, fill: FillRecord) -> None:
        await self.switch_on(fill.fill)
        if fill.phase == "read" and self._lane.shard.meta.read < fill.fill:
            await self._read(fill.fill)
        if fill.phase == "read":
            await self.tell(f"{fill.fill}:1:1:read")
        else:
            await self._judge(fill.fill)

    async def switch_on(self, fill: int) -> None:
        """From the next event on, the series of this fill are kept."""
        shard = self._lane.shard
        if shard.meta.fill < fill:
            await self._lane.step(lambda now: shard.switch_on(fill, now))

    async def tell(self, report: str) -> None:
        """Makes the report part of every beat from now on, and shows it at once."""
        self.report = report
        await self._lane.tell({"fill": report})

    async def _read(self, fill: int) -> None:
        lane = self._lane
        if topics := self._rules().brought(fill).topics:
            await self._caught_up()
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._settings.kafka,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                max_partition_fetch_bytes=4 << 20,
                fetch_max_wait_ms=100,
            )
            await consumer.start()
            try:
                await self._read_with(consumer, topics, fill)
            finally:
                await consumer.stop()
        await lane.settled()
        await lane.step(lane.shard.finish_reading)
        await lane.settled()

    async def _caught_up(self) -> None:
        """Returns when all below the cuts has been read by the stream.

        After a crash the cuts can be ahead of some rows: what is read again then tells which events are duplicates.
        """
        lane = self._lane
        cuts = dict(zip(EVENT_TOPICS, lane.shard.meta.cuts, strict=True))
        while not all(lane.has_finished(topic, cut) for topic, cut in cuts.items()):  # noqa: ASYNC110  # rare, short
            await asyncio.sleep(CATCHING_UP)

    async def _read_with(self, consumer: AIOKafkaConsumer, topics: Sequence[Topic], fill: int) -> None:
        lane = self._lane
        cuts = dict(zip(EVENT_TOPICS, lane.shard.meta.cuts, strict=True))
        ends = {
            TopicPartition(topic.named(self._settings.namespace), lane.number): (topic, cuts[topic]) for topic in topics
        }
        consumer.assign(list(ends))
        await consumer.seek_to_beginning()
        start = {tp: await consumer.position(tp) for tp in ends}
        total = sum(max(0, cut - start[tp]) for tp, (_, cut) in ends.items())
        left = {tp for tp, (_, cut) in ends.items() if start[tp] < cut}
        done, past = 0, Gathered()
        while left:
            fetched = await consumer.getmany(*left, timeout_ms=500)
            for tp, records in fetched.items():
                topic, cut = ends[tp]
                past.add(self._wanted(topic, records))
                done += len(records)
                if records[-1].offset + 1 >= cut:
                    left.discard(tp)
                await asyncio.sleep(0)
            if past.events >= PORTION or not left:
                await self._fill_in(past.take())
            await self.tell(f"{fill}:{min(done, total)}:{total}:reading")

    def _wanted(self, topic: Topic, records: Sequence[Record]) -> Past:
        try:
            return self._lane.shard.past(topic, records)
        except Exception as failure:
            raise FillFailedError(told(failure)) from failure

    async def _fill_in(self, past: Past) -> None:
        """User by user, a slice at a time."""
        runs = list(past.items())
        for start in range(0, len(runs), USERS):
            tried, some = Tried(self._lane), dict(runs[start : start + USERS])
            await self._lane.step(tried.doing(partial(self._lane.shard.fill_in, some)))
            tried.check()
            await asyncio.sleep(0)

    async def _judge(self, fill: int) -> None:
        async def tell(done: int, total: int) -> None:
            await self.tell(f"{fill}:{done}:{total}:judging")

        await judge_everyone(self._lane, tell)
        await self.tell(f"{fill}:1:1:filled")


class Gathered:
    """Events of the past that are yet to be put into rows; each topic's stand in the order of their offsets."""

    def __init__(self) -> None:
        self.events = 0
        self._past: Past = {}

    def add(self, past: Past) -> None:
        for id, run in past.items():
            self.events += len(run)
            self._past.setdefault(id, []).extend(run)

    def take(self) -> Past:
        past, self._past, self.events = self._past, {}, 0
        return past


class Tried:
    """A step of a lane that may fail for a rule's sake: the lane goes on as if it had not been, and the fill ends."""

    def __init__(self, lane: Lane) -> None:
        self._meta = lane.shard.meta
        self._failure: Exception | None = None

    def doing(self, work: Work) -> Work:
        """The step; where it raises, one that changes nothing."""

        def tried(now: int) -> Outcome:
            try:
                return work(now)
            except Exception as failure:
                self._failure = failure
                return Outcome(self._meta, now)

        return tried

    def check(self) -> None:
        """Raises FillFailedError where the step was not what it should be."""
        if self._failure is not None:
            raise FillFailedError(told(self._failure)) from self._failure


def told(failure: Exception) -> str:
    """What a segment's `error` says of it."""
    return f"{type(failure).__name__}: {failure}"[:LONGEST_ERROR]


async def judge_everyone(lane: Lane, tell: Callable[[int, int], Awaitable[None]] | None = None) -> None:
    """Judges all users of the partition anew, in slices with events between them; `tell` hears (done, of how many)."""
    last: bytes | None = None
    done = 0
    while rows := lane.store.scan(last, SLICE):
        last = rows[-1][0]
        ids, tried = [key[1:].decode() for key, _ in rows], Tried(lane)
        await lane.turn(tried.doing(partial(lane.shard.judge, ids)))
        tried.check()
        done += len(rows)
        if tell is not None:
            await tell(done, max(done, lane.store.count()))
        await asyncio.sleep(0)
    await lane.settled()
