"""Contract section 2, what is not taken: limits, events rejected alone, and what is answered."""

import json
from typing import Any

import pytest

from tests.contract.outsider import (
    SECRET,
    WRITE,
    Outsider,
    basic,
    bearer,
    ms_of,
    new_id,
    now,
    track,
)  # fmt: skip

KB = 1024


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
