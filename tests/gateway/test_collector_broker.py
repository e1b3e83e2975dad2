"""The collector on a real broker: what was acknowledged is in the topics, even when the broker goes and comes."""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from cli import processes
from cli.embedded import tansu_command
from cli.ports import answers, wait_until
from gateway.position import decode_position
from schemas.settings import Settings
from schemas.topics import EVENT_TOPICS, Topic
from stores.topics import create_topics
from streams.partition import partition_of
from tests.gateway.collecting import KEY, collector_on
from tests.support import needs, servers
from tests.support.servers import Server
from tests.support.topics import read_topics


async def made(server: Server, namespace: str) -> Settings:
    settings = Settings(kafka=server.address, namespace=namespace)
    await asyncio.to_thread(create_topics, settings)
    return settings


class Sender:
    """Posts batches of three events and one that is rejected, until told to stop; sends again what got a 503."""

    def __init__(self, session: ClientSession, url: str, name: int) -> None:
        self.session, self.url, self.name = session, url, name
        self.acknowledged: list[str] = []
        self.positions: list[str] = []
        self.refused = 0

    async def run(self, stop: asyncio.Event) -> None:
        number = 0
        while not stop.is_set():
            ids = [f"{self.name}-{number}-{i}" for i in range(3)]
            types = ({"type": "track", "event": "x"}, {"type": "page"}, {"type": "identify"})
            calls: list[dict[str, Any]] = [
                {**type, "messageId": id, "userId": f"u{number % 50}", "anonymousId": f"a{self.name}"}
                for type, id in zip(types, ids, strict=True)
            ]
            async with self.session.post(self.url, json={"batch": [*calls, {"messageId": f"bad-{ids[0]}"}]}) as answer:
                assert answer.status in (200, 503), await answer.text()
                if answer.status == 503:
                    self.refused += 1
                    assert int(answer.headers["Retry-After"]) >= 1
                    await asyncio.sleep(0.2)
                    continue
                body = await answer.json()
                assert [each["index"] for each in body["rejected"]] == [3]
            self.acknowledged += ids
            self.positions.append(body["position"])
            number += 1


async def senders(
    url: str, count: int = 6
) -> tuple[list[Sender], asyncio.Event, list[asyncio.Task[None]], ClientSession]:
    session, stop = ClientSession(auth=KEY), asyncio.Event()
    crowd = [Sender(session, url, name) for name in range(count)]
    return crowd, stop, [asyncio.create_task(each.run(stop)) for each in crowd], session


async def acknowledged(crowd: list[Sender], before: Sequence[int], more: int = 1) -> None:
    """Returns once every sender has that many more acknowledged than before."""
    async with asyncio.timeout(60):
        pairs = list(zip(crowd, before, strict=True))
        while any(len(each.acknowledged) < count + more for each, count in pairs):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.fixture(params=["broker", pytest.param("kafka_broker", marks=pytest.mark.kafka)])
def any_broker(request: pytest.FixtureRequest) -> Server:
    server: Server = request.getfixturevalue(request.param)
    return server


async def test_everything_acknowledged_is_there_once_and_in_order(any_broker: Server, namespace: str) -> None:
    settings = await made(any_broker, namespace)
    async with collector_on(settings) as server:
        crowd, stop, tasks, session = await senders(str(server.make_url("/v1/batch")))
        await acknowledged(crowd, [0] * len(crowd), 20)
        stop.set()
        await asyncio.gather(*tasks)
        await session.close()
    found = await read_topics(settings, [*EVENT_TOPICS, Topic.IDENTITY, Topic.DEAD_LETTERS])
    events = [(topic, key, event) for topic, key, event in found if topic in EVENT_TOPICS]
    sent = [id for each in crowd for id in each.acknowledged]
    assert len(sent) > 100
    assert Counter(event["message_id"] for _, _, event in events) == Counter(sent)
    assert all_keyed(events)
    assert sum(topic is Topic.DEAD_LETTERS for topic, _, _ in found) == len(sent) // 3
    for each in crowd:
        mine = [
            event for topic, _, event in events if topic is Topic.EVENTS and event["anonymous_id"] == f"a{each.name}"
        ]
        for id in {event["id"] for event in mine}:
            numbers = [int(event["message_id"].split("-")[1]) for event in mine if event["id"] == id]
            assert numbers == sorted(numbers)
    counts = Counter(
        (topic, partition_of(event["id"], 4)) for topic, _, event in found if topic is not Topic.DEAD_LETTERS
    )
    for position in (position for each in crowd for position in each.positions):
        assert all(end <= counts[lane] for lane, end in decode_position(position, 4).items())


