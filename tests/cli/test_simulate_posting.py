"""Posting against a collector of the test's own, that is away, busy or strict as the test wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import BasicAuth, web
from click.testing import CliRunner

from cli.simulate import simulate
from cli.simulation.calls import Plan
from cli.simulation.run import Target, run, wall_clock
from schemas.errors import StartError
from schemas.times import MINUTE, SECOND, format_instant


@dataclass
class Collector:
    """Takes what is posted; `refusals` are answered first, each with its status and headers."""

    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    segments: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    sizes: list[int] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def batch(self, request: web.Request) -> web.Response:
        self.keys.add(BasicAuth.decode(request.headers["Authorization"]).login)
        body = await request.json()
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return web.json_response({"code": "no", "message": "not now"}, status=status, headers=headers)
        self.sizes.append(len(await request.read()))
        self.calls += body["batch"]
        self.reached.set()
        return web.json_response({"success": True, "position": "1"})

    async def segment(self, request: web.Request) -> web.Response:
        self.keys.add(request.headers["Authorization"])
        body = await request.json()
        taken = body["id"] in {segment["id"] for segment in self.segments}
        self.segments.append(body)
        return web.json_response({}, status=409 if taken else 201)

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[Target]:
        app = web.Application()
        app.add_routes([web.post("/v1/batch", self.batch), web.post("/v1/segments", self.segment)])
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        try:
            yield Target(f"http://{host}:{port}", "dev", "dev-secret")
        finally:
            await runner.cleanup()


def plan(rate: float = 40.0, history: int = 5 * MINUTE) -> Plan:
    return Plan(1, wall_clock(), history, 50, rate)


async def test_posts_segments_then_the_past_then_the_present() -> None:
    collector = Collector()
    shop = plan()
    async with collector.serve() as target:
        await run(shop, target, 2 * SECOND, asyncio.Event())
    assert collector.keys == {"dev", "Bearer dev-secret"}
    assert collector.segments[0]["id"] == "in-the-shop-now"
    assert len(collector.segments) == 6
    past = [call for call in collector.calls if call["messageId"] and call["timestamp"] < format_instant(shop.now)]
    assert len(past) == pytest.approx(40 * 300, rel=0.1)
    present = len(collector.calls) - len(past)
    assert 0 < present < 1.4 * 40 * (wall_clock() - shop.now) / SECOND
    assert len({call["messageId"] for call in collector.calls}) == len(collector.calls)
    assert max(collector.sizes) < 500_000


async def test_segments_that_are_there_are_left_alone() -> None:
    collector = Collector()
    async with collector.serve() as target:
        for _ in range(2):
            await run(plan(history=0), target, 0, asyncio.Event())
    assert len(collector.segments) == 12


async def test_waits_as_long_as_it_is_told_and_posts_again() -> None:
    collector = Collector(refusals=[(503, {"Retry-After": "1"}), (429, {"Retry-After": "1"})])
    async with collector.serve() as target:
        began = wall_clock()
        await run(plan(rate=5.0, history=10 * SECOND), target, 0, asyncio.Event())
    assert wall_clock() - began >= 2 * SECOND
    assert len({call["messageId"] for call in collector.calls}) == len(collector.calls) == pytest.approx(50, abs=10)


async def test_a_wrong_key_ends_it_with_one_line() -> None:
    collector = Collector(refusals=[(401, {})])
    async with collector.serve() as target:
        with pytest.raises(StartError, match="/v1/batch answered 401"):
            await run(plan(), target, SECOND, asyncio.Event())


async def test_stops_at_once_when_told() -> None:
    collector = Collector()
    stop = asyncio.Event()
    async with collector.serve() as target:
        running = asyncio.ensure_future(run(plan(), target, None, stop))
        await collector.reached.wait()
        began = wall_clock()
        stop.set()
        await running
    assert wall_clock() - began < SECOND


def test_an_unreachable_collector_is_one_line_and_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.simulation.poster.PATIENCE", 0.3)
    answer = CliRunner().invoke(simulate, ["--url", "http://127.0.0.1:1"])
    assert answer.exit_code == 1
    assert "cannot be reached" in answer.stderr
    assert answer.stderr.count("\n") <= 2


@pytest.mark.parametrize("arguments", [["--history", "soon"], ["--rate", "0"], ["--users", "-1"]])
def test_flags_are_checked(arguments: list[str]) -> None:
    assert CliRunner().invoke(simulate, arguments).exit_code == 2
