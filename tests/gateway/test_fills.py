"""From `backfilling` to `live`: the loop that acts on what is decided, over stand-ins for the workers."""

import asyncio
from typing import Any

import pytest

from gateway.clock import now
from gateway.segments import coordinator as loop
from tests.gateway.conftest import RULE, Gateway
from tests.gateway.fakes import beating


def workers(gateway: Gateway, state: str, fill: int = 1, done: int = 1, total: int = 2) -> None:
    gateway.lookups.told = beating(now(), fill=f"{fill}:{done}:{total}:{state}")


async def until(holds: Any, seconds: float = 5) -> None:
    for _ in range(int(seconds * 100)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "WATCH", 0.01)
    monkeypatch.setattr(loop, "QUIET", 0.05)
    monkeypatch.setattr(loop, "AGAIN", 0.02)


def phase(gateway: Gateway) -> tuple[int, str] | None:
    fill = gateway.definitions.fill
    return None if fill is None else (fill.fill, fill.phase)


async def test_segments_made_together_are_filled_by_one_pass(gateway: Gateway) -> None:
    for id in ("a", "b", "c"):
        await gateway.make(id=id)
    await until(lambda: phase(gateway) == (1, "read"))
    fill = gateway.definitions.fill
    assert fill is not None
    assert sorted(fill.versions) == [("a", 1), ("b", 1), ("c", 1)]
    workers(gateway, "reading")
    assert (await gateway.get("/v1/segments/a"))["progress"] == 0.4
    await gateway.make(id="late")
    workers(gateway, "read")
    await until(lambda: phase(gateway) == (1, "judge"))
    workers(gateway, "judging")
    body = await gateway.get("/v1/segments/a")
    assert (body["status"], 0.8 < body["progress"] < 1) == ("backfilling", True)
    assert (await gateway.get("/v1/segments/late"))["progress"] == 0
    workers(gateway, "filled")
    await until(lambda: phase(gateway) == (2, "read"))
    listed = (await gateway.get("/v1/segments"))["segments"]
    assert {each["id"]: each["status"] for each in listed} == dict.fromkeys("abc", "live") | {"late": "backfilling"}


async def test_segments_that_keep_coming_are_waited_for_but_not_for_ever(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "MOST_QUIET_SPELLS", 5)

    async def keep_making() -> None:
        for i in range(60):
            await gateway.make(id=f"s{i}")
            await asyncio.sleep(0.02)

    making = asyncio.create_task(keep_making())
    await until(lambda: phase(gateway) == (1, "read"))
    assert not making.done()
    fill = gateway.definitions.fill
    assert fill is not None
    assert 3 <= len(fill.versions) < 60
    await making


async def test_one_partition_that_lags_holds_all(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await until(lambda: phase(gateway) == (1, "read"))
    workers(gateway, "read")
    gateway.lookups.told[2]["fill"] = "1:1:2:reading"
    await asyncio.sleep(0.2)
    assert phase(gateway) == (1, "read")
    gateway.lookups.told[2] = {}
    await asyncio.sleep(0.2)
    assert phase(gateway) == (1, "read")


async def test_a_fill_that_fails_keeps_the_old_version_answering(gateway: Gateway) -> None:
    await gateway.make(id="a")
    for state in ("read", "filled"):
        await until(lambda: phase(gateway) is not None)
        workers(gateway, state)
        await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (1, "done"))
    gateway.lookups.slots["ann"] = {0, 16}
    await gateway.ask("PATCH", "/v1/segments/a", json={"rule": {"not": RULE}})
    await until(lambda: phase(gateway) == (2, "read"))
    workers(gateway, "failed:no room left", fill=2)
    await until(lambda: phase(gateway) == (2, "done"))
    body = await gateway.get("/v1/segments/a")
    assert (body["status"], body["error"], body["version"]) == ("failed", "no room left", 2)
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == ["a"]


async def test_what_failed_holds_no_other_segment(gateway: Gateway) -> None:
    """What a failed version asked for may be deleted; then it cannot come back."""
    await gateway.make(id="base")
    await gateway.make(id="s", rule={"segment": "base"})
    await until(lambda: phase(gateway) == (1, "read"))
    assert (await gateway.error("DELETE", "/v1/segments/base"))[1]["segments"] == ["s"]
    workers(gateway, "failed:no room left")
    await until(lambda: phase(gateway) == (1, "done"))
    assert (await gateway.ask("DELETE", "/v1/segments/base")).status == 204
    status, error = await gateway.error("PATCH", "/v1/segments/s", json={"rule": {"segment": "base"}})
    assert (status, error["errors"][0]["code"]) == (422, "unknown_segment")
    assert (await gateway.get("/v1/segments/s"))["status"] == "failed"


async def test_the_same_rule_again_is_tried_again_after_a_failure(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await until(lambda: phase(gateway) == (1, "read"))
    workers(gateway, "failed:no room left")
    await until(lambda: phase(gateway) == (1, "done"))
    workers(gateway, "reading", fill=2)
    body = await (await gateway.ask("PATCH", "/v1/segments/a", json={"rule": RULE})).json()
    assert (body["status"], body["version"], "error" in body) == ("backfilling", 2, False)
    await until(lambda: phase(gateway) == (2, "read"))
    for state in ("read", "filled"):
        workers(gateway, state, fill=2)
        await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (2, "done"))
    assert (await gateway.get("/v1/segments/a"))["status"] == "live"


async def test_an_edit_amid_the_fill_of_an_edit(gateway: Gateway) -> None:
    """The first edit never goes live; the old version answers until the second one does."""
    await gateway.make(id="a")
    for state in ("read", "filled"):
        await until(lambda: phase(gateway) is not None)
        workers(gateway, state)
        await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (1, "done"))
    seen: list[int] = []
    gateway.definitions.on_change(lambda: seen.append(live_version(gateway, "a")))
    await gateway.ask("PATCH", "/v1/segments/a", json={"rule": {"not": RULE}})
    await until(lambda: phase(gateway) == (2, "read"))
    await gateway.ask("PUT", "/v1/segments/a", json={"name": "a", "rule": {"not": {"not": RULE}}})
    for fill in (2, 3):
        for state in ("read", "filled"):
            await until(lambda fill=fill: (phase(gateway) or (0, ""))[0] == fill)
            workers(gateway, state, fill=fill)
            await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (3, "done"))
    assert set(seen) == {1, 3}
    assert seen == sorted(seen)


def live_version(gateway: Gateway, id: str) -> int:
    live = gateway.definitions.segments[id].live
    assert live is not None
    return live.version


async def test_redis_or_the_broker_away_only_delays(gateway: Gateway) -> None:
    await gateway.make(id="a")
    gateway.definitions.away = True
    await asyncio.sleep(0.3)
    assert phase(gateway) is None
    gateway.definitions.away = False
    await until(lambda: phase(gateway) == (1, "read"))
    gateway.lookups.away = True
    workers(gateway, "read")
    await asyncio.sleep(0.2)
    assert phase(gateway) == (1, "read")
    gateway.lookups.away = False
    await until(lambda: phase(gateway) == (1, "judge"))


async def test_a_fill_of_nothing_left_is_walked_to_its_end(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await until(lambda: phase(gateway) == (1, "read"))
    await gateway.ask("DELETE", "/v1/segments/a")
    for state, then in (("read", "judge"), ("filled", "done")):
        workers(gateway, state)
        await until(lambda then=then: phase(gateway) == (1, then))
    assert gateway.definitions.segments == {}
