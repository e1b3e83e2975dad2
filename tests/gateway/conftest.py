"""A gateway over stand-ins, with a client that carries the secret key."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from gateway.app import make_app, make_metrics_app
from gateway.parts import Parts, make_parts
from schemas.settings import Settings
from streams.profile_view import describe_user
from tests.gateway.collecting import FakeWriter
from tests.gateway.fakes import FakeDefinitions, FakeLookups

KEY = "a secret key"
RULE: dict[str, Any] = {"did": {"event": "$page"}, "count": {"gte": 3}, "window": {"last": "7d"}}


@dataclass
class Gateway:
    """A gateway under test. `ask` sends the key; `client` does not."""

    client: TestClient[Any, Any]
    metrics: TestClient[Any, Any]
    lookups: FakeLookups
    definitions: FakeDefinitions
    writer: FakeWriter
    parts: Parts
    headers: dict[str, str] = field(default_factory=lambda: {"Authorization": f"Bearer {KEY}"})

    async def ask(self, method: str, path: str, **more: Any) -> ClientResponse:
        return await self.client.request(method, path, headers=self.headers, **more)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status == 200, await answer.text()
        return await answer.json()

    async def forget_sizes(self) -> None:
        """The next answer counts anew; no count is under way."""
        await self.parts.sizes.now()
        self.parts.sizes.forget()

    async def make(self, **body: Any) -> Any:
        """A new segment, as answered."""
        answer = await self.ask("POST", "/v1/segments", json={"name": "Keen", "rule": RULE, **body})
        assert answer.status == 201, await answer.text()
        return await answer.json()

    async def error(self, method: str, path: str, **more: Any) -> tuple[int, dict[str, Any]]:
        """Status and body of a refusal; every one of them has a code and a message."""
        answer = await self.ask(method, path, **more)
        body = await answer.json()
        assert answer.status >= 400
        assert isinstance(body["code"], str)
        assert body["message"]
        return answer.status, body


@pytest.fixture
def settings() -> Settings:
    return Settings(secret_key=KEY)


@pytest.fixture
async def gateway(settings: Settings) -> AsyncIterator[Gateway]:
    lookups, definitions, writer = FakeLookups(), FakeDefinitions(), FakeWriter()
    parts = make_parts(settings, lookups, definitions, describe_user, writer)
    definitions.tell()
    main, metrics = TestServer(make_app(parts)), TestServer(make_metrics_app(parts))
    for server in (main, metrics):
        await server.start_server(auto_decompress=False)  # as the real one
    async with TestClient(main) as client, TestClient(metrics) as metrics_client:
        yield Gateway(client, metrics_client, lookups, definitions, writer, parts)
