"""The tracking API over HTTP: keys, addresses, bodies, answers, what is written and what is told."""

import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import BasicAuth

from gateway.budget import Budget
from gateway.position import decode_position
from schemas.calls import MAX_BODY_BYTES, MAX_EVENTS
from schemas.settings import Settings
from schemas.topics import Topic
from stores.telemetry import counter
from streams.partition import partition_of
from tests.gateway.collecting import KEY, Collector, collector

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


# The key


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


# Bodies


@pytest.mark.parametrize("type", ["text/plain", "application/json", "application/x-www-form-urlencoded", "nonsense"])
async def test_json_whatever_the_content_type(it: Collector, type: str) -> None:
    await it.post("/v1/track", {"userId": "u", "event": "x"}, headers={"Content-Type": type})
    assert len(it.writer.events) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"\xff", b'{"batch":[}'])
@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
async def test_no_json(it: Collector, body: bytes, path: str) -> None:
    assert (await it.post(path, data=body, status=400))["code"] == "bad_json"
    await it.post(path, data=body, status=400, auth=None)
    await it.post(path, data=body, status=401, auth=BasicAuth("wrong"))


@pytest.mark.parametrize("body", [[], [TRACK], "x", 7, None, {}, {"batch": None}, {"batch": {}}, {"batch": "x"}])
async def test_a_batch_that_is_none(it: Collector, body: object) -> None:
    assert (await it.post("/v1/batch", body, 400))["code"] == "bad_batch"


async def test_an_empty_batch_has_a_position_too(it: Collector) -> None:
    answer = await it.batch()
    assert decode_position(answer["position"], 4) == {}


@pytest.mark.parametrize("body", [[], "x", 7, None])
async def test_a_single_call_that_is_no_object_is_rejected(it: Collector, body: object) -> None:
    answer = await it.post("/v1/track", body)
    assert [each["code"] for each in answer["rejected"]] == ["not_object"]
    assert [letter["reason"] for letter in it.writer.dead] == ["not_object"]


async def test_events_a_batch(it: Collector) -> None:
    await it.batch(*[{"type": "page", "userId": "u"}] * MAX_EVENTS)
    assert len(it.writer.events) == MAX_EVENTS
    answer = await it.post("/v1/batch", {"batch": [1] * (MAX_EVENTS + 1)}, 400)
    assert answer["code"] == "too_many"


def sized(size: int) -> bytes:
    shell = b'{"batch":[],"x":"%b"}'
    return shell % (b"x" * (size - len(shell) + 2))


async def test_bytes_a_request(it: Collector) -> None:
    fits, over = sized(MAX_BODY_BYTES), sized(MAX_BODY_BYTES + 1)
    packed = {"Content-Encoding": "gzip"}
    await it.post("/v1/batch", data=fits)
    await it.post("/v1/batch", data=gzip.compress(fits), headers=packed)
    for data, headers in ((over, {}), (gzip.compress(over), packed), (b"x" * 5_000_000, {})):
        assert (await it.post("/v1/batch", data=data, headers=headers, status=400))["code"] == "too_large"


async def test_a_body_of_unknown_length(it: Collector) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b'{"batch":['
        for _ in range(count):
            yield b" " * 10_000
        yield b"]}"

    await it.post("/v1/batch", data=pieces(10))
    assert (await it.post("/v1/batch", data=pieces(200), status=400))["code"] == "too_large"
    assert it.budget.held == 0


async def test_gzip(it: Collector) -> None:
    packed = gzip.compress(json.dumps({"batch": [TRACK]}).encode())
    await it.post("/v1/batch", data=packed, headers={"Content-Encoding": "gzip"})
    assert len(it.writer.events) == 1
    for broken in (packed[:-9], packed + b"x", packed[:10] + b"xxxx", b"\x1f\x8b"):
        answer = await it.post("/v1/batch", data=broken, headers={"Content-Encoding": "gzip"}, status=400)
        assert answer["code"] == "bad_gzip"
    await it.post("/v1/batch", data=zlib.compress(b"{}"), headers={"Content-Encoding": "br"}, status=400)


async def test_a_gzip_bomb_costs_no_more_than_the_cap(it: Collector) -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < MAX_BODY_BYTES
    started = time.perf_counter()
    answer = await it.post("/v1/batch", data=bomb, headers={"Content-Encoding": "gzip"}, status=400)
    assert answer["code"] == "too_large"
    assert time.perf_counter() - started < 1


# Rejected, ignored, told


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


# Identity


async def test_ids_lately_told_are_not_told_again_but_waited_for(it: Collector) -> None:
    call = {**TRACK, "anonymousId": "a"}
    first = await it.batch(call, call)
    assert len(it.writer.identity) == 2
    second = await it.batch(call)
    assert len(it.writer.identity) == 2
    ends = [decode_position(answer["position"], 4) for answer in (first, second)]
    assert [{k: v for k, v in each.items() if k[0] is Topic.IDENTITY} for each in ends] == [
        {(Topic.IDENTITY, at): len(it.writer.log[Topic.IDENTITY, at]) for at in {partition_of(i, 4) for i in "ua"}}
    ] * 2
    await it.batch({**call, "userId": "other"})
    assert len(it.writer.identity) == 4
    await it.batch(call, headers={"Sec-GPC": "1"})
    assert len(it.writer.identity) == 6


async def test_an_alias_is_told_each_time(it: Collector) -> None:
    for _ in range(3):
        await it.post("/v1/alias", {"userId": "u", "previousId": "a"})
    assert [each["alias"] for each in it.writer.identity if "alias" in each] == ["u"] * 3


async def test_what_was_refused_is_told_again(it: Collector) -> None:
    it.writer.away = True
    await it.batch(TRACK, status=503)
    it.writer.away = False
    await it.batch(TRACK)
    assert len(it.writer.identity) == 1


# Away


async def test_503_with_retry_after(it: Collector) -> None:
    it.writer.away = True
    before = counted("bad_id")
    async with it.client.post("/v1/track", data="{}", auth=KEY, headers={"Origin": "https://a.example"}) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert set(await response.json()) == {"code", "message"}
    assert counted("bad_id") == before


async def test_too_many_bytes_waiting() -> None:
    async with collector(budget=Budget(1000)) as it:
        await it.post("/v1/track", {"userId": "u", "event": "x"})
        answer = await it.post("/v1/track", {"userId": "u", "event": "x", "p": "y" * 2000}, 503)
        assert answer["code"] == "unavailable"
        assert it.budget.held == 0
        await it.post("/v1/track", {"userId": "u", "event": "x"})


# Browsers


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
