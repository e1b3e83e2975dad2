"""Contract section 2, the HTTP side of sending: addresses, write key, bodies, limits, answers."""

import gzip
import json
from typing import Any

import pytest

from tests.contract.outsider import (
    SECRET,
    WRITE,
    Answer,
    Outsider,
    basic,
    bearer,
    ms_of,
    new_id,
    now,
    track,
)  # fmt: skip

KB = 1024
CALLS: dict[str, dict[str, Any]] = {
    "track": {"event": "Bought"},
    "page": {"name": "Home"},
    "screen": {"name": "Home"},
    "identify": {"traits": {"plan": "pro"}},
    "group": {"groupId": "g"},
}


# POST /v1/{track,page,screen,identify,group,alias,batch} and the one-letter aliases


@pytest.mark.parametrize("kind", CALLS)
def test_every_call_by_its_name_and_by_its_letter(it: Outsider, kind: str) -> None:
    for path in (f"/v1/{kind}", f"/v1/{kind[0]}"):
        id = new_id()
        answer = it.post(path, {"userId": id, **CALLS[kind]})
        assert answer.status == 200
        assert answer.json["success"] is True
        it.settle(answer.json["position"])
        user = it.user(id)
        counted = user["counters_7d"]
        assert counted["page_views"] == (kind in ("page", "screen"))
        assert counted["events"] == (kind == "track")
        assert user["traits"] == {"identify": {"plan": "pro"}, "group": {"group_id": "g"}}.get(kind, {})


@pytest.mark.parametrize("path", ["/v1/alias", "/v1/a"])
def test_alias(it: Outsider, path: str) -> None:
    anonymous, user = new_id("anonymous"), new_id()
    it.send({"type": "page", "anonymousId": anonymous})
    it.settle(it.post(path, {"previousId": anonymous, "userId": user}).json["position"])
    assert it.canonical(anonymous) == user


@pytest.mark.parametrize("path", ["/v1/batch", "/v1/b", "/v1/import"])
def test_batches(it: Outsider, path: str) -> None:
    id = new_id()
    calls = [{"type": kind, "userId": id, **more} for kind, more in CALLS.items()]
    it.settle(it.post(path, {"batch": calls}).json["position"])
    assert it.counters(id)[:3] == (2, 0, 1)
    assert it.user(id)["traits"] == {"plan": "pro", "group_id": "g"}


def test_a_beacon_is_text_and_has_its_key_in_the_query(it: Outsider) -> None:
    id = new_id()
    body = json.dumps({"batch": [track(id)]}).encode()
    headers = {"Content-Type": "text/plain;charset=UTF-8", "Origin": "https://shop.example"}
    answer = it.http("POST", f"/beacon/v1/batch?writeKey={WRITE}", body, headers)
    assert answer.status == 200
    it.settle(answer.json["position"])
    assert it.counters(id)[2] == 1
    assert it.http("POST", "/beacon/v1/batch?writeKey=wrong", body, headers).status == 401


def test_settings_of_the_browser_libraries(it: Outsider) -> None:
    answer = it.http("GET", f"/v1/projects/{WRITE}/settings", headers={"Origin": "https://shop.example"})
    assert answer.status == 200
    assert "Segment.io" in answer.json["integrations"]
    assert answer.headers["access-control-allow-origin"] in ("*", "https://shop.example")
    for path, headers in ((f"/sourceConfig/?writeKey={WRITE}", {}), ("/sourceConfig/", basic(WRITE))):
        answer = it.http("GET", path, headers=headers)
        assert answer.status == 200
        assert answer.json["source"]["enabled"] is True
    assert it.http("GET", "/sourceConfig/?writeKey=wrong").status == 401


@pytest.mark.parametrize("body", [b"", b"{", b'{"series":[]}', b"\xff"])
def test_m_is_accepted_and_ignored(it: Outsider, body: bytes) -> None:
    assert it.http("POST", "/v1/m", body).status == 200


