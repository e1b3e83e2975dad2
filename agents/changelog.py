"""Writing rows to a topic in record batches of our own making: all of a batch is in the log, or nothing of it.

Owns the cutting into batches, the order within a partition and what is known to be written. Used for the changelog of
the profiles, where each batch ends with a record about the partition (the trailer), and for transfers. Faust's own
producer buffer gives up flushing after 0.1 s and only logs what failed, so nothing here goes through it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer

Row = tuple[bytes, bytes | None]
Trailer = Callable[[int, int], Sequence[Row]]

_BATCH_OVERHEAD = 61
_RECORD_OVERHEAD = 32
"""Bytes at most beside key and value: length 5, attributes 1, time 10, offset 5, their two lengths 5, headers 1."""


class RowTooLargeError(Exception):
    """A row that does not fit a record batch; nothing of its call was sent."""

    def __init__(self, key: bytes, size: int, limit: int) -> None:
        super().__init__(f"row {key[:300]!r} of {size} bytes is over the {limit} that a record may have")
        self.key, self.size, self.limit = key, size, limit


@dataclass(frozen=True, slots=True)
class Sent:
    """A record batch on its way: `records` in it, trailer included; `rows` of the call are in it or before it."""

    future: "asyncio.Future[Any]"
    records: int
    rows: int


async def confirmed(sent: Sequence[Sent]) -> list[int]:
    """Offset of the last record of each batch, once the broker has them all; raises what one was refused with."""
    return [(await each.future).offset + each.records - 1 for each in sent]


class BatchProducer:
    """Writes to one topic. The log of a partition has no holes: a batch is sent when the one before is confirmed.

    So after a refusal every later `send` to the partition raises the same, and the process has to begin anew.
    A batch can come twice, when the broker's answer got lost: what is written must bear that.
    """

    def __init__(self, producer: AIOKafkaProducer, topic: str, max_bytes: int) -> None:
        """`max_bytes` of a record batch: at most the producer's `max_batch_size`, the topic's `max.message.bytes`."""
        self._producer = producer
        self._topic = topic
        self._max_bytes = max_bytes
        self._turn: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._before: dict[int, Sent] = {}

    async def send(self, partition: int, rows: Sequence[Row], trailer: Trailer | None = None) -> list[Sent]:
        """Sends `rows` in their order, or the trailer alone; returns when the last batch is handed over.

        Those before it are confirmed then.
        `trailer(start, end)` are the records that a batch of `rows[start:end]` ends with.
        Raises RowTooLargeError before anything is sent.
        """
        batches = list(self._cut(rows, trailer))
        sent = []
        async with self._turn[partition]:
            for records, upto in batches:
                if (before := self._before.get(partition)) is not None:
                    await before.future
                future = await self._producer.send_batch(self._build(records), self._topic, partition=partition)
                self._before[partition] = each = Sent(future, len(records), upto)
                sent.append(each)
        return sent

    def _build(self, records: Sequence[Row]) -> Any:
        builder = self._producer.create_batch()
        for key, value in records:
            if builder.append(key=key, value=value, timestamp=None) is None:
                raise RowTooLargeError(key, _size((key, value)), self._max_bytes)
        builder.close()
        return builder

    def _cut(self, rows: Sequence[Row], trailer: Trailer | None) -> Iterator[tuple[list[Row], int]]:
        """Records of each batch, and how many rows are in it or before."""
        sizes = [_size(row) for row in rows]
        if not rows and trailer is not None:
            yield list(trailer(0, 0)), 0
        start = 0
        while start < len(rows):
            end, last = self._fill(sizes, start, trailer)
            if end == start:
                raise RowTooLargeError(rows[start][0], sizes[start], self._max_bytes)
            yield [*rows[start:end], *last], end
            start = end

    def _fill(self, sizes: Sequence[int], start: int, trailer: Trailer | None) -> tuple[int, Sequence[Row]]:
        """The end of the batch that begins with row `start`, and its trailer; `start` if not even that row fits."""
        end, room = start, self._max_bytes - _BATCH_OVERHEAD
        while end < len(sizes) and sizes[end] <= room:
            room -= sizes[end]
            end += 1
        while trailer is not None and end > start:
            last = trailer(start, end)
            over = sum(map(_size, last)) - room
            if over <= 0:
                return end, last
            # What a row has in the trailer is about its own size at most; half of them go where it is much more.
            half = start + (end - start) // 2
            while over > 0 and end > half:
                end -= 1
                room += sizes[end]
                over -= sizes[end]
        return end, []


def _size(row: Row) -> int:
    key, value = row
    return _RECORD_OVERHEAD + len(key) + len(value or b"")
