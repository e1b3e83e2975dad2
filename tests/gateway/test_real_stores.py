"""Gateways on a real broker and store: two that change segments at once, a fill to its end, stores going away."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from cli.ports import free_ports
from gateway.app import make_app
from gateway.clock import now
from gateway.parts import make_parts
from gateway.segments.changing import LockedDefinitions
from gateway.segments.lock import Lock
from schemas.errors import Unavailable
from schemas.settings import Settings, as_environment
from stores import keys
from stores.definitions import DefinitionLog
from stores.lookups import Lookups
from stores.topics import create_topics
from streams.profile_view import describe_user
from tests.gateway.collecting import FakeWriter
from tests.gateway.conftest import RULE
from tests.support import servers
from tests.support.servers import Server

HEADERS = {"Authorization": "Bearer dev-secret"}


@pytest.fixture
def settings(broker: Server, redis_server: Server, namespace: str) -> Settings:
    made = replace(Settings(), kafka=broker.address, redis=redis_server.url, namespace=namespace, partitions=2)
    create_topics(made)
    return made


@asynccontextmanager
async def gateway(settings: Settings) -> AsyncIterator[tuple[TestClient[Any, Any], Lookups, DefinitionLog]]:
    lookups = Lookups(str(settings.redis), settings.namespace, settings.partitions)
    log = DefinitionLog(str(settings.kafka), settings.namespace)
    definitions = LockedDefinitions(
        log,
        Lock(lookups.redis, keys.lock(settings.namespace)),
        lambda id: Lock(lookups.redis, keys.list_lock(settings.namespace, id)),
    )
    parts = make_parts(settings, lookups, definitions, describe_user, FakeWriter())
    await log.start()
    async with TestClient(TestServer(make_app(parts)), headers=HEADERS) as client:
        yield client, lookups, log
    await log.stop()
    await lookups.close()


async def post(client: TestClient[Any, Any], **body: Any) -> int:
    answer = await client.post("/v1/segments", json={"name": "n", "rule": RULE, **body})
    return answer.status


async def report(lookups: Lookups, settings: Settings, **fields: Any) -> None:
    for partition in range(settings.partitions):
        pairs = [part for pair in fields.items() for part in pair]
        await lookups.redis.hset(keys.fields(settings.namespace, partition).decode(), items=pairs)


async def until(holds: Any, seconds: float = 10) -> None:
    for _ in range(int(seconds * 20)):
        if await holds():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it never came to that")


async def test_two_gateways_at_once_agree(settings: Settings) -> None:
    async with gateway(settings) as (one, _, log), gateway(settings) as (two, _, other):
        asked = [(client, f"s{i}") for i in range(6) for client in (one, two)]
        statuses = await asyncio.gather(*(post(client, id=id) for client, id in asked))
        assert sorted(statuses) == [201] * 6 + [409] * 6
        await log.refresh()
        await other.refresh()
        assert log.segments == other.segments
        slots = [record.pending.slot for record in log.segments.values() if record.pending]
        assert len(set(slots)) == 6


async def test_a_fill_goes_live_in_every_gateway(settings: Settings) -> None:
    async with gateway(settings) as (one, lookups, _), gateway(settings) as (two, _, _):
        assert await post(one, id="a") == 201
        assert await post(two, id="b", rule={"segment": "a"}) == 201

        for state in ("read", "filled"):
            await report(lookups, settings, fill=f"1:1:1:{state}", w=str(now()), whole="1")
            await asyncio.sleep(1.5)

        async def all_live() -> bool:
            listed = [(await (await client.get("/v1/segments")).json())["segments"] for client in (one, two)]
            return all(each["status"] == "live" for segments in listed for each in segments)

        await until(all_live)
        assert (await one.get("/readyz")).status == 200


async def test_a_gateway_that_starts_in_the_middle_of_a_fill_ends_it(settings: Settings) -> None:
    async with gateway(settings) as (client, lookups, log):
        assert await post(client, id="a") == 201

        async def begun() -> bool:
            return log.fill is not None and log.fill.phase == "read"

        await until(begun)
        await report(lookups, settings, fill="1:1:1:read")
    async with gateway(settings) as (client, lookups, log):

        async def judging() -> bool:
            return log.fill is not None and log.fill.phase == "judge"

        await until(judging)
        await report(lookups, settings, fill="1:1:1:filled")

        async def live() -> bool:
            return bool((await (await client.get("/v1/segments/a")).json())["status"] == "live")

        await until(live)


async def test_only_its_holder_lets_a_lock_go(settings: Settings) -> None:
    lookups = Lookups(str(settings.redis), settings.namespace, 1)
    name = keys.lock(settings.namespace)
    async with Lock(lookups.redis, name).held():
        # It ran out, and somebody else holds it now.
        await lookups.redis.set(name.decode(), "another", px=10_000)
    assert await lookups.redis.get(name.decode()) == b"another"
    await lookups.close()


async def test_a_lock_that_is_not_let_go_is_503(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from gateway.segments import lock

    monkeypatch.setattr(lock, "PATIENCE", 0.1)
    lookups = Lookups(str(settings.redis), settings.namespace, 1)
    await lookups.redis.set(keys.lock(settings.namespace).decode(), "another", px=10_000)
    with pytest.raises(Unavailable):
        async with Lock(lookups.redis, keys.lock(settings.namespace)).held():
            pass
    await lookups.close()


@pytest.fixture
def process(settings: Settings, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Server, Path]]:
    """`shoal gateway` with a store of its own, its address, that store, and what it writes to stderr."""
    port = free_ports(2)
    with servers.valkey() as store, (tmp_path / "err").open("wb") as errors:
        environment = as_environment(replace(settings, port=port, redis=store.url))
        command = [sys.executable, "-m", "cli.main", "gateway"]
        child = subprocess.Popen(command, env={**os.environ, **environment}, stderr=errors)
        try:
            yield child, f"http://127.0.0.1:{port}", store, tmp_path / "err"
        finally:
            child.kill()
            child.wait()


async def answers(session: ClientSession, url: str) -> None:
    async def ready() -> bool:
        try:
            async with session.get(f"{url}/v1/users/a/segments") as answer:
                return answer.status == 200
        except OSError:
            return False

    await until(ready, 20)


async def test_redis_gone_or_silent_is_503_soon_and_all_is_right_when_it_is_back(
    process: tuple[subprocess.Popen[bytes], str, Server, Path],
) -> None:
    child, url, store, errors = process
    async with ClientSession(headers=HEADERS) as session:
        await answers(session, url)
        os.kill(store.pid, signal.SIGSTOP)
        started = time.monotonic()
        statuses = [session.get(f"{url}/v1/users/u{i}/segments") for i in range(50)]
        for answer in await asyncio.gather(*statuses):
            assert answer.status == 503
            assert answer.headers["Retry-After"]
        assert time.monotonic() - started < 4
        os.kill(store.pid, signal.SIGCONT)
        await answers(session, url)
        os.kill(store.pid, signal.SIGKILL)
        await asyncio.sleep(0.3)
        started = time.monotonic()
        async with session.get(f"{url}/v1/users/a/segments") as answer:
            assert (answer.status, (await answer.json())["code"]) == (503, "unavailable")
        assert time.monotonic() - started < 0.5
        async with session.get(f"{url}/readyz") as answer:
            assert answer.status == 503
        child.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert await asyncio.to_thread(child.wait, 10) == 0
        assert time.monotonic() - started < 5
    assert b"Traceback" not in errors.read_bytes()


async def test_sigterm_ends_it_within_five_seconds_with_connections_open(
    process: tuple[subprocess.Popen[bytes], str, Server, Path],
) -> None:
    child, url, _, errors = process
    async with ClientSession(headers=HEADERS) as session:
        await answers(session, url)
        async with session.get(f"{url}/v1/overview") as answer:
            assert answer.status == 200
        child.send_signal(signal.SIGTERM)
        started = time.monotonic()
        assert await asyncio.to_thread(child.wait, 10) == 0
        assert time.monotonic() - started < 5
    assert errors.read_bytes() == b""


async def test_a_port_that_is_taken_is_one_clear_line(
    process: tuple[subprocess.Popen[bytes], str, Server, Path], settings: Settings
) -> None:
    _, url, store, _ = process
    async with ClientSession(headers=HEADERS) as session:
        await answers(session, url)
    environment = as_environment(replace(settings, port=int(url.rpartition(":")[2]), redis=store.url))
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "cli.main", "gateway"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert second.returncode != 0
    assert len(second.stderr.strip().splitlines()) == 1
    assert "cannot listen on" in second.stderr or "taken" in second.stderr
