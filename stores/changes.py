"""Reading `membership-changes`: from a position on, or from its present end, each change once.

Owns consumers of that topic, what a position in it is, and the passing over of repetitions. A batch can be in the log
twice where the broker's answer to its writer got lost; the numbers of the changes tell. Who reads, and why, is others'.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from schemas.changes import Change, decode
from schemas.topics import Topic

log = logging.getLogger(__name__)

Position = tuple[int, ...]
"""Of each partition the offset of the next record."""

LOOK_BACK = 2000
"""Records before a position that are read to know the numbers: more than a batch of a writer holds."""

LARGEST_BATCH = 100_000
"""Bytes of a writer's batch: at some 130 bytes a change, fewer than `LOOK_BACK`."""

AT_ONCE = 2000
_FETCH_BYTES = 1 << 18
"""Of a partition, in one answer: what a reader that stands still has in memory."""

_BEYOND = 1 << 62
_FETCH_WAIT_MS = 100
"""The embedded broker holds a fetch for the whole of it, whatever arrives meanwhile."""


class Gone(Exception):
    """The topic does not have, or no more, what follows the position."""


class Found(NamedTuple):
    """A change, and where the one after it begins."""

    partition: int
    next: int
    change: Change


class ChangeReader:
    """`position` is that of all that `read` gave out so far."""

    def __init__(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        self._consumer = consumer
        self._partitions = partitions
        self._numbers: dict[tuple[int, int], int] = {}
        self._start = [0] * len(partitions)
        self._at = [0] * len(partitions)
        self._held: list[Found] = []

    @property
    def position(self) -> Position:
        return tuple(map(max, self._start, self._at))

    @property
    def at_end(self) -> bool:
        """Whether all was read that was there when the broker last answered."""
        return all(end is not None and at >= end for at, end in zip(self._at, self._ends(), strict=True))

    async def begin(self, position: Position | None) -> None:
        """From this position on, or from the present end. Raises Gone, KafkaError."""
        first = await self._consumer.beginning_offsets(self._partitions)
        if position is None:
            # The embedded broker names the beginning of the last batch as the end: where that is, reading tells.
            last = await self._consumer.end_offsets(self._partitions)
            start = [last[each] for each in self._partitions]
            self._start = [_BEYOND] * len(start)
        else:
            start = self._start = list(position)
            if any(at < first[each] for at, each in zip(start, self._partitions, strict=True)):
                raise Gone("changes after this position have been deleted since: they were older than is kept")
        for each, at in zip(self._partitions, start, strict=True):
            self._at[each.partition] = max(first[each], at - LOOK_BACK)
            self._consumer.seek(each, self._at[each.partition])
        while None in (ends := self._ends()) or (position is None and not self.at_end):
            self._held += await self._fetch(_FETCH_WAIT_MS / 1000)
        if position is None:
            self._start = list(self._at)
        elif any(at > (end or 0) for at, end in zip(position, ends, strict=True)):
            raise Gone("there is no such position: the topic ends before it")

    async def read(self, timeout: float) -> list[Found]:
        """What came next, in order within each partition; nothing after `timeout` seconds. Raises Gone, KafkaError."""
        held, self._held = self._held, []
        return held or await self._fetch(timeout)

    async def close(self) -> None:
        await self._consumer.stop()

    def _ends(self) -> list[int | None]:
        return [self._consumer.highwater(each) for each in self._partitions]

    async def _fetch(self, timeout: float) -> list[Found]:
        try:
            found = await self._consumer.getmany(timeout_ms=int(timeout * 1000), max_records=AT_ONCE)
        except OffsetOutOfRangeError as error:
            raise Gone("changes after this position are not there: too old, or never were") from error
        changes = []
        for partition, records in found.items():
            changes += self._fresh(partition.partition, records)
            self._at[partition.partition] = await self._consumer.position(partition)
        return changes

    def _fresh(self, partition: int, records: Iterable[ConsumerRecord]) -> list[Found]:
        found = []
        for record, change in _read(records):
            source, number = change.n
            if number <= self._numbers.get((partition, source), -1):
                continue
            self._numbers[partition, source] = number
            if record.offset >= self._start[partition]:
                found.append(Found(partition, record.offset + 1, change))
        return found


async def open_changes(kafka: str, namespace: str, partitions: int, position: Position | None) -> ChangeReader:
    """A reader that begins after this position, or, without one, at the present end. Raises Gone, KafkaError."""
    topic = Topic.MEMBERSHIP_CHANGES.named(namespace)
    places = [TopicPartition(topic, each) for each in range(partitions)]
    consumer = await _consumer(kafka, places)
    reader = ChangeReader(consumer, places)
    try:
        await reader.begin(position)
    except BaseException:
        await consumer.stop()
        raise
    return reader


async def written(kafka: str, namespace: str, source: int, places: Collection[int], since: int) -> dict[int, int]:
    """Of these partitions, the highest number of changes that partition `source` decided, written since `since` (ms).

    Raises KafkaError.
    """
    topic = Topic.MEMBERSHIP_CHANGES.named(namespace)
    consumer = await _consumer(kafka, [TopicPartition(topic, each) for each in places])
    highest: dict[int, int] = {}
    try:
        found = await consumer.offsets_for_times(dict.fromkeys(consumer.assignment(), since))
        # The embedded broker says -1 where Kafka says nothing.
        left = {each for each, at in found.items() if at is not None and at.timestamp >= 0}
        consumer.pause(*(found.keys() - left))
        for each in left:
            consumer.seek(each, found[each].offset)
        while left:
            for place, records in (await consumer.getmany(*left, timeout_ms=_FETCH_WAIT_MS)).items():
                numbers = [change.n[1] for _, change in _read(records) if change.n[0] == source]
                highest[place.partition] = max([highest.get(place.partition, -1), *numbers])
            for place in list(left):
                if (end := consumer.highwater(place)) is not None and await consumer.position(place) >= end:
                    left.discard(place)
    finally:
        await consumer.stop()
    return highest


async def _consumer(kafka: str, places: Sequence[TopicPartition]) -> AIOKafkaConsumer:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka.split(","),
        enable_auto_commit=False,
        auto_offset_reset="none",
        fetch_max_wait_ms=_FETCH_WAIT_MS,
        max_partition_fetch_bytes=_FETCH_BYTES,
    )
    try:
        await consumer.start()
    except BaseException:
        await consumer.stop()
        raise
    consumer.assign(list(places))
    return consumer


def _read(records: Iterable[ConsumerRecord]) -> Iterator[tuple[ConsumerRecord, Change]]:
    """The records that are changes; others have no business there, and are told of."""
    for record in records:
        try:
            yield record, decode(record.value or b"")
        except msgspec.MsgspecError as error:
            log.warning("%s/%d, offset %d is no change: %s", record.topic, record.partition, record.offset, error)
