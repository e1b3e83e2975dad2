"""Lookups: the hot path, the bulk call, one user. The ready bytes say what a plain reading says."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from gateway.answers.bulk import as_id
from gateway.cache import LiveTable
from gateway.clock import now
from schemas.profile import Profile
from schemas.segments import SegmentRecord, SegmentVersion
from schemas.times import HOUR, format_instant
from schemas.views import pack_lookup
from tests.gateway.conftest import Gateway


def live(id: str, slot: int) -> SegmentRecord:
    version = SegmentVersion(version=1, slot=slot, rule={}, made=0, covers_from=0, status="live")
    return SegmentRecord(id=id, name=id, created=0, updated=0, live=version)


def pending(id: str, slot: int) -> SegmentRecord:
    version = SegmentVersion(version=1, slot=slot, rule={}, made=0, covers_from=0)
    return SegmentRecord(id=id, name=id, created=0, updated=0, pending=version)


async def put(gateway: Gateway, *records: SegmentRecord) -> None:
    await gateway.definitions.write(records)


async def test_a_users_live_segments_by_any_id(gateway: Gateway) -> None:
    await put(gateway, live("beta", 16), live("alpha", 17), pending("soon", 18))
    gateway.lookups.slots["ann"] = {0, 1, 16, 17, 18, 99}
    gateway.lookups.aliases["anon-1"] = "ann"
    for id in ("ann", "anon-1"):
        assert await gateway.get(f"/v1/users/{id}/segments") == {"user": "ann", "segments": ["alpha", "beta"]}


async def test_an_unknown_user_is_in_no_segment(gateway: Gateway) -> None:
    assert await gateway.get("/v1/users/nobody/segments") == {"user": "nobody", "segments": []}


@pytest.mark.parametrize(
    "id",
    ["a/b", "a b", "ä/ü?&#", "%2F", "100%", "+", "a+b", "../x", "日本", '"quoted"\\', "x" * 256, "new\nline", ";,:@$"],
)
async def test_ids_in_paths_may_hold_any_text(gateway: Gateway, id: str) -> None:
    gateway.lookups.slots[id] = {0}
    url = gateway.client.make_url("/").human_repr().rstrip("/") + f"/v1/users/{quote(id, safe='')}/segments"
    answer = await gateway.client.session.get(URL(url, encoded=True), headers=gateway.headers)
    assert await answer.json() == {"user": id, "segments": []}


async def test_a_user_may_be_called_segments(gateway: Gateway) -> None:
    gateway.lookups.rows["segments"] = Profile(home="segments", ids=["segments"], known_at=now())
    gateway.lookups.slots["segments"] = {0}
    assert (await gateway.get("/v1/users/segments"))["user"] == "segments"
    assert await gateway.get("/v1/users/segments/segments") == {"user": "segments", "segments": []}


async def test_going_live_editing_and_deleting_show_at_once(gateway: Gateway) -> None:
    gateway.lookups.slots["ann"] = {0, 16, 17}
    await put(gateway, pending("s", 16))
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == []
    await put(gateway, live("s", 16))
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == ["s"]
    await put(gateway, live("s", 18))
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == []
    await put(gateway, live("s", 17))
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == ["s"]
    await gateway.definitions.delete("s")
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == []


@given(
    id=st.text(min_size=1).filter(lambda text: "\0" not in text),
    slots=st.sets(st.integers(0, 65535), max_size=40),
    table=st.dictionaries(st.integers(16, 65535), st.text("abc_-", min_size=1, max_size=3), max_size=40),
)
def test_ready_bytes_say_what_a_plain_reading_says(id: str, slots: set[int], table: dict[int, str]) -> None:
    live_table = LiveTable()
    live_table.swap([live(f"{name}{slot}", slot) for slot, name in table.items()])
    plain: Any = {"user": id, "segments": sorted(f"{table[slot]}{slot}" for slot in slots if slot in table)}
    for _ in range(2):
        assert json.loads(live_table.answer("asked", pack_lookup(id, slots))) == plain
    assert json.loads(live_table.answer(id, None)) == {"user": id, "segments": []}


async def test_many_users_in_the_order_asked_with_repeats(gateway: Gateway) -> None:
    await put(gateway, live("s", 16))
    gateway.lookups.slots |= {"ann": {0, 16}, "7": {0}}
    gateway.lookups.aliases["anon"] = "ann"
    answer = await gateway.ask("POST", "/v1/users/segments", json={"users": ["anon", 7, "who", 7.0, "ann", "anon"]})
    ann, seven = {"user": "ann", "segments": ["s"]}, {"user": "7", "segments": []}
    assert await answer.json() == {"users": [ann, seven, {"user": "who", "segments": []}, seven, ann, ann]}


async def test_a_thousand_users_and_no_more(gateway: Gateway) -> None:
    ids = [f"u{i}" for i in range(1001)]
    assert (await gateway.ask("POST", "/v1/users/segments", json={"users": ids[:1000]})).status == 200
    assert (await gateway.ask("POST", "/v1/users/segments", json={"users": []})).status == 200
    status, body = await gateway.error("POST", "/v1/users/segments", json={"users": ids})
    assert (status, body["code"]) == (422, "too_many")


@pytest.mark.parametrize("users", [None, "ann", {"ann": 1}, [True], [None], [["ann"]], [{}]])
async def test_ids_are_text_or_numbers(gateway: Gateway, users: Any) -> None:
    assert (await gateway.error("POST", "/v1/users/segments", json={"users": users}))[0] == 422


def test_numbers_are_ids_by_their_shortest_text() -> None:
    assert [as_id(each) for each in (7, 7.0, -1, 1.5, 0.1, 1e-7)] == ["7", "7", "-1", "1.5", "0.1", "1e-7"]


async def test_all_that_is_known_of_a_user(gateway: Gateway) -> None:
    await put(gateway, live("s", 16))
    at = now()
    gateway.lookups.rows["ann"] = Profile(
        home="ann",
        ids=["anon", "ann"],
        known_at=at,
        traits={"plan": ("pro", at, 1)},
        first_seen=at - HOUR,
        last_seen=at,
        visits=2,
        hours={at // HOUR: [3, 2, 1, 1], at // HOUR - 200: [9, 9, 9, 9]},
        since={0: at, 16: at, 17: at},
    )
    gateway.lookups.aliases["anon"] = "ann"
    body = await gateway.get("/v1/users/anon")
    assert body["user"] == "ann"
    assert body["ids"] == ["ann", "anon"]
    assert body["traits"] == {"plan": "pro"}
    assert body["counters_7d"] == {"page_views": 3, "clicks": 2, "events": 1, "visits": 1}
    assert body["segments"] == [{"id": "s", "since": format_instant(at)}]
    told = {"first_seen", "last_seen", "visits", "time_on_site", "device", "os", "browser", "language", "country"}
    assert body.keys() >= told | {"first_campaign", "last_campaign", "share"}


async def test_nobody_by_this_id_is_404(gateway: Gateway) -> None:
    assert (await gateway.error("GET", "/v1/users/nobody"))[0] == 404
