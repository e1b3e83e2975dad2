"""What browsers need: preflights, answers that every origin can read, the documents that their SDKs fetch."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import BasicAuth

from tests.gateway.collecting import KEY, Collector, collector


@pytest.fixture
async def it() -> AsyncIterator[Collector]:
    async with collector() as running:
        yield running


PATHS = [
    "track",
    "t",
    "page",
    "p",
    "screen",
    "s",
    "identify",
    "i",
    "group",
    "g",
    "alias",
    "a",
    "batch",
    "b",
    "import",
    "m",
]


@pytest.mark.parametrize(
    "path",
    [
        *(f"/v1/{path}" for path in PATHS),
        "/beacon/v1/batch",
        "/v1/projects/dev/settings",
        "/sourceConfig/",
        "/v1/processed",
    ],
)
async def test_preflight(it: Collector, path: str) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Headers": "authorization,x-custom"}
    asked["Access-Control-Request-Method"] = "POST"
    async with it.client.options(path, headers=asked) as response:
        assert response.status == 204
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        named = {name.strip().lower() for name in response.headers["Access-Control-Allow-Headers"].split(",")}
        assert {"authorization", "content-type", "content-encoding", "anonymousid", "x-custom"} <= named
        assert "POST" in response.headers["Access-Control-Allow-Methods"]


@pytest.mark.parametrize(("auth", "status"), [(KEY, 200), (BasicAuth("wrong"), 401)])
async def test_every_answer_can_be_read_by_every_origin(it: Collector, auth: BasicAuth, status: int) -> None:
    options: dict[str, Any] = {"auth": auth, "json": {"userId": "u", "event": "x"}}
    async with it.client.post("/v1/track", headers={"Origin": "null"}, **options) as response:
        assert response.status == status
        assert response.headers["Access-Control-Allow-Origin"] == "null"
    async with it.client.post("/v1/track", **options) as response:
        assert response.headers["Access-Control-Allow-Origin"] == "*"


async def test_a_header_of_the_asker_cannot_break_the_answer(it: Collector) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Headers": "x, <script>"}
    async with it.client.options("/v1/track", headers=asked) as response:
        assert "<" not in response.headers["Access-Control-Allow-Headers"]


async def test_the_sdks_own_metrics_are_ignored(it: Collector) -> None:
    assert await it.post("/v1/m", {"series": []}, auth=None) == {"success": True}
    assert not it.writer.log


async def test_settings_for_analytics_js(it: Collector) -> None:
    async with it.client.get("/v1/projects/dev/settings") as response:
        assert (await response.json())["integrations"]["Segment.io"]["apiKey"] == "dev"
    async with it.client.get("/v1/projects/other/settings") as response:
        assert response.status == 404


async def test_source_config_for_rudderstack(it: Collector) -> None:
    for options in ({"auth": KEY}, {"params": {"writeKey": "dev", "p": "npm"}}):
        async with it.client.get("/sourceConfig/", **options) as response:  # type: ignore[arg-type]
            assert (await response.json())["source"]["writeKey"] == "dev"
    async with it.client.get("/sourceConfig/", params={"writeKey": "x"}) as response:
        assert response.status == 401
