"""`GET /v1/stream` over a topic in memory: from now on, from an id on, for slow readers, while the broker is away."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientError, ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from aiokafka.errors import KafkaConnectionError

from gateway.auth import SecretKey
from gateway.errors import guard
from gateway.stream import feed, routes
from gateway.stream.frames import decode_id, encode_id
from gateway.stream.routes import Stream
from schemas.changes import Change
from stores.changes import Found, Gone, Position

KEY = "a secret key"
HEADERS = {"Authorization": f"Bearer {KEY}"}


class Topic:
    """Two partitions in memory. `first`: what is older has been deleted. `readers`: how many are open."""

    def __init__(self) -> None:
        self.logs: list[list[Change]] = [[], []]
        self.first = [0, 0]
        self.away = False
        self.readers = 0
        self.opened = 0
        self.more = asyncio.Event()

    def tell(self, user: str, event: Any = "entered", partition: int = 0) -> None:
        log = self.logs[partition]
        at = f"2026-11-23T21:00:00.{len(log) % 1000:03}Z"
        log.append(Change(user=user, segment="s", event=event, at=at, version=1, n=(partition, len(log))))
        self.more.set()
        self.more = asyncio.Event()

    async def open(self, position: Position | None) -> "Reader":
        if self.away:
            raise KafkaConnectionError("away")
        if position is not None and any(at < first for at, first in zip(position, self.first, strict=True)):
            raise Gone("too old")
        if position is not None and any(at > len(log) for at, log in zip(position, self.logs, strict=True)):
            raise Gone("no such position")
        self.readers += 1
        self.opened += 1
        return Reader(self, list(position or map(len, self.logs)))


class Reader:
    def __init__(self, topic: Topic, at: list[int]) -> None:
        self._topic, self._at = topic, at

    @property
    def position(self) -> Position:
        return tuple(self._at)

    @property
    def at_end(self) -> bool:
        return self._at == [len(log) for log in self._topic.logs]

    async def read(self, timeout: float) -> list[Found]:
        if self.at_end:
            try:
                await asyncio.wait_for(self._topic.more.wait(), timeout)
            except TimeoutError:
                return []
        if self._topic.away:
            raise KafkaConnectionError("away")
        found = []
        for partition, log in enumerate(self._topic.logs):
            start = self._at[partition]
            found += [Found(partition, at + 1, log[at]) for at in range(start, min(start + 700, len(log)))]
            self._at[partition] = min(start + 700, len(log))
        return found

    async def close(self) -> None:
        self._topic.readers -= 1


@pytest.fixture
def topic() -> Topic:
    return Topic()


@pytest.fixture
async def client(topic: Topic) -> AsyncIterator[TestClient[Any, Any]]:
    stream = Stream(topic.open, 2)
    app = web.Application(middlewares=[guard])
    app.router.add_get("/v1/stream", SecretKey(KEY).guarding(stream.stream))
    app.on_shutdown.append(stream.end_all)
    running = asyncio.create_task(stream.feed.run())
    async with TestClient(TestServer(app)) as client:
        yield client
    running.cancel()


async def connect(client: TestClient[Any, Any], id: str = "") -> ClientResponse:
    answer = await client.get("/v1/stream", headers=HEADERS | ({"Last-Event-ID": id} if id else {}))
    assert answer.status == 200, await answer.text()
    return answer


async def events(answer: ClientResponse, count: int) -> list[dict[str, str]]:
    """The next ones; comments are passed over."""
    found: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    while len(found) < count:
        line = (await asyncio.wait_for(answer.content.readline(), 10)).decode()
        assert line, f"the stream ended after {len(found)} events"
        name, _, value = line.rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            found.append(fields)
        if line == "\n":
            fields = {}
    return found


def users(found: list[dict[str, str]]) -> list[str]:
    return [json.loads(each["data"])["user"] for each in found]


def long_name(number: int) -> str:
    """So that fewer events fill what the system buffers of a connection."""
    return f"{number:0900}"


async def test_an_event(client: TestClient[Any, Any], topic: Topic) -> None:
    topic.tell("before")
    answer = await connect(client)
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert decode_id(answer.headers["Last-Event-ID"], 2) == (1, 0)
    topic.tell("ann", "exited")
    (found,) = await events(answer, 1)
    assert found["event"] == "exited"
    assert decode_id(found["id"], 2) == (2, 0)
    data = {"user": "ann", "segment": "s", "at": "2026-11-23T21:00:00.001Z", "version": 1}
    assert json.loads(found["data"]) == data


async def test_the_key(client: TestClient[Any, Any]) -> None:
    for headers in ({}, {"Authorization": "Bearer no"}):
        answer = await client.get("/v1/stream", headers=headers)
        assert answer.status == 401
        assert (await answer.json())["code"] == "unauthorized"


@pytest.mark.parametrize("id", ["made up", "AAAAAAAA", encode_id((1,)), encode_id((1, 2, 3)), encode_id((-1, 0)), "é"])
async def test_an_id_that_is_none(client: TestClient[Any, Any], id: str) -> None:
    answer = await client.get("/v1/stream", headers=HEADERS | {"Last-Event-ID": id})
    assert (answer.status, (await answer.json())["code"]) == (400, "bad_event_id")


@pytest.mark.parametrize("position", [(1, 0), (9, 0)])
async def test_an_id_that_is_too_old_or_never_was(
    client: TestClient[Any, Any], topic: Topic, position: Position
) -> None:
    for number in range(5):
        topic.tell(f"u{number}")
    topic.first = [2, 0]
    answer = await client.get("/v1/stream", headers=HEADERS | {"Last-Event-ID": encode_id(position)})
    assert (answer.status, (await answer.json())["code"]) == (410, "gone")
    assert users(await events(await connect(client, encode_id((2, 0))), 3)) == ["u2", "u3", "u4"]


async def test_from_every_event_on(client: TestClient[Any, Any], topic: Topic) -> None:
    """Whatever came in whatever partition: each once, in the order of its partition, before and after the present."""
    answer = await connect(client)
    for number in range(12):
        topic.tell(f"u{number}", partition=number % 2)
    found = await events(answer, 12)
    ids = [answer.headers["Last-Event-ID"], *(each["id"] for each in found)]
    answers = []
    for number, id in enumerate(ids):
        answers.append(await connect(client, id))
        rest = users(await events(answers[-1], 12 - number))
        assert sorted(rest) == sorted(users(found)[number:])
    topic.tell("later", partition=1)
    assert [users(await events(each, 1)) for each in answers] == [["later"]] * 13


async def test_each_goes_on_alone(client: TestClient[Any, Any], topic: Topic) -> None:
    """One reader for all who have caught up."""
    answers = [await connect(client) for _ in range(5)]
    for number in range(2000):
        topic.tell(f"u{number}", partition=number % 2)
        if number % 100 == 0:
            await asyncio.sleep(0)
    for answer in answers:
        found = await events(answer, 2000)
        for partition in (0, 1):
            mine = [user for user in users(found) if int(user[1:]) % 2 == partition]
            assert mine == [f"u{number}" for number in range(partition, 2000, 2)]
    assert topic.opened == 1


async def test_a_slow_reader_holds_nobody_up(
    client: TestClient[Any, Any], topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It falls behind what is kept for it, and reads for itself once it goes on; nothing is missing."""
    monkeypatch.setattr(feed, "MOST_WAITING", 100)
    slow, quick = await connect(client), await connect(client)
    total = 15_000
    reading = asyncio.create_task(events(quick, total))
    for number in range(total):
        topic.tell(long_name(number))
        if number % 50 == 0:
            await asyncio.sleep(0.001)
    expected = [long_name(number) for number in range(total)]
    assert users(await reading) == expected
    assert users(await events(slow, total)) == expected
    assert topic.opened > 1
    topic.tell("last")
    assert users(await events(slow, 1)) == users(await events(quick, 1)) == ["last"]
    assert topic.readers == 1