def all_keyed(events: list[tuple[Topic, bytes | None, dict[str, Any]]]) -> bool:
    return all(key == event["id"].encode() for _, key, event in events)


async def test_a_broker_that_hangs_for_a_while(namespace: str) -> None:
    with servers.tansu() as broker:
        settings = await made(broker, namespace)
        async with collector_on(settings, patience=1.0) as server:
            crowd, stop, tasks, session = await senders(str(server.make_url("/v1/batch")))
            await acknowledged(crowd, [0] * len(crowd))
            os.kill(broker.pid, signal.SIGSTOP)
            await asyncio.sleep(3)
            os.kill(broker.pid, signal.SIGCONT)
            await acknowledged(crowd, [len(each.acknowledged) for each in crowd])
            stop.set()
            await asyncio.gather(*tasks)
            await session.close()
        found = await read_topics(settings, EVENT_TOPICS)
    there = {event["message_id"] for _, _, event in found}
    assert min(each.refused for each in crowd) >= 1
    assert {id for each in crowd for id in each.acknowledged} <= there


async def test_a_broker_that_is_killed_and_started_anew(namespace: str) -> None:
    """The embedded broker forgets everything, so only what is acknowledged after its new start can be there."""
    with servers.tansu() as broker:
        settings = await made(broker, namespace)
        async with collector_on(settings, patience=1.0) as server:
            crowd, stop, tasks, session = await senders(str(server.make_url("/v1/batch")))
            await acknowledged(crowd, [0] * len(crowd))
            os.kill(broker.pid, signal.SIGKILL)
            await asyncio.sleep(2)
            before = [len(each.acknowledged) for each in crowd]
            again = processes.spawn(tansu_command(broker.port))
            try:
                assert await asyncio.to_thread(wait_until, lambda: answers("127.0.0.1", broker.port), 10)
                await asyncio.to_thread(create_topics, settings)
                await acknowledged(crowd, before, 10)
                stop.set()
                await asyncio.gather(*tasks)
                await session.close()
                there = {event["message_id"] for _, _, event in await read_topics(settings, EVENT_TOPICS)}
            finally:
                processes.end(again)
    after = [id for each, count in zip(crowd, before, strict=True) for id in each.acknowledged[count:]]
    assert min(each.refused for each in crowd) >= 1
    assert len(after) > 50
    assert set(after) <= there


@pytest.mark.kafka
async def test_nothing_acknowledged_is_lost_when_kafka_is_killed(tmp_path: Path, namespace: str) -> None:
    needs.KAFKA.check()
    with servers.kafka(tmp_path) as broker:
        settings = await made(broker, namespace)
        async with collector_on(settings, patience=1.0) as server:
            crowd, stop, tasks, session = await senders(str(server.make_url("/v1/batch")))
            await acknowledged(crowd, [0] * len(crowd))
            os.kill(broker.pid, signal.SIGKILL)
            again = servers.kafka(tmp_path)
            await asyncio.to_thread(again.__enter__)
            try:
                before = [len(each.acknowledged) for each in crowd]
                await acknowledged(crowd, before)
                stop.set()
                await asyncio.gather(*tasks)
                await session.close()
                there = {event["message_id"] for _, _, event in await read_topics(settings, EVENT_TOPICS)}
            finally:
                again.__exit__(None, None, None)
    assert all(before)
    assert sum(len(each.acknowledged) for each in crowd) > sum(before)
    assert {id for each in crowd for id in each.acknowledged} <= there


async def test_a_broker_that_is_gone_is_told_at_once(namespace: str) -> None:
    with servers.tansu() as broker:
        settings = await made(broker, namespace)
        async with collector_on(settings, patience=0.5) as server, ClientSession(auth=KEY) as session:
            os.kill(broker.pid, signal.SIGKILL)
            body = {"userId": "u", "event": "x", "properties": {"p": "y" * 20_000}}
            url = server.make_url("/v1/track")

            async def post() -> int:
                async with session.post(url, json=body) as answer:
                    return answer.status

            statuses = await asyncio.gather(*(post() for _ in range(200)))
            assert set(statuses) == {503}
            loop = asyncio.get_running_loop()
            begun = loop.time()
            assert await post() == 503
            assert loop.time() - begun < 0.3
