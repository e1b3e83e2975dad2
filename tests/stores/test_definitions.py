"""Segment definitions: all of them are read, at the real end of the log; what is written is seen when it returns."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiokafka import AIOKafkaProducer

from cli.ports import free_ports
from schemas.errors import Unavailable
from schemas.segments import FillRecord, SegmentRecord, SegmentVersion
from schemas.settings import Settings, load
from schemas.topics import Topic
from stores import appending
from stores.definitions import DefinitionLog
from stores.topics import create_topics
from tests.support.servers import Server


@pytest.fixture(params=["broker", pytest.param("kafka_broker", marks=pytest.mark.kafka)])
def settings(request: pytest.FixtureRequest, namespace: str) -> Settings:
    broker: Server = request.getfixturevalue(request.param)
    made = replace(load({}), kafka=broker.address, namespace=namespace)
    create_topics(made)
    return made


def log_of(settings: Settings) -> DefinitionLog:
    return DefinitionLog(str(settings.kafka), settings.namespace)


@pytest.fixture
async def definitions(settings: Settings) -> AsyncIterator[DefinitionLog]:
    made = log_of(settings)
    await asyncio.wait_for(made.start(), 20)
    yield made
    await made.stop()


def segment(id: str, slot: int = 16, name: str = "x") -> SegmentRecord:
    version = SegmentVersion(version=1, slot=slot, rule={"user": "traits.a", "op": "exists"}, made=1, covers_from=0)
    return SegmentRecord(id=id, name=name, created=1, updated=1, pending=version)


async def test_an_empty_topic_is_read_at_once(definitions: DefinitionLog) -> None:
    assert (definitions.segments, definitions.fill, definitions.offset) == ({}, None, 0)


async def test_what_is_written_is_seen_here_when_it_returns_and_soon_elsewhere(
    definitions: DefinitionLog, settings: Settings
) -> None:
    other = log_of(settings)
    await other.start()
    told = asyncio.Event()
    other.on_change(told.set)
    fill = FillRecord(fill=1, versions=[("a", 1), ("b", 1)])
    await definitions.write([segment("a"), segment("b", 17)], fill)
    assert definitions.segments == {"a": segment("a"), "b": segment("b", 17)}
    assert definitions.fill == fill
    await asyncio.wait_for(told.wait(), 5)
    assert (other.segments, other.fill) == (definitions.segments, fill)
    await definitions.delete("a")
    assert definitions.segments.keys() == {"b"}
    await other.stop()


async def test_a_late_reader_has_everything_when_it_has_started(definitions: DefinitionLog, settings: Settings) -> None:
    for i in range(20):
        await definitions.write([segment(f"s{i % 7}", i), segment("all", i)])
    await definitions.delete("s3")
    late = log_of(settings)
    calls: list[int] = []
    late.on_change(lambda: calls.append(len(late.segments)))
    await late.start()
    assert late.segments == definitions.segments
    assert late.segments["all"] == segment("all", 19)
    assert calls == [7]
    assert late.offset == definitions.offset
    await late.stop()


async def test_refreshing_brings_what_others_wrote(definitions: DefinitionLog, settings: Settings) -> None:
    other = log_of(settings)
    await other.start()
    for i in range(5):
        await other.write([segment("a", 16 + i)])
        await definitions.refresh()
        assert definitions.segments == {"a": segment("a", 16 + i)}
    await other.stop()


async def test_how_far_they_say_anything(definitions: DefinitionLog, settings: Settings) -> None:
    """The same for every reader, though each writes marks when it asks for the end."""
    other = log_of(settings)
    await other.start()
    await definitions.write([segment("a")], FillRecord(fill=1, versions=[("a", 1)]))
    assert definitions.changed_at == 2
    await definitions.refresh()
    await other.refresh()
    assert (definitions.changed_at, other.changed_at) == (2, 2)
    await other.delete("a")
    await definitions.refresh()
    assert definitions.changed_at == other.changed_at
    await other.stop()


async def test_a_log_begun_anew_is_read_from_its_beginning(definitions: DefinitionLog, settings: Settings) -> None:
    await definitions.write([segment("a")])
    other = log_of(settings)
    other.offset, other.segments = 1000, {"gone": segment("gone")}
    await asyncio.wait_for(other.start(), 10)
    assert other.segments == {"a": segment("a")}
    await other.stop()


async def test_what_cannot_be_read_is_passed_over(
    definitions: DefinitionLog, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka)
    await producer.start()
    topic = Topic.SEGMENTS.named(settings.namespace)
    for key, value in (
        (b"a", b"{"),
        (b"\xff", b"{}"),
        (b"", b"x"),
        (b"$fill", b"[]"),
        (b"$new", b"?"),
        (b"$fill", None),
    ):
        await producer.send_and_wait(topic, value, key, partition=0)
    await producer.stop()
    await definitions.write([segment("b")])
    assert (definitions.segments, definitions.fill) == ({"b": segment("b")}, None)
    assert caplog.text.count("cannot be read") == 3


async def test_a_large_change_is_taken_whole(definitions: DefinitionLog) -> None:
    many = [segment(f"s{i}", i, "n" * 50_000) for i in range(150)]
    await definitions.write(many)
    assert definitions.segments == {each.id: each for each in many}


async def test_a_broker_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(appending, "PATIENCE", 0.5)
    definitions = DefinitionLog(f"127.0.0.1:{free_ports()}", "none")
    starting = asyncio.create_task(definitions.start())
    with pytest.raises(Unavailable):
        await definitions.write([segment("a")])
    with pytest.raises(Unavailable):
        await definitions.refresh()
    assert not await definitions.reachable()
    assert not starting.done()
    starting.cancel()
    await definitions.stop()
