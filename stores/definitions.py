"""Segment definitions as every process has them: the compacted topic `segments`, read from its beginning and followed.

Owns reading, and writing that returns when this reader has seen what was written. What a definition means, and who may
change one when, is not decided here. Keys that begin with `$` are no segments: the fill, and marks of `refresh`.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from secrets import token_bytes

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from schemas.errors import Unavailable
from schemas.segments import FILL_KEY, FillRecord, SegmentRecord, decode_fill, decode_segment, encode
from schemas.topics import Topic
from stores.appending import PATIENCE, Appender

log = logging.getLogger(__name__)

MARK_KEY = b"$mark"
_PAUSE = 1.0
_FETCH_WAIT_MS = 100
"""The embedded broker holds a fetch for the whole of it, whatever arrives meanwhile."""


class DefinitionLog:
    """`segments` by id, the latest `fill`; `offset` is that of the next record to be read.

    `changed_at`: the offset after the last record that said anything. Who is as far as that knows all of this.
    """

    def __init__(self, kafka: str, namespace: str) -> None:
        self.segments: dict[str, SegmentRecord] = {}
        self.fill: FillRecord | None = None
        self.offset = 0
        self.changed_at = 0
        self._kafka = kafka
        self._partition = TopicPartition(Topic.SEGMENTS.named(namespace), 0)
        self._appender = Appender(kafka, self._partition.topic)
        self._listeners: list[Callable[[], None]] = []
        self._complete = asyncio.Event()
        self._progress = asyncio.Condition()
        self._following: asyncio.Task[None] | None = None

    def on_change(self, tell: Callable[[], None]) -> None:
        """`tell` is called after every read that changed something, and once when all was read the first time."""
        self._listeners.append(tell)

    async def start(self) -> None:
        """Returns when everything has been read, however long the broker takes; then goes on reading."""
        self._following = asyncio.create_task(self._follow())
        self._following.add_done_callback(_broken)
        await self._complete.wait()

    async def stop(self) -> None:
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following
        await self._appender.close()

    async def write(self, records: Sequence[SegmentRecord], fill: FillRecord | None = None) -> None:
        """Writes all, the fill last, in one go; returns when that is acknowledged and read back. Raises Unavailable."""
        named = [(record.id.encode(), encode(record)) for record in records]
        await self._append(named if fill is None else [*named, (FILL_KEY.encode(), encode(fill))])

    async def delete(self, id: str) -> None:
        """Removes a segment; returns when that is acknowledged and read back. Raises Unavailable."""
        await self._append([(id.encode(), None)])

    async def refresh(self) -> None:
        """Returns when all has been read that anyone wrote before the call. Raises Unavailable.

        By a mark of its own, written and read back: where the log ends, not every broker tells.
        """
        await self._append([(MARK_KEY, token_bytes(8).hex().encode())])

    async def reachable(self) -> bool:
        """Whether the broker answers."""
        return await self._appender.reachable()

    async def _append(self, records: Sequence[tuple[bytes, bytes | None]]) -> None:
        if not records:
            return
        last = await self._appender.append(records)
        try:
            async with asyncio.timeout(PATIENCE), self._progress:
                await self._progress.wait_for(lambda: self.offset > last)
        except TimeoutError as error:
            raise Unavailable("the broker took what was written and does not give it back") from error

    async def _follow(self) -> None:
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._kafka.split(","),
                enable_auto_commit=False,
                auto_offset_reset="none",
                fetch_max_wait_ms=_FETCH_WAIT_MS,
            )
            try:
                await consumer.start()
                consumer.assign([self._partition])
                consumer.seek(self._partition, self.offset)
                await self._read(consumer)
            except OffsetOutOfRangeError:
                log.warning("the topic %s was made anew: read from its beginning", self._partition.topic)
                self._forget()
            except KafkaError as error:
                log.warning("segment definitions cannot be read: %r", error)
                await asyncio.sleep(_PAUSE)
            finally:
                await consumer.stop()

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            found = await consumer.getmany(self._partition, timeout_ms=_FETCH_WAIT_MS)
            changed = False
            for record in found.get(self._partition, ()):
                if self._apply(record):
                    changed, self.changed_at = True, record.offset + 1
            await self._advance(await consumer.position(self._partition))
            end = consumer.highwater(self._partition)
            if end is not None and end < self.offset:
                raise OffsetOutOfRangeError(self.offset)
            first = not self._complete.is_set() and end is not None and self.offset >= end
            if first:
                self._complete.set()
            if first or (changed and self._complete.is_set()):
                for tell in self._listeners:
                    tell()

    async def _advance(self, offset: int) -> None:
        if offset != self.offset:
            async with self._progress:
                self.offset = offset
                self._progress.notify_all()

    def _apply(self, record: ConsumerRecord) -> bool:
        """Takes a record in; whether it changed something. One that cannot be read is passed over, and told."""
        key = (record.key or b"").decode(errors="replace")
        try:
            if key == FILL_KEY and record.value is not None:
                self.fill = decode_fill(record.value)
            elif not key or key.startswith("$"):
                return False
            elif record.value is None:
                return self.segments.pop(key, None) is not None
            else:
                self.segments[key] = decode_segment(record.value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            log.error("definition %r at offset %d cannot be read: %s", key, record.offset, error)
            return False
        return True

    def _forget(self) -> None:
        self.segments.clear()
        self.fill = None
        self.offset = self.changed_at = 0
        self._complete.clear()


def _broken(task: asyncio.Task[None]) -> None:
    """Reading ended by itself: a bug. A process that no longer hears of definitions must not go on."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("the reading of segment definitions broke", exc_info=error)
        signal.raise_signal(signal.SIGTERM)
