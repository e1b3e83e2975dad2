"""Erasing over HTTP: in which order things are written and waited for; what gateways forget."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from gateway.auth import SecretKey
from gateway.budget import Budget
from gateway.collector.known import Known
from gateway.errors import guard
from gateway.position import Passing
from gateway.users import forgetting as leases
from gateway.users.erasing import Erasing
from gateway.users.forgetting import Forgetting
from gateway.users.routes import add_routes
from gateway.users.uploading import Uploads
from schemas.errors import Unavailable
from schemas.events import MARK
from schemas.topics import EVENT_TOPICS, Topic
from schemas.transfers import Erase, decode
from streams.partition import partition_of
from tests.gateway.collecting import FakeWriter, serving
from tests.gateway.fakes import FakeLookups

KEY = {"Authorization": "Bearer secret"}
PARTITIONS = 4
MARKED = (*EVENT_TOPICS, Topic.IDENTITY)


@dataclass
class System(FakeLookups):
    """Workers that have applied so much of each topic."""

    applied: dict[Topic, int] = field(default_factory=dict)

    async def fields(self) -> list[dict[str, str]]:
        self._reach()
        return [{f"o:{topic}": str(end) for topic, end in self.applied.items()} for _ in range(PARTITIONS)]


@asynccontextmanager
async def gateway(writer: FakeWriter, system: System, patience: float = 5.0) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application(middlewares=[guard])
    known = Known()
    erasing = Erasing(writer, system, Forgetting(system, known.forget), PARTITIONS, patience)
    add_routes(app, SecretKey("secret"), Uploads(writer, Budget(), PARTITIONS), erasing)
    async with serving(app) as server, TestClient(server) as client:
        yield client


@pytest.fixture(autouse=True)
def short_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "LEASE", 0.01)


async def until(condition: Any) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # of things in memory
            await asyncio.sleep(0.01)


async def test_first_all_that_was_acknowledged_then_the_user_then_the_answer() -> None:
    writer, system = FakeWriter(), System()
    asked = (Topic.TRANSFERS, partition_of("ann", PARTITIONS))
    async with gateway(writer, system) as client:
        answer = asyncio.create_task(client.delete("/v1/users/ann", headers=KEY))
        await until(lambda: all(writer.log[topic, at] == [(None, MARK)] for topic in MARKED for at in range(4)))
        assert not writer.log[asked]
        system.applied = dict.fromkeys(MARKED, 1)
        await until(lambda: writer.log[asked])
        ((key, value),) = writer.log[asked]
        assert (key, decode(value)) == (b"ann", Erase(to="ann"))
        assert not answer.done()
        assert system.erased == 0
        system.applied[Topic.TRANSFERS] = 1
        response = await answer
    assert response.status == 204
    assert system.erased == 1


async def test_who_asks_again_waits_for_the_same() -> None:
    writer, system = FakeWriter(), System()
    async with gateway(writer, system, patience=0.05) as client:
        for _ in range(3):
            response = await client.delete("/v1/users/ann", headers=KEY)
            assert response.status == 503
            assert response.headers["Retry-After"] == "5"
        assert len(writer.log[Topic.IDENTITY, 0]) == 1
        system.applied = dict.fromkeys((*MARKED, Topic.TRANSFERS), 1)
        response = await client.delete("/v1/users/ann", headers=KEY)
        assert response.status in (204, 503)
        await until(lambda: system.erased)
        assert len(writer.log[Topic.IDENTITY, 0]) == 1


async def test_many_at_once_share_their_marks() -> None:
    writer, system = FakeWriter(), System(applied=dict.fromkeys((*MARKED, Topic.TRANSFERS), 1000))
    async with gateway(writer, system) as client:
        ids = [f"user-{number}" for number in range(20)]
        answers = await asyncio.gather(*(client.delete(f"/v1/users/{id}", headers=KEY) for id in ids))
    assert {answer.status for answer in answers} == {204}
    assert len(writer.log[Topic.IDENTITY, 0]) < len(ids)
    assert sum(len(writer.log[Topic.TRANSFERS, at]) for at in range(PARTITIONS)) == len(ids)


async def test_what_can_be_no_id_is_nobody() -> None:
    writer = FakeWriter()
    async with gateway(writer, System()) as client:
        assert (await client.delete("/v1/users/" + "x" * 257, headers=KEY)).status == 204
        assert (await client.delete("/v1/users/a%00b", headers=KEY)).status == 204
        assert (await client.delete("/v1/users/ann")).status == 401
    assert not any(writer.log.values())


@pytest.mark.parametrize("part", ["broker", "redis"])
async def test_while_something_is_away(part: str) -> None:
    writer, system = FakeWriter(away=part == "broker"), System(away=part == "redis")
    async with gateway(writer, system) as client:
        response = await client.delete("/v1/users/ann", headers=KEY)
        assert response.status == 503
        assert "Retry-After" in response.headers


async def test_what_is_remembered_is_not_used_when_it_may_be_untrue() -> None:
    system, known = System(), Known()
    lease = Forgetting(system, known.forget)
    assert not lease.trusted()
    await lease.look()
    assert lease.trusted()
    generation = known.generation
    await lease.look()
    assert known.generation == generation
    system.erased += 1
    await lease.look()
    assert known.generation == generation + 1
    await asyncio.sleep(0.02)
    assert not lease.trusted()
    system.away = True
    with pytest.raises(Unavailable):
        await lease.look()
    assert not lease.trusted()


def test_what_was_told_before_is_not_remembered_after() -> None:
    known = Known()
    fact = ("ann", "user", None, True)
    generation = known.generation
    known.forget()
    known.add({fact: 3}, now=0, generation=generation)
    assert known.end(fact, 0) is None
    known.add({fact: 3}, now=0, generation=known.generation)
    assert known.end(fact, 0) == 3


def test_all_that_follows_has_passed_when_nothing_is_under_way() -> None:
    passing = Passing({(Topic.TRANSFERS, 0): 1}, messages=5)
    assert not passing.passed([{}, {}])
    assert not passing.passed([{"o:transfers": "1", "out:1": "4"}, {"o:transfers": "3"}])
    assert passing.passed([{"o:transfers": "1", "out:1": "4"}, {"o:transfers": "4"}])


def test_nor_is_it_waited_for_ever_while_others_send_on() -> None:
    passing = Passing({(Topic.TRANSFERS, 0): 1}, messages=2)
    rounds = [[{"o:transfers": str(at), "out:0": str(at + 1)}] for at in range(1, 10)]
    assert [passing.passed(fields) for fields in rounds][:3] == [False, False, True]
