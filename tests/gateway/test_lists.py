"""Static segments over HTTP: what is written, in which order, and what is answered."""

import asyncio
from typing import Any

import pytest

from gateway.position import decode_position
from gateway.segments import lists
from schemas.segments import SegmentVersion
from schemas.topics import Topic
from schemas.transfers import Listing, decode
from tests.gateway.conftest import Gateway

EVERYTHING = str(1 << 40)


@pytest.fixture(autouse=True)
def arrives(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers that are always up to date."""
    gateway.lookups.told = [{"o:transfers": EVERYTHING} for _ in range(gateway.lookups.partitions)]


def said(gateway: Gateway) -> list[Listing]:
    records = [
        value for (topic, _), each in gateway.writer.log.items() if topic is Topic.TRANSFERS for _, value in each
    ]
    listings = [decode(value) for value in records]
    assert all(isinstance(each, Listing) for each in listings)
    return sorted(listings, key=lambda each: each.to)


def live(gateway: Gateway, id: str) -> SegmentVersion:
    version = gateway.definitions.segments[id].live
    assert version is not None
    return version


async def make(gateway: Gateway, **body: Any) -> Any:
    answer = await gateway.ask("POST", "/v1/segments", json={"name": "VIPs", **body})
    assert answer.status == 201, await answer.text()
    return await answer.json()


async def put(gateway: Gateway, mode: str, *users: Any) -> Any:
    body = {"mode": mode, "users": list(users)} if mode != "clear" else {"mode": mode}
    answer = await gateway.ask("PUT", "/v1/segments/vips/users", json=body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_a_list_is_made_of_ids(gateway: Gateway) -> None:
    made = await make(gateway, users=["ann", 7, "ann"])
    assert (made["id"], made["static"], made["status"], made["version"]) == ("vips", True, "live", 1)
    assert "rule" not in made
    assert made["sentence"]
    slot = live(gateway, "vips").slot
    assert [(each.to, each.sent, each.slot, each.on) for each in said(gateway)] == [
        ("7", "7", slot, True),
        ("ann", "ann", slot, True),
    ]
    assert sum(decode_position(made["position"], 8).values()) == 2


async def test_nobody_is_in_it_until_all_have_arrived(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway.lookups.told = []
    monkeypatch.setattr(gateway.parts.lists, "_patience", 0.05)
    made = await make(gateway, users=["ann"])
    assert made["status"] == "backfilling"
    assert gateway.definitions.segments["vips"].live is None
    gateway.lookups.told = [{"o:transfers": EVERYTHING} for _ in range(4)]
    async with asyncio.timeout(10):
        while gateway.definitions.segments["vips"].live is None:  # noqa: ASYNC110  # the coordinator sees to it
            await asyncio.sleep(0.01)


async def test_an_empty_list_is_live_at_once(gateway: Gateway) -> None:
    gateway.lookups.told = []
    assert (await make(gateway, users=[]))["status"] == "live"
    assert not said(gateway)


async def test_ids_are_put_on_it_and_taken_off(gateway: Gateway) -> None:
    await make(gateway, users=[])
    slot = live(gateway, "vips").slot
    assert (await put(gateway, "append", "ann", "bob"))["version"] == 1
    await put(gateway, "remove", "cid")
    assert [(each.to, each.on, each.slot) for each in said(gateway)] == [
        ("ann", True, slot),
        ("bob", True, slot),
        ("cid", False, slot),
    ]
    since = {each.since for each in said(gateway)}
    assert since == {gateway.definitions.changed_at}


async def test_another_content_has_a_slot_of_its_own_that_is_never_given_again(gateway: Gateway) -> None:
    await make(gateway, users=["ann"])
    first = live(gateway, "vips").slot
    assert (await put(gateway, "replace", "bob"))["version"] == 2
    second = live(gateway, "vips").slot
    assert (await put(gateway, "clear"))["version"] == 3
    third = live(gateway, "vips").slot
    assert first < second < third
    assert {(each.to, each.slot) for each in said(gateway)} == {("ann", first), ("bob", second)}
    assert (await gateway.ask("DELETE", "/v1/segments/vips")).status == 204
    assert (await gateway.make(name="Other"))["id"] == "other"
    pending = gateway.definitions.segments["other"].pending
    assert pending is not None
    assert pending.slot > third


async def test_what_is_listed_is_the_sum_over_the_partitions(gateway: Gateway) -> None:
    await make(gateway, users=["ann"])
    slot = live(gateway, "vips").slot
    for at, fields in enumerate(gateway.lookups.told):
        fields["listed"] = f"{slot}:{at + 1} 999:5"
    gateway.lookups.slots = {"ann": {0, slot}, "bob": {0}}
    await gateway.forget_sizes()
    shown = await gateway.get("/v1/segments/vips")
    assert (shown["listed"], shown["size"]) == (10, 1)
    (every,) = (await gateway.get("/v1/segments"))["segments"]
    assert every["listed"] == 10


async def test_a_segment_by_rule_has_no_users_of_its_own(gateway: Gateway) -> None:
    await gateway.make()
    status, body = await gateway.error("PUT", "/v1/segments/keen/users", json={"mode": "append", "users": ["ann"]})
    assert (status, body["code"]) == (409, "by_rule")
    status, body = await gateway.error("PUT", "/v1/segments/keen", json={"name": "n", "users": ["ann"]})
    assert (status, body["code"]) == (422, "kind_is_fixed")
    status, body = await gateway.error("PUT", "/v1/segments/none/users", json={"mode": "clear"})
    assert status == 404


async def test_nor_does_a_list_become_a_rule(gateway: Gateway) -> None:
    await make(gateway, users=["ann"])
    rule = {"did": {"event": "$page"}}
    for method in ("PUT", "PATCH"):
        status, body = await gateway.error(method, "/v1/segments/vips", json={"name": "n", "rule": rule})
        assert (status, body["code"]) == (422, "kind_is_fixed")
    status, body = await gateway.error("POST", "/v1/segments", json={"name": "n", "rule": rule, "users": []})
    assert (status, body["code"]) == (422, "two_kinds")


async def test_its_name_changes_and_its_users_stay(gateway: Gateway) -> None:
    made = await make(gateway, users=["ann"])
    answer = await gateway.ask("PUT", "/v1/segments/vips", json={**made, "name": "Others"})
    changed = await answer.json()
    assert (answer.status, changed["name"], changed["version"]) == (200, "Others", 1)
    answer = await gateway.ask("PATCH", "/v1/segments/vips", json={"users": ["bob"]})
    assert (await answer.json())["version"] == 2
    assert said(gateway)[-1].to == "bob"


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"mode": "add", "users": []}, "mode", "bad_mode"),
        ({"mode": "append"}, "users", "not_a_list"),
        ({"mode": "append", "users": ["ann", ""]}, "users[1]", "bad_id"),
        ({"mode": "append", "users": ["x" * 257]}, "users[0]", "bad_id"),
        ({"mode": "append", "users": [None]}, "users[0]", "bad_id"),
        ({"mode": "clear", "users": ["ann"]}, "users", "not_wanted"),
        ({"mode": "append", "users": [], "extra": 1}, "extra", "unknown_key"),
    ],
)
async def test_what_is_no_change(gateway: Gateway, body: Any, path: str, code: str) -> None:
    await make(gateway, users=[])
    status, told = await gateway.error("PUT", "/v1/segments/vips/users", json=body)
    assert (status, told["errors"][0]["path"], told["errors"][0]["code"]) == (422, path, code)


async def test_a_call_has_so_many_ids_and_no_more(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.segments.listed.MOST_IDS", 3)
    monkeypatch.setattr(lists, "PORTION", 2)
    await make(gateway, users=["a", "b", "c"])
    assert len(said(gateway)) == 3
    status, body = await gateway.error("PUT", "/v1/segments/vips/users", json={"mode": "append", "users": [*"abcd"]})
    assert (status, body["code"]) == (422, "too_many")


async def test_a_list_that_could_not_be_written_is_not_made(gateway: Gateway) -> None:
    gateway.writer.away = True
    status, _ = await gateway.error("POST", "/v1/segments", json={"name": "VIPs", "users": ["ann"]})
    assert status == 503
    assert not gateway.definitions.segments


async def test_a_content_that_was_never_written_is_given_up(gateway: Gateway) -> None:
    await make(gateway, users=["ann"])
    gateway.writer.away = True
    status, _ = await gateway.error("PUT", "/v1/segments/vips/users", json={"mode": "replace", "users": ["bob"]})
    assert status == 503
    assert gateway.definitions.segments["vips"].pending is not None
    gateway.writer.away = False
    await put(gateway, "append", "cid")
    assert gateway.definitions.segments["vips"].pending is None
    assert said(gateway)[-1].slot == live(gateway, "vips").slot


async def test_its_versions_have_no_rule(gateway: Gateway) -> None:
    await make(gateway, users=["ann"])
    await put(gateway, "clear")
    versions = (await gateway.get("/v1/segments/vips/versions"))["versions"]
    assert [(each["version"], each["static"]) for each in versions] == [(1, True), (2, True)]


async def test_rules_may_refer_to_it(gateway: Gateway) -> None:
    await make(gateway, users=["ann"])
    await gateway.make(name="Not VIPs", rule={"not": {"segment": "vips"}})
    status, body = await gateway.error("DELETE", "/v1/segments/vips")
    assert (status, body["segments"]) == (409, ["not-vips"])
