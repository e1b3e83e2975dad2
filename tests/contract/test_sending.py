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
    new_id,
    track,
)  # fmt: skip

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
