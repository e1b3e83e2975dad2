"""Every refusal is `{"code","message"}`, with the status that the contract names."""

import asyncio
import gzip
import json

import pytest

from gateway.app import LARGEST_BODY
from gateway.auth import SecretKey
from tests.gateway.conftest import KEY, RULE, Gateway

GUARDED = [
    ("GET", "/v1/users/u/segments"),
    ("POST", "/v1/users/segments"),
    ("GET", "/v1/users/u"),
    ("GET", "/v1/overview"),
    ("GET", "/v1/segments"),
    ("POST", "/v1/segments"),
    ("GET", "/v1/segments/s"),
    ("PUT", "/v1/segments/s"),
    ("PATCH", "/v1/segments/s"),
    ("DELETE", "/v1/segments/s"),
    ("GET", "/v1/segments/s/versions"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer no", f"Basic {KEY}", KEY, f"Bearer {KEY}x"])
async def test_without_the_key_everything_is_401(gateway: Gateway, method: str, path: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await gateway.client.request(method, path, headers=headers, json={})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert (await answer.json())["code"] == "unauthorized"


async def test_the_scheme_is_read_in_any_case(gateway: Gateway) -> None:
    answer = await gateway.client.get("/v1/segments", headers={"Authorization": f"bearer {KEY}"})
    assert answer.status == 200


def compressed(document: object) -> dict[str, object]:
    return {"data": gzip.compress(json.dumps(document).encode()), "headers": {"Content-Encoding": "gzip"}}


async def test_a_body_may_be_gzip(gateway: Gateway) -> None:
    gateway.client.session.headers["Authorization"] = f"Bearer {KEY}"
    answer = await gateway.client.post("/v1/users/segments", **compressed({"users": ["a", "b"]}))
    assert [each["user"] for each in (await answer.json())["users"]] == ["a", "b"]
    made = await gateway.client.post("/v1/segments", **compressed({"name": "Keen", "rule": RULE}))
    assert made.status == 201


async def test_a_body_is_not_inflated_beyond_the_largest(gateway: Gateway) -> None:
    headers = gateway.headers | {"Content-Encoding": "gzip"}
    for size, status in ((LARGEST_BODY, 422), (LARGEST_BODY + 1, 413)):
        body = gzip.compress(b'"' + b"a" * (size - 2) + b'"')
        answer = await gateway.client.post("/v1/segments", data=body, headers=headers)
        assert answer.status == status
        assert (await answer.json())["message"]
    bomb = gzip.compress(bytes(200 << 20))
    answer = await gateway.client.post("/v1/segments", data=bomb, headers=headers)
    assert (answer.status, (await answer.json())["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("encoding", "body", "code"),
    [
        ("gzip", gzip.compress(b"{}", mtime=0)[:-3], "bad_gzip"),
        ("gzip", gzip.compress(b"{}", mtime=0) + b"more", "bad_gzip"),
        ("gzip", b"\x1f\x8bnone", "bad_gzip"),
        ("br", b"{}", "bad_encoding"),
    ],
)
async def test_a_body_that_cannot_be_inflated(gateway: Gateway, encoding: str, body: bytes, code: str) -> None:
    headers = gateway.headers | {"Content-Encoding": encoding}
    answer = await gateway.client.post("/v1/users/segments", data=body, headers=headers)
    assert (answer.status, (await answer.json())["code"]) == (400, code)


def test_keys_are_compared_whatever_their_characters() -> None:
    key = SecretKey("schlüssel")
    assert key.matches("schlüssel")
    assert not key.matches("schlussel")
    assert not key.matches("\udc80")


async def test_nothing_there_is_404_and_another_method_405(gateway: Gateway) -> None:
    assert (await gateway.error("GET", "/v2/what"))[0] == 404
    status, body = await gateway.error("POST", "/v1/overview")
    assert (status, body["code"]) == (405, "method_not_allowed")
    answer = await gateway.ask("DELETE", "/v1/segments")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, POST")


@pytest.mark.parametrize("path", ["/v1/segments", "/v1/users/segments"])
async def test_a_body_that_is_no_json_is_400(gateway: Gateway, path: str) -> None:
    for data in (b"", b"{", b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "\\ud800"}'):
        assert (await gateway.error("POST", path, data=data))[0] == 400


@pytest.mark.parametrize("path", ["/v1/segments", "/v1/users/segments"])
async def test_a_body_that_is_no_object_is_422(gateway: Gateway, path: str) -> None:
    for data in (b"[]", b"null", b"7", b'"text"'):
        assert (await gateway.error("POST", path, data=data))[0] == 422


async def test_a_body_beyond_the_cap_is_413(gateway: Gateway) -> None:
    assert (await gateway.error("POST", "/v1/segments", data=b" " * (5 << 20)))[0] == 413


async def test_redis_away_is_503_at_once_and_sizes_are_once_they_are_a_second_old(gateway: Gateway) -> None:
    gateway.lookups.away = True
    paths = ["/v1/users/u/segments", "/v1/users/u", "/v1/overview", "/v1/segments"]
    for path in paths:
        if path == "/v1/overview":
            await asyncio.sleep(1)
        answer = await gateway.ask("GET", path)
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) >= 1
        assert (await answer.json())["code"] == "unavailable"


async def test_the_broker_away_is_503_for_changes_only(gateway: Gateway) -> None:
    await gateway.make(id="kept")
    gateway.definitions.away = True
    assert (await gateway.error("POST", "/v1/segments", json={"name": "n", "rule": {}}))[0] == 503
    assert (await gateway.error("DELETE", "/v1/segments/kept"))[0] == 503
    assert (await gateway.get("/v1/segments/kept"))["id"] == "kept"


async def test_before_the_definitions_are_read_it_is_503(gateway: Gateway) -> None:
    gateway.parts.table.generation = 0
    for path in ("/v1/users/u/segments", "/v1/users/u", "/v1/overview", "/v1/segments", "/v1/segments/s"):
        assert (await gateway.error("GET", path))[0] == 503


async def test_a_bug_is_500_and_tells_nothing(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(id: str) -> None:
        raise RuntimeError("the inside")

    monkeypatch.setattr(gateway.lookups, "lookup", breaks)
    status, body = await gateway.error("GET", "/v1/users/u/segments")
    assert (status, body["code"]) == (500, "internal")
    assert "inside" not in body["message"]