# The write key: Basic user name, else body, else query; write only

BY = {
    "basic": (basic(WRITE), None, None),
    "basic with a password": (basic(WRITE, "secret"), None, None),
    "basic in another case": ({"Authorization": basic(WRITE)["Authorization"].replace("Basic", "bAsIc")}, None, None),
    "body": ({}, WRITE, None),
    "query": ({}, None, WRITE),
    "basic before the body": (basic(WRITE), "wrong", None),
    "basic before the query": (basic(WRITE), None, "wrong"),
    "body before the query": ({}, WRITE, "wrong"),
}
WRONG = {
    "none": ({}, None, None),
    "basic": (basic("wrong"), None, None),
    "basic of another case": (basic(WRITE.upper()), None, None),
    "basic that is a beginning": (basic(WRITE[:-1]), None, None),
    "basic whose password it is": (basic("x", WRITE), None, None),
    "basic that is no base64": ({"Authorization": "Basic $$$"}, None, None),
    "basic before a body that has it": (basic("wrong"), WRITE, WRITE),
    "body before a query that has it": ({}, "wrong", WRITE),
    "body of another type": ({}, 7, None),
    "query": ({}, None, "wrong"),
    "the secret key": (basic(SECRET), None, None),
    "the secret key as bearer": (bearer(SECRET), None, None),
}


def with_key(it: Outsider, how: tuple[dict[str, str], Any, str | None], path: str, document: dict[str, Any]) -> Answer:
    headers, in_body, in_query = how
    query = f"?writeKey={in_query}" if in_query else ""
    return it.post(path + query, {**document, **({"writeKey": in_body} if in_body is not None else {})}, headers)


@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
@pytest.mark.parametrize("how", BY)
def test_where_the_key_may_be(it: Outsider, path: str, how: str) -> None:
    id = new_id()
    call = track(id)
    answer = with_key(it, BY[how], path, {"batch": [call]} if path == "/v1/batch" else call)
    assert answer.status == 200, answer.body
    it.settle(answer.json["position"])
    assert it.counters(id)[2] == 1


@pytest.mark.parametrize("path", ["/v1/identify", "/v1/batch"])
@pytest.mark.parametrize("how", WRONG)
def test_a_wrong_key(it: Outsider, path: str, how: str) -> None:
    id = new_id()
    call = {"type": "identify", "userId": id}
    with_key(it, WRONG[how], path, {"batch": [call]} if path == "/v1/batch" else call).error(401)
    it.send(track(new_id()))
    assert not it.is_known(id)


@pytest.mark.parametrize("headers", [basic(WRITE), bearer(WRITE)])
@pytest.mark.parametrize("path", ["/v1/users/u/segments", "/v1/users/u", "/v1/overview", "/v1/segments"])
def test_the_write_key_asks_for_nothing(it: Outsider, path: str, headers: dict[str, str]) -> None:
    it.http("GET", path, headers=headers).error(401)
    it.http("GET", f"{path}?writeKey={WRITE}").error(401)


# Bodies


@pytest.mark.parametrize("type", ["application/json", "text/plain", "application/octet-stream", "image/png", "", None])
def test_json_whatever_the_content_type(it: Outsider, type: str | None) -> None:
    id = new_id()
    headers = basic(WRITE) | ({} if type is None else {"Content-Type": type})
    it.settle(it.post("/v1/track", track(id), headers).json["position"])
    assert it.counters(id)[2] == 1


def test_gzip(it: Outsider) -> None:
    id = new_id()
    it.settle(it.zipped("/v1/batch", json.dumps({"batch": [track(id)]}).encode()).json["position"])
    it.settle(it.zipped("/v1/track", json.dumps(track(id)).encode()).json["position"])
    assert it.counters(id)[2] == 2


