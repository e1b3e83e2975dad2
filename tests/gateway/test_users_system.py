"""Uploads, static lists and erasing on running systems, through crashes and from what Kafka alone has kept."""

import shutil
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import StartSystem
from tests.support.system import RunningSystem


def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def track(event: str, **ids: str) -> dict[str, Any]:
    return {"type": "track", "event": event, **ids}


def make(system: RunningSystem, **body: Any) -> dict[str, Any]:
    status, made = system.call("POST", "/v1/segments", body)
    assert status == 201, made
    until(lambda: system.call("GET", f"/v1/segments/{made['id']}")[1]["status"] == "live")
    return dict(made)


def put(system: RunningSystem, id: str, mode: str, *users: str) -> dict[str, Any]:
    body = {"mode": mode, "users": list(users)} if users else {"mode": mode}
    status, answer = system.call("PUT", f"/v1/segments/{id}/users", body)
    assert status == 200, answer
    assert answer["status"] == "live"
    return dict(answer)


def user(system: RunningSystem, id: str) -> dict[str, Any] | None:
    status, answer = system.call("GET", f"/v1/users/{id}")
    return answer if status == 200 else None


def test_what_is_uploaded_is_known_and_was_never_seen(system: RunningSystem) -> None:
    make(system, name="Uploaded pros", rule={"user": "traits.plan", "op": "is", "value": "pro"})
    status, told = system.call("POST", "/v1/users", {"users": [{"user_id": "up-1", "traits": {"plan": "pro"}}, {}]})
    assert (status, told["accepted"], told["rejected"][0]["code"]) == (200, 1, "missing_id")
    system.settle(told["position"])
    rows = b"user_id,plan,age\nup-2,pro,30\nup-3,,31\n,pro,\n"
    status, told = system.call("POST", "/v1/users", rows, {"Content-Type": "text/csv"})
    assert (status, told["accepted"], told["rejected"][0]["line"]) == (200, 2, 4)
    system.settle(told["position"])
    for id, traits in (("up-1", {"plan": "pro"}), ("up-2", {"plan": "pro", "age": "30"}), ("up-3", {"age": "31"})):
        found = user(system, id)
        assert found is not None
        assert (found["traits"], found["first_seen"], found["visits"]) == (traits, None, 0)
        assert (system.segments_of(id) == ["uploaded-pros"]) is ("plan" in traits)


def test_a_list_of_ids_follows_its_users(system: RunningSystem) -> None:
    system.settle(system.send(track("x", userId="li-1"), track("x", anonymousId="li-a")))
    made = make(system, name="Listed", users=["li-1", "li-a", "li-never"])
    assert (made["static"], made["listed"], made["size"]) == (True, 3, 2)
    make(
        system,
        name="Not listed",
        rule={"all": [{"user": "user_id", "op": "is", "value": "li-2"}, {"not": {"segment": "listed"}}]},
    )
    system.settle(system.send(track("x", userId="li-2")))
    assert system.segments_of("li-2") == ["not-listed"]
    system.settle(system.send({"type": "identify", "userId": "li-2", "anonymousId": "li-a"}))
    assert system.segments_of("li-2") == ["listed"]
    system.settle(system.send(track("x", userId="li-never")))
    assert system.segments_of("li-never") == ["listed"]
    assert put(system, "listed", "append", "li-2", "li-1")["listed"] == 4
    assert put(system, "listed", "remove", "li-a", "li-1")["listed"] == 2
    assert system.segments_of("li-2") == ["listed"]
    assert system.segments_of("li-1") == []
    assert put(system, "listed", "replace", "li-1")["listed"] == 1
    assert (system.segments_of("li-1"), system.segments_of("li-never")) == (["listed"], [])
    until(lambda: system.segments_of("li-2") == ["not-listed"])
    assert put(system, "listed", "clear")["listed"] == 0
    assert system.segments_of("li-1") == []


def test_who_is_erased_is_gone_and_may_come_anew(system: RunningSystem) -> None:
    make(system, name="Er list", users=["er-a", "er-u"])
    calls = [track("old", anonymousId="er-a", messageId="er-1"), track("old", userId="er-u", anonymousId="er-a")]
    before = system.send(*calls)
    assert system.call("DELETE", "/v1/users/er-a")[0] == 204
    assert [user(system, id) for id in ("er-a", "er-u")] == [None, None]
    assert system.call("GET", "/v1/segments/er-list")[1]["listed"] == 0
    system.settle(before)
    system.settle(system.send(track("new", anonymousId="er-a", messageId="er-1")))
    found = user(system, "er-a")
    assert found is not None
    assert (found["ids"], found["counters_7d"]["events"]) == (["er-a"], 1)
    system.settle(system.send(track("new", userId="er-other", anonymousId="er-a")))
    found = user(system, "er-a")
    assert found is not None
    assert (found["user"], found["ids"]) == ("er-other", ["er-a", "er-other"])
    make(system, name="Er old", rule={"did": {"event": "old"}, "count": {"gte": 1}})
    assert system.segments_of("er-a") == []
    assert user(system, "er-u") is None
    assert system.call("DELETE", "/v1/users/er-nobody")[0] == 204


@pytest.mark.timeout(240)
def test_lists_and_the_erased_stay_so_by_kafka_alone(start_system: StartSystem) -> None:
    """A worker is killed, Redis is emptied; then everything starts again with none of what workers had on disk."""
    system = start_system(broker="kafka", durable=True, workers=1)
    make(system, name="Listed", users=["ann", "never"])
    system.settle(system.send(track("x", userId="ann", anonymousId="a1"), track("x", userId="bob", anonymousId="b1")))
    assert system.call("DELETE", "/v1/users/b1")[0] == 204
    system.kill9("worker")
    assert put(system, "listed", "append", "cid")["listed"] == 3
    system.stop()
    rows = list(system.directory.rglob("worker-0"))
    assert rows
    for each in rows:
        shutil.rmtree(each)
    system.start()
    until(lambda: system.call("GET", "/v1/segments/listed")[1]["listed"] == 3)
    assert system.segments_of("a1") == ["listed"]
    assert [user(system, id) for id in ("bob", "b1")] == [None, None]
    system.settle(system.send(track("x", userId="cid"), track("x", anonymousId="b1")))
    assert system.segments_of("cid") == ["listed"]
    found = user(system, "b1")
    assert found is not None
    assert found["ids"] == ["b1"]
