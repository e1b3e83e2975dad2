"""The consumer's thread against a made-up aiokafka consumer: seeks, and the ends of logs."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from faust.types.tuples import TP

from agents.transport.thread import BatchConsumerThread

A, B, C = (TP("pv", partition) for partition in range(3))


class Consumer:
    """`committed` offsets, and `ends` as ListOffsets and as fetches say; a fetch is answered after a while."""

    def __init__(self) -> None:
        self.offsets = {A: 50, B: None, C: 0}
        self.sought: list[tuple[TopicPartition, int | str]] = []
        self.asked = 0

    async def committed(self, tp: TopicPartition) -> int | None:
        return self.offsets[TP(*tp)]

    async def seek_to_beginning(self, tp: TopicPartition) -> None:
        self.sought.append((tp, "beginning"))

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.sought.append((tp, offset))

    async def end_offsets(self, tps: list[TP]) -> dict[TP, int]:
        return dict.fromkeys(tps, 90)

    def highwater(self, tp: TopicPartition) -> int | None:
        self.asked += 1
        return 100 if self.asked > 3 else None


def _thread(consumer: Consumer, timeout: float = 5.0) -> Any:
    thread: Any = BatchConsumerThread.__new__(BatchConsumerThread)
    thread._consumer = consumer
    thread.app = SimpleNamespace(conf=SimpleNamespace(broker_request_timeout=timeout))
    return thread


async def test_what_was_never_committed_begins_at_its_beginning() -> None:
    """Faust leaves it where it is: what was fetched and thrown away before would be skipped."""
    consumer = Consumer()
    assert await _thread(consumer)._seek_sources([A, B, C]) == {A: 50, C: 0}
    assert [(tp.partition, where) for tp, where in consumer.sought] == [(0, 50), (1, "beginning"), (2, 0)]


async def test_a_log_ends_where_fetches_say() -> None:
    """The embedded broker's ListOffsets gives the start of the last batch, here 90."""
    assert await _thread(Consumer())._highwaters([A, B]) == {A: 100, B: 100}


async def test_recovery_does_not_begin_without_knowing_the_end() -> None:
    consumer = Consumer()
    consumer.highwater = lambda tp: None  # type: ignore[method-assign]
    with pytest.raises(asyncio.TimeoutError):
        await _thread(consumer, 0.05)._highwaters([A])