def test_the_inflated_size_is_capped(it: Outsider) -> None:
    it.zipped("/v1/batch", b" " * (100 << 20)).error(400)
    nested = gzip.compress(gzip.compress(b"0" * (50 << 20)))
    it.http("POST", "/v1/batch", nested, basic(WRITE) | {"Content-Encoding": "gzip"}).error(400)


@pytest.mark.parametrize("cut", [5, 20, -1])
def test_a_broken_gzip(it: Outsider, cut: int) -> None:
    body = gzip.compress(json.dumps({"batch": [track(new_id())]}).encode())[:cut]
    it.http("POST", "/v1/batch", body, basic(WRITE) | {"Content-Encoding": "gzip"}).error(400)


def test_text_is_utf_8(it: Outsider) -> None:
    id = new_id("Zoë-日本-😀")
    document = {"userId": id, "traits": {"name": "Zoë \u202e 日本 😀"}}
    for body in (json.dumps(document).encode(), json.dumps(document, ensure_ascii=False).encode()):
        it.settle(it.http("POST", "/v1/identify", body, basic(WRITE)).json["position"])
        assert it.user(id)["traits"] == document["traits"]


# CORS for every origin, headers named

BROWSER = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}


@pytest.mark.parametrize(
    "path", ["/v1/track", "/v1/t", "/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch", "/v1/m", "/v1/identify"]
)
@pytest.mark.parametrize("asked", ["authorization", "authorization,content-type", "content-type, anonymousid"])
def test_a_browser_may_send_from_everywhere(it: Outsider, path: str, asked: str) -> None:
    answer = it.http("OPTIONS", path, headers=BROWSER | {"Access-Control-Request-Headers": asked})
    assert answer.status in (200, 204)
    assert answer.headers["access-control-allow-origin"] in ("*", BROWSER["Origin"])
    assert "POST" in answer.headers["access-control-allow-methods"]
    named = {name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")}
    assert {name.strip() for name in asked.split(",")} <= named
    assert "*" not in named, "with credentials, or for Authorization, a star names nothing"


def test_a_browser_may_read_every_answer(it: Outsider) -> None:
    origin = {"Origin": "https://shop.example"}
    for headers, body in (
        (basic(WRITE), json.dumps(track(new_id())).encode()),
        (basic(WRITE), b"{"),
        (basic("wrong"), b"{}"),
    ):
        answer = it.http("POST", "/v1/track", body, headers | origin)
        assert answer.headers["access-control-allow-origin"] in ("*", origin["Origin"]), answer.status


# Limits: 500 KB and 2,500 events a batch, 32 KB an event


def padded(size: int, id: str) -> bytes:
    """A body of exactly this many bytes, none of its events over 32 KB."""
    events = [track(id, properties={"pad": "x" * 30_000}) for _ in range(size // 31_000)]
    body = json.dumps({"batch": events}).encode()
    return body + b" " * (size - len(body))


def test_500_kb(it: Outsider) -> None:
    id = new_id()
    answer = it.http("POST", "/v1/batch", padded(500 * KB, id), basic(WRITE))
    assert answer.status == 200
    assert "rejected" not in answer.json
    it.http("POST", "/v1/batch", padded(500 * KB + 1, id), basic(WRITE)).error(400)
    assert it.zipped("/v1/batch", padded(500 * KB, id)).status == 200
    it.zipped("/v1/batch", padded(500 * KB + 1, id)).error(400)


def test_2500_events(it: Outsider) -> None:
    id = new_id()
    calls = [{"type": "track", "event": "E", "userId": id}] * 2500
    it.settle(it.post("/v1/batch", {"batch": calls}).json["position"])
    assert it.counters(id)[2] == 2500
    it.post("/v1/batch", {"batch": [*calls, calls[0]]}).error(400)
    it.send(track(id))
    assert it.counters(id)[2] == 2501


def sized(size: int, id: str) -> dict[str, Any]:
    call = track(id, properties={"pad": ""})
    call["properties"]["pad"] = "x" * (size - len(json.dumps(call, separators=(",", ":"))))
    return call


def test_32_kb_an_event(it: Outsider) -> None:
    id = new_id()
    assert it.rejected(sized(32 * KB, id), sized(32 * KB + 1, id), track(id)) == [(1, "too_large")]
    answer = it.post("/v1/track", sized(32 * KB + 1, id))
    assert answer.status == 200
    assert [each["index"] for each in answer.json["rejected"]] == [0]


# Rejected alone

NO_ID = [{}, {"userId": None}, {"anonymousId": None}, {"userId": None, "anonymousId": None}]
BAD_ID: list[Any] = ["", "x" * 257, True, False, [], ["a"], {}, {"id": 1}]


@pytest.mark.parametrize("ids", NO_ID)
def test_without_any_id(it: Outsider, ids: dict[str, Any]) -> None:
    [(index, _)] = it.rejected(track(new_id()), {"type": "track", "event": "E", **ids})
    assert index == 1


@pytest.mark.parametrize("kind", ["track", "page", "identify", "group"])
@pytest.mark.parametrize("id", BAD_ID)
def test_an_id_that_is_none(it: Outsider, kind: str, id: Any) -> None:
    call = {"type": kind, "event": "E", "groupId": "g"}
    assert it.rejected({**call, "userId": id}, {**call, "anonymousId": id}) == [(0, "bad_id"), (1, "bad_id")]


@pytest.mark.parametrize("call", [None, 7, "track", True, [], [track("u")]])
def test_no_object(it: Outsider, call: Any) -> None:
    fine = new_id()
    [(index, _)] = it.rejected(track(fine), call, track(fine))
    assert index == 1
    it.send(track(fine))
    assert it.counters(fine)[2] == 3


@pytest.mark.parametrize("type", ["destroy", "Track", "", 7, None, ["track"], {}])
def test_an_unknown_type(it: Outsider, type: Any) -> None:
    [(index, _)] = it.rejected({"type": type, "event": "E", "userId": new_id()})
    assert index == 0
    assert it.rejected({"event": "E", "userId": new_id()}) != []


@pytest.mark.parametrize("event", [None, "", {}, [], True])
def test_a_track_without_event(it: Outsider, event: Any) -> None:
    id = new_id()
    [(index, _)] = it.rejected({"type": "track", "userId": id, "event": event})
    assert index == 0
    assert it.rejected({"type": "track", "userId": id}) != []


@pytest.mark.parametrize("name", ["$page", "$identify", "$visit", "$group", "$", "$x", "$Click", "$click "])
def test_a_reserved_name(it: Outsider, name: str) -> None:
    assert it.rejected(track(new_id(), name)) == [(0, "reserved_name")]


def test_click_and_experience_may_be_sent(it: Outsider) -> None:
    id = new_id()
    it.send(track(id, "$click"), track(id, "$experience", properties={"experience": "e", "variant": "b"}))
    _, clicks, _, _ = it.counters(id)
    assert clicks == 1
    it.send(track(id, "a$click"))
    assert it.is_known(id)


def test_rejected_ones_keep_nobody_else_out(it: Outsider) -> None:
    """The index is the place in the batch, whatever stands around it."""
    id = new_id()
    calls: list[Any] = [track(id) if n % 3 else {"type": "?"} for n in range(30)]
    assert [index for index, _ in it.rejected(*calls)] == list(range(0, 30, 3))
    it.send(track(id))
    assert it.counters(id)[2] == 21


def test_a_field_that_is_null_is_as_absent(it: Outsider) -> None:
    id = new_id("anonymous")
    names = (
        "userId", "timestamp", "originalTimestamp", "sentAt", "receivedAt", "messageId", "context", "properties",
        "traits", "integrations", "previousId", "groupId", "name", "category", "channel", "version", "writeKey",
    )  # fmt: skip
    nulls = dict.fromkeys(names)
    before = now()
    for kind in ("track", "page", "screen", "identify"):
        call = {**nulls, "type": kind, "anonymousId": id, **({"event": "E"} if kind == "track" else {})}
        it.send(call, sentAt=None, context=None, writeKey=None, integrations=None)
        it.settle(it.post(f"/v1/{kind}", without_type(call)).json["position"])
    assert it.counters(id)[:3] == (4, 0, 2)
    assert before - 1000 <= ms_of(it.user(id)["first_seen"]) <= now() + 1000


def without_type(call: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in call.items() if key != "type"}


def test_nulls_within_are_as_absent(it: Outsider) -> None:
    id = new_id()
    context = dict.fromkeys(
        ("page", "campaign", "consent", "location", "screen", "userAgent", "locale", "ip", "traits")
    )
    it.send(track(id, context=context), track(id, context={"consent": {"categoryPreferences": None}}))
    it.send({"type": "identify", "userId": id, "traits": {"a": None, "b": 1}})
    assert it.counters(id)[2] == 2
    assert it.user(id)["traits"].get("a") is None
    assert it.user(id)["traits"]["b"] == 1


# What is answered


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"\xff\xfe", b'{"batch":[}', b"{'batch':[]}", b'{"batch":[]} x'])
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/track", "/v1/import", f"/beacon/v1/batch?writeKey={WRITE}"])
def test_a_body_that_is_no_json(it: Outsider, path: str, body: bytes) -> None:
    it.http("POST", path, body, basic(WRITE)).error(400)


@pytest.mark.parametrize("document", [[], "batch", 7, None, True, {}, {"batch": None}, {"batch": {}}, {"batch": "x"}])
def test_a_batch_that_is_no_object(it: Outsider, document: Any) -> None:
    it.post("/v1/batch", document).error(400)


def test_there_is_a_position_even_where_nothing_was_stored(it: Outsider) -> None:
    refused = {
        "type": "track",
        "userId": new_id(),
        "context": {"consent": {"categoryPreferences": {"analytics": False}}},
    }
    for calls in ([], [7], [{"type": "?"}], [refused]):
        answer = it.batch(*calls).json
        assert answer["success"] is True
        assert isinstance(answer["position"], str) and answer["position"]
        it.settle(answer["position"])


def test_processed_takes_either_key(it: Outsider) -> None:
    id = new_id()
    position = it.batch(track(id)).json["position"]
    it.settle(position)
    path = f"/v1/processed?position={position}"
    assert it.http("GET", path, headers=basic(WRITE)).status == 200
    assert it.http("GET", f"{path}&writeKey={WRITE}").status == 200
    assert it.http("GET", path, headers=bearer(SECRET)).status == 200
    it.http("GET", path).error(401)
    it.http("GET", path, headers=bearer("wrong")).error(401)
    it.http("GET", path, headers=basic("wrong")).error(401)


def test_processed_is_200_or_202_and_joins_are_included(it: Outsider) -> None:
    for _ in range(10):
        anonymous, user = new_id("anonymous"), new_id()
        it.batch({"type": "page", "anonymousId": anonymous})
        position = it.batch({"type": "identify", "anonymousId": anonymous, "userId": user}).json["position"]
        statuses = []
        while 200 not in statuses:
            statuses.append(it.http("GET", f"/v1/processed?position={position}", headers=basic(WRITE)).status)
            assert statuses[-1] in (200, 202)
        assert it.canonical(anonymous) == user
        assert it.counters(user)[0] == 1


def test_positions_may_be_taken_from_several_requests(it: Outsider) -> None:
    """The later one stands for itself only; every one is answered."""
    ids = [new_id() for _ in range(20)]
    positions = [it.batch(track(id)).json["position"] for id in ids]
    for position, id in zip(positions, ids, strict=True):
        it.settle(position)
        assert it.counters(id)[2] == 1
