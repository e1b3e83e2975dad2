"""A collector over a stand-in for the broker, or over a real one, and what tests read from it."""

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import BasicAuth, web
from aiohttp.test_utils import TestClient, TestServer

from gateway.budget import Budget
from gateway.collector import routes
from gateway.position import Ends
from gateway.producer import Lanes, Producer
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import Topic

KEY = BasicAuth("dev")


@dataclass
class FakeWriter:
    """Topics in memory; `away` refuses everything."""

    log: dict[tuple[Topic, int], list[tuple[bytes | None, bytes]]] = field(default_factory=lambda: defaultdict(list))
    away: bool = False

    async def write(self, lanes: Lanes) -> Ends:
        if self.away:
            raise Unavailable("the broker does not answer", retry_after=2)
        for lane, records in lanes.items():
            self.log[lane].extend(records)
        return {lane: len(self.log[lane]) for lane in lanes}

    def records(self, *topics: Topic) -> list[dict[str, Any]]:
        return [orjson.loads(value) for (topic, _), each in self.log.items() if topic in topics for _, value in each]

    @property
    def events(self) -> list[dict[str, Any]]:
        found = self.records(Topic.PAGE_VIEWS, Topic.CLICKS, Topic.EVENTS, Topic.IDENTIFIES)
        return sorted(found, key=lambda event: event["arrival"])

    @property
    def dead(self) -> list[dict[str, Any]]:
        return sorted(self.records(Topic.DEAD_LETTERS), key=lambda letter: letter["index"])

    @property
    def identity(self) -> list[dict[str, Any]]:
        return self.records(Topic.IDENTITY)


@dataclass
class FakeProgress:
    told: list[dict[str, str]] = field(default_factory=lambda: [{} for _ in range(4)])

    async def fields(self) -> list[dict[str, str]]:
        return self.told


@dataclass
class Collector:
    client: TestClient[Any, Any]
    writer: FakeWriter
    progress: FakeProgress
    budget: Budget

    async def post(self, path: str, body: object = None, status: int = 200, **options: Any) -> dict[str, Any]:
        """Posts JSON with the key, unless `auth` or `data` say otherwise, and returns the answer's JSON."""
        options.setdefault("auth", KEY)
        options.setdefault("data", orjson.dumps(body))
        async with self.client.post(path, **options) as response:
            assert response.status == status, await response.text()
            answer: dict[str, Any] = await response.json()
            return answer

    async def batch(self, *calls: object, **options: Any) -> dict[str, Any]:
        return await self.post("/v1/batch", {"batch": calls}, **options)


@asynccontextmanager
async def serving(app: web.Application) -> AsyncIterator[TestServer]:
    """The application on a port of its own, run as the gateway runs it."""
    server = TestServer(app)
    await server.start_server(auto_decompress=False)
    try:
        yield server
    finally:
        await server.close()


@asynccontextmanager
async def collector_on(settings: Settings, patience: float = 5.0) -> AsyncIterator[TestServer]:
    """A collector that writes to the broker of the settings, whose topics are there."""
    app, budget = web.Application(), Budget()
    producer = Producer(settings, budget, patience)
    app[routes.SETTINGS] = settings
    app[routes.WRITER] = producer
    app[routes.BUDGET] = budget
    app[routes.PROGRESS] = FakeProgress()
    routes.add_routes(app)
    await producer.start()
    assert await producer.connected(10)
    async with serving(app) as server:
        yield server
    await producer.stop()


@asynccontextmanager
async def collector(settings: Settings | None = None, budget: Budget | None = None) -> AsyncIterator[Collector]:
    app = web.Application()
    writer, progress, budget = FakeWriter(), FakeProgress(), budget or Budget()
    app[routes.SETTINGS] = settings or Settings()
    app[routes.WRITER] = writer
    app[routes.BUDGET] = budget
    app[routes.PROGRESS] = progress
    routes.add_routes(app)
    async with serving(app) as server, TestClient(server) as client:
        yield Collector(client, writer, progress, budget)
