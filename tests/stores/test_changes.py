"""Reading the topic of changes: from its end, from a position, past repetitions; what a worker had written of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from schemas.changes import Change, encode
from schemas.settings import Settings
from schemas.topics import Topic
from stores.changes import LOOK_BACK, ChangeReader, Gone, Position, open_changes, written
from stores.topics import create_topics
from tests.support import needs
from tests.support.servers import Server


@pytest.fixture(params=["broker", pytest.param("kafka_broker", marks=[pytest.mark.kafka, needs.KAFKA.mark])])
def settings(request: pytest.FixtureRequest, namespace: str) -> Settings:
    server: Server = request.getfixturevalue(request.param)
    made = replace(Settings(), kafka=server.address, namespace=namespace, partitions=2)
    create_topics(made)
    return made


@pytest.fixture
async def producer(settings: Settings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", max_batch_size=1 << 20)
    await producer.start()
    yield producer
    await producer.stop()


def change(number: int, source: int = 0) -> Change:
    at = "2026-11-23T21:00:00.000Z"
    return Change(user=f"u{number}", segment="s", event="entered", at=at, version=1, n=(source, number))


async def write(producer: Any, settings: Settings, changes: Sequence[Change | bytes], partition: int = 0) -> None:
    """As one batch."""
    batch = producer.create_batch()
    for each in changes:
        value = each if isinstance(each, bytes) else encode(each)
        assert batch.append(key=b"k", value=value, timestamp=None) is not None
    batch.close()
    topic = Topic.MEMBERSHIP_CHANGES.named(settings.namespace)
    await (await producer.send_batch(batch, topic, partition=partition))


async def opened(settings: Settings, position: Position | None) -> ChangeReader:
    return await open_changes(str(settings.kafka), settings.namespace, settings.partitions, position)


async def numbers(reader: ChangeReader, count: int) -> list[int]:
    """So many as come; there must be no more at once."""
    found: list[int] = []
    while len(found) < count or not reader.at_end:
        found += [each.change.n[1] for each in await reader.read(0.2)]
    return found


async def test_from_the_end_only_what_comes_later(settings: Settings, producer: AIOKafkaProducer) -> None:
    await write(producer, settings, [change(0), change(1)])
    await write(producer, settings, [change(2), change(3)])
    reader = await opened(settings, None)
    assert reader.position == (4, 0)
    assert await reader.read(0.3) == []
    await write(producer, settings, [change(4)])
    await write(producer, settings, [change(0, 1)], partition=1)
    assert sorted(await numbers(reader, 2)) == [0, 4]
    assert reader.position == (5, 1)
    await reader.close()


async def test_from_a_position_on(settings: Settings, producer: AIOKafkaProducer) -> None:
    await write(producer, settings, [change(number) for number in range(10)])
    for start in (0, 3, 10):
        reader = await opened(settings, (start, 0))
        assert await numbers(reader, 10 - start) == list(range(start, 10))
        await reader.close()


async def test_a_batch_that_came_twice(settings: Settings, producer: AIOKafkaProducer) -> None:
    """Also for one who begins between the two: it looks back. Another partition's numbers are its own."""
    for source in (0, 0, 1):
        await write(producer, settings, [change(number, source) for number in range(5)])
    for start in (0, 5, 7):
        reader = await opened(settings, (start, 0))
        assert await numbers(reader, 10 if start == 0 else 5) == [*range(5)] * (2 if start == 0 else 1)
        await reader.close()


async def test_a_batch_that_came_twice_is_known_from_afar(settings: Settings, producer: AIOKafkaProducer) -> None:
    many = [change(number) for number in range(LOOK_BACK + 100)]
    await write(producer, settings, many)
    await write(producer, settings, many[-50:])
    reader = await opened(settings, (len(many), 0))
    assert await numbers(reader, 0) == []
    await reader.close()


@pytest.mark.parametrize("position", [(4, 0), (0, 1), (1 << 40, 0)])
async def test_no_such_position(settings: Settings, producer: AIOKafkaProducer, position: Position) -> None:
    await write(producer, settings, [change(0), change(1), change(2)])
    with pytest.raises(Gone):
        await opened(settings, position)


async def test_garbage_is_passed_over(settings: Settings, producer: AIOKafkaProducer) -> None:
    await write(producer, settings, [change(0), b"no change", b"", change(1)])
    reader = await opened(settings, (0, 0))
    assert await numbers(reader, 2) == [0, 1]
    assert reader.position == (4, 0)
    await reader.close()


async def test_what_a_worker_had_written(settings: Settings, producer: AIOKafkaProducer) -> None:
    async def highest(source: int, since: int) -> dict[int, int]:
        return await written(str(settings.kafka), settings.namespace, source, [0, 1], since)

    assert await highest(0, 0) == {}
    await write(producer, settings, [change(0), change(1), change(7, 1)])
    at = time.time_ns() // 1_000_000
    await asyncio.sleep(0.05)
    await write(producer, settings, [change(2), change(3)])
    await write(producer, settings, [change(4)], partition=1)
    assert await highest(0, 0) == await highest(0, at) == {0: 3, 1: 4}
    assert (await highest(1, 0))[0] == 7
    assert await highest(0, at + 3_600_000) == {}
