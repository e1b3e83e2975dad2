"""Order, batching, memory and refusal of what waits for a partition, over a stand-in for aiokafka."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaError, KafkaTimeoutError, RecordTooLargeError

from gateway.budget import Budget
from gateway.lanes import Record
from gateway.producer import Producer
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import Topic

LANE = (Topic.EVENTS, 0)
OTHER = (Topic.CLICKS, 1)


class Batch:
    def __init__(self, room: int) -> None:
        self.room, self.values = room, []

    def append(self, *, key: bytes | None, value: bytes, timestamp: object) -> object:
        if len(self.values) == self.room:
            return None
        self.values.append(value)
        return self


class Kafka:
    """Keeps batches of at most `room` records; while `gate` is closed nothing is answered; `error` fails a batch."""

    def __init__(self, room: int = 100) -> None:
        self.room = room
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.log: dict[tuple[str, int], list[bytes]] = {}
        self.batches = 0
        self.stopped = False

    def create_batch(self) -> Batch:
        return Batch(self.room)

    async def send_batch(self, batch: Batch, name: str, *, partition: int) -> asyncio.Future[Any]:
        self.batches += 1
        return asyncio.ensure_future(self._write(batch, name, partition))

    async def _write(self, batch: Batch, name: str, partition: int) -> Any:
        await self.gate.wait()
        if self.error:
            raise self.error
        log = self.log.setdefault((name, partition), [])
        log += batch.values
        return type("Metadata", (), {"offset": len(log) - len(batch.values)})

    def values(self, topic: Topic = Topic.EVENTS, partition: int = 0) -> list[bytes]:
        return self.log.get((topic.named("shoal"), partition), [])

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        self.stopped = True


def producer(kafka: Kafka, budget: Budget | None = None, patience: float = 1.0) -> Producer:
    made = Producer(Settings(), budget or Budget(), patience)
    made._kafka = kafka
    return made


def records(*values: int) -> list[Record]:
    return [Record(b"k", b"%d" % value) for value in values]


async def test_ends_are_after_the_request_s_last_record() -> None:
    kafka = Kafka()
    it = producer(kafka)
    assert await it.write({LANE: records(1, 2, 3), OTHER: records(4)}) == {LANE: 3, OTHER: 1}
    assert await it.write({LANE: records(5)}) == {LANE: 4}
    assert await it.write({}) == {}
    assert kafka.values() == [b"1", b"2", b"3", b"5"]


async def test_what_waits_goes_out_together_and_in_order() -> None:
    kafka, budget = Kafka(room=7), Budget()
    it = producer(kafka, budget)
    kafka.gate.clear()
    writes = [asyncio.create_task(it.write({LANE: records(*range(n * 3, n * 3 + 3))})) for n in range(20)]
    await asyncio.sleep(0.01)
    assert budget.held > 0
    kafka.gate.set()
    ends = await asyncio.gather(*writes)
    assert kafka.values() == [b"%d" % n for n in range(60)]
    assert [each[LANE] for each in ends] == [3 * n + 3 for n in range(20)]
    assert kafka.batches <= 10
    assert budget.held == 0


async def test_a_request_larger_than_a_batch() -> None:
    kafka = Kafka(room=4)
    assert await producer(kafka).write({LANE: records(*range(10))}) == {LANE: 10}
    assert kafka.values() == [b"%d" % n for n in range(10)]


async def test_over_the_budget_nothing_is_handed_over() -> None:
    kafka, budget = Kafka(), Budget(300)
    it = producer(kafka, budget)
    with pytest.raises(Unavailable):
        await it.write({OTHER: records(1), LANE: records(*range(10))})
    assert (kafka.batches, budget.held) == (0, 0)
    await it.write({LANE: records(1)})


async def test_not_connected() -> None:
    with pytest.raises(Unavailable):
        await Producer(Settings(), Budget()).write({LANE: records(1)})


async def test_a_silent_broker() -> None:
    """The first waits as long as its patience, later ones are refused at once; what was given up is not sent later."""
    kafka, budget = Kafka(), Budget()
    it = producer(kafka, budget, patience=0.05)
    kafka.gate.clear()
    first = asyncio.create_task(it.write({LANE: records(1)}))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(it.write({LANE: records(2), OTHER: records(3)}))
    for task in (first, second):
        with pytest.raises(Unavailable):
            await task
    before = kafka.batches
    with pytest.raises(Unavailable):
        await it.write({LANE: records(4)})
    assert kafka.batches == before
    kafka.gate.set()
    await asyncio.sleep(0.01)
    assert kafka.values() == [b"1"]
    assert budget.held == 0
    assert await it.write({LANE: records(5)}) == {LANE: 2}


@pytest.mark.parametrize(
    ("error", "raised"), [(RecordTooLargeError(), Unavailable), (RuntimeError("bug"), RuntimeError)]
)
async def test_a_failed_batch_fails_all_in_it_and_the_next_goes_on(error: Exception, raised: type[Exception]) -> None:
    kafka, budget = Kafka(room=4), Budget()
    it = producer(kafka, budget)
    kafka.error = error
    results = await asyncio.gather(*(it.write({LANE: records(*range(3))}) for _ in range(4)), return_exceptions=True)
    assert {type(each) for each in results} == {raised}
    assert budget.held == 0
    kafka.error = None
    assert await it.write({LANE: records(7)}) == {LANE: 1}
    assert kafka.values() == [b"7"]


@pytest.mark.parametrize("error", [KafkaTimeoutError(), KafkaError("Unexpected error during batch delivery")])
async def test_what_was_tried_for_long_gets_a_new_connection(error: KafkaError) -> None:
    first, second = Kafka(), Kafka()
    made = iter([first, second])
    it = Producer(Settings(kafka="nowhere:1"), Budget(), make=lambda **_: next(made))
    await it.start()
    assert await it.connected(1)
    first.error = error
    with pytest.raises(Unavailable):
        await it.write({LANE: records(1)})
    with pytest.raises(Unavailable):
        await it.write({LANE: records(2)})
    assert await it.connected(1)
    assert first.stopped
    assert await it.write({LANE: records(3)}) == {LANE: 1}
    await it.stop()
    assert second.stopped