async def test_one_that_takes_nothing_is_cut_off(
    client: TestClient[Any, Any], topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes, "STALLED", 0.2)
    answer = await connect(client)
    for number in range(15_000):
        topic.tell(long_name(number))
    await asyncio.sleep(1.5)
    with pytest.raises(ClientError):
        await events(answer, 15_000)
    assert topic.readers == 1


async def test_heartbeats(client: TestClient[Any, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "HEARTBEAT_EVERY", 0.05)
    answer = await connect(client)
    lines = [(await answer.content.readline()).decode() for _ in range(6)]
    assert lines == [": still here\n", "\n"] * 3


async def test_the_broker_goes_away_and_comes_back(client: TestClient[Any, Any], topic: Topic) -> None:
    """Nothing of what was told meanwhile is missing; who asks anew is told to come again."""
    answer = await connect(client)
    topic.tell("before")
    assert users(await events(answer, 1)) == ["before"]
    topic.away = True
    topic.tell("meanwhile")
    await asyncio.sleep(0.1)
    refused = await client.get("/v1/stream", headers=HEADERS | {"Last-Event-ID": encode_id((0, 0))})
    assert refused.status == 503
    assert refused.headers["Retry-After"]
    topic.away = False
    topic.tell("after")
    assert users(await events(answer, 2)) == ["meanwhile", "after"]


async def test_the_topic_is_made_anew(client: TestClient[Any, Any], topic: Topic) -> None:
    """The stream ends; what its id stood for is gone."""
    answer = await connect(client)
    topic.tell("before")
    (found,) = await events(answer, 1)
    topic.away = True
    topic.tell("")
    await asyncio.sleep(0.1)
    topic.logs, topic.away = [[], []], False
    while await asyncio.wait_for(answer.content.readline(), 10):
        pass
    assert (await client.get("/v1/stream", headers=HEADERS | {"Last-Event-ID": found["id"]})).status == 410


async def test_the_end_of_the_process_ends_streams(topic: Topic) -> None:
    stream = Stream(topic.open, 2)
    app = web.Application()
    app.router.add_get("/v1/stream", stream.stream)
    app.on_shutdown.append(stream.end_all)
    running = asyncio.create_task(stream.feed.run())
    server = TestServer(app)
    async with TestClient(server) as client:
        answer = await client.get("/v1/stream")
        topic.tell("ann")
        await events(answer, 1)
        await asyncio.wait_for(server.close(), 3)
        assert topic.readers == 1
    running.cancel()
