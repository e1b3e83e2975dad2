"""The tracking API over HTTP: addresses, keys, what is written, what is rejected and told, what is ignored."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import BasicAuth

from gateway.position import decode_position
from schemas.settings import Settings
from schemas.topics import Topic
from stores.telemetry import counter
from streams.partition import partition_of
from tests.gateway.collecting import Collector, collector

TRACK = {"type": "track", "userId": "u", "event": "Buy"}
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
)


@pytest.fixture
async def it() -> AsyncIterator[Collector]:
    async with collector() as running:
        yield running


def counted(reason: str) -> float:
    samples = counter("shoal_dead_letters_total").collect()[0].samples
    return sum(s.value for s in samples if s.name.endswith("_total") and s.labels == {"reason": reason})


@pytest.mark.parametrize(
    ("path", "type", "body"),
    [
        ("/v1/track", "track", {"userId": "u", "event": "x"}),
        ("/v1/t", "track", {"userId": "u", "event": "x"}),
        ("/v1/page", "page", {"userId": "u"}),
        ("/v1/p", "page", {"userId": "u"}),
        ("/v1/screen", "screen", {"userId": "u"}),
        ("/v1/s", "screen", {"userId": "u"}),
        ("/v1/identify", "identify", {"userId": "u"}),
        ("/v1/i", "identify", {"userId": "u"}),
        ("/v1/group", "group", {"userId": "u", "groupId": "g"}),
        ("/v1/g", "group", {"userId": "u", "groupId": "g"}),
        ("/v1/batch", "track", {"batch": [TRACK]}),
        ("/v1/b", "track", {"batch": [TRACK]}),
        ("/v1/import", "track", {"batch": [TRACK]}),
        ("/beacon/v1/batch", "track", {"batch": [TRACK]}),
    ],
)
async def test_every_address(it: Collector, path: str, type: str, body: dict[str, Any]) -> None:
    answer = await it.post(path, body)
    assert answer["success"] is True
    assert "rejected" not in answer
    assert decode_position(answer["position"], 4)
    assert [event["type"] for event in it.writer.events] == [type]


@pytest.mark.parametrize("path", ["/v1/alias", "/v1/a"])
async def test_alias_writes_identity_records_alone(it: Collector, path: str) -> None:
    answer = await it.post(path, {"userId": "u", "previousId": "a"})
    assert it.writer.events == []
    assert sorted((each["id"], each.get("alias")) for each in it.writer.identity) == [("a", "u"), ("u", None)]
    assert {topic for topic, _ in decode_position(answer["position"], 4)} == {Topic.IDENTITY}


async def test_an_event_is_written_under_its_id_in_its_partition(it: Collector) -> None:
    await it.batch({**TRACK, "userId": "ü", "anonymousId": "a"}, {**TRACK, "userId": None, "anonymousId": "b"})
    written = {(topic, at, key) for (topic, at), records in it.writer.log.items() for key, _ in records}
    assert (Topic.EVENTS, partition_of("ü", 4), "ü".encode()) in written
    assert (Topic.EVENTS, partition_of("b", 4), b"b") in written
    assert (Topic.IDENTITY, partition_of("a", 4), b"a") in written


@pytest.mark.parametrize(
    ("auth", "body_key", "query_key", "status"),
    [
        (BasicAuth("dev"), None, None, 200),
        (BasicAuth("dev", "anything"), None, None, 200),
        (BasicAuth("dev"), "wrong", "wrong", 200),
        (None, "dev", None, 200),
        (None, "dev", "wrong", 200),
        (None, None, "dev", 200),
        (BasicAuth(""), "dev", None, 200),
        (BasicAuth("wrong"), "dev", "dev", 401),
        (None, "wrong", "dev", 401),
        (None, 7, "dev", 401),
        (None, None, "wrong", 401),
        (None, None, "dev-secret", 401),
        (None, None, None, 401),
    ],
)
async def test_key(it: Collector, auth: Any, body_key: Any, query_key: str | None, status: int) -> None:
    params = {"writeKey": query_key} if query_key else {}
    body = {"userId": "u", "event": "x"} | ({"writeKey": body_key} if body_key else {})
    answer = await it.post("/v1/track", body, status, auth=auth, params=params)
    assert ("code" in answer, "message" in answer) == (status != 200, status != 200)
    assert len(it.writer.events) == (status == 200)


@pytest.mark.parametrize("header", ["Basic !!!", "Basic", "Bearer dev", "Bearer dev-secret", "Basic ZMO8Og=="])
async def test_a_header_that_is_not_the_key(it: Collector, header: str) -> None:
    await it.post("/v1/track", {"userId": "u", "event": "x"}, 401, auth=None, headers={"Authorization": header})


async def test_rejected_events_are_told_kept_and_counted(it: Collector) -> None:
    before = counted("bad_id"), counted("reserved_name")
    calls = [TRACK, {**TRACK, "userId": "x" * 257}, 7, TRACK, {**TRACK, "event": "$page", "p": "ü"}]
    answer = await it.batch(*calls)
    assert answer["success"] is True
    assert [(each["index"], each["code"]) for each in answer["rejected"]] == [
        (1, "bad_id"),
        (2, "not_object"),
        (4, "reserved_name"),
    ]
    assert all(each["message"] for each in answer["rejected"])
    assert len(it.writer.events) == 2
    assert [(each["index"], each["reason"], json.loads(each["record"])) for each in it.writer.dead] == [
        (index, code, calls[index]) for index, code in ((1, "bad_id"), (2, "not_object"), (4, "reserved_name"))
    ]
    assert abs(it.writer.dead[0]["received"] - time.time() * 1000) < 10_000
    assert (counted("bad_id"), counted("reserved_name")) == (before[0] + 1, before[1] + 1)


async def test_poison_in_a_batch_takes_nobody_else_down(it: Collector) -> None:
    good = json.dumps(TRACK)
    poison = [r'"\ud800"', "NaN", "[" * 5000 + "]" * 5000, '"' + "x" * 40_000 + '"', "1e999", r'"\u0000"']
    calls = [f'{{"type":"track","userId":"u","event":"p","properties":{{"p":{each}}}}}' for each in poison]
    body = f'{{"batch":[{good},{",".join(calls)},{good}]}}'
    answer = await it.post("/v1/batch", data=body)
    assert [(each["index"], each["code"]) for each in answer["rejected"]] == [
        (2, "bad_number"),
        (3, "too_deep"),
        (4, "too_large"),
        (5, "bad_number"),
    ]
    assert [event["name"] for event in it.writer.events] == ["Buy", "p", "p", "Buy"]
    assert all(len(letter["record"]) <= 32 << 10 for letter in it.writer.dead)
    assert it.writer.dead[2]["truncated"] is True


async def test_half_characters_in_an_id_are_told_and_kept(it: Collector) -> None:
    answer = await it.post("/v1/track", data=r'{"userId":"a\ud800","event":"x"}')
    assert answer["rejected"][0]["code"] == "bad_id"
    assert json.loads(it.writer.dead[0]["record"])["userId"] == "a\ud800"


async def test_without_consent_nothing_is_written(it: Collector) -> None:
    before = counted("consent")
    context = {"consent": {"categoryPreferences": {"analytics": False}}}
    answer = await it.batch({**TRACK, "context": context}, {"context": context})
    assert answer == {"success": True, "position": answer["position"]}
    assert decode_position(answer["position"], 4) == {}
    assert not it.writer.log
    assert counted("consent") == before + 2


async def test_gpc_settings() -> None:
    headers = {"Sec-GPC": "1"}
    async with collector() as it:
        await it.batch(TRACK, headers=headers)
        await it.batch(TRACK)
        assert [each.get("share", True) for each in it.writer.identity] == [False, True]
        assert len(it.writer.events) == 2
    async with collector(Settings(gpc="drop")) as it:
        await it.batch(TRACK, headers=headers)
        await it.batch(TRACK)
        assert len(it.writer.events) == 1
    async with collector(Settings(gpc="ignore")) as it:
        await it.batch(TRACK, headers=headers)
        assert it.writer.identity[0].get("share", True) is True


async def test_the_browser_s_user_agent_is_only_taken_with_an_origin(it: Collector) -> None:
    await it.batch(TRACK, headers={"User-Agent": CHROME})
    await it.batch(TRACK, headers={"User-Agent": CHROME, "Origin": "https://shop.example"})
    assert [event.get("device") for event in it.writer.events] == [None, "desktop"]


async def test_a_batch_s_sent_at_and_context_stand_for_its_events(it: Collector) -> None:
    call = {**TRACK, "timestamp": "2026-01-01T00:00:00Z"}
    body = {"batch": [call], "sentAt": "2026-01-01T00:00:10Z", "context": {"locale": "de"}}
    await it.post("/v1/batch", body)
    event = it.writer.events[0]
    assert event["received"] - event["time"] == 10_000
    assert event["language"] == "de"
    await it.post("/v1/batch", {**body, "context": {"x": "y" * 40_000}}, 400)


async def test_arrival_grows_over_requests(it: Collector) -> None:
    for _ in range(5):
        await it.batch(*[TRACK] * 50)
    arrivals = [event["arrival"] for event in it.writer.events]
    assert len(set(arrivals)) == 250
    assert all(event["arrival"] // 1000 >= event["received"] for event in it.writer.events)
