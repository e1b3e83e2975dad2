"""Contract section 4: segments made, read, edited and deleted, and what a fill of the past is seen as."""

import re
from typing import Any

import pytest

from tests.contract.outsider import DAY, NOBODY, Outsider, did, eventually, iso, ms_of, new_id, now, page, track

SEGMENT = {
    "id", "name", "description", "rule", "version", "status", "progress", "covers_from", "created", "updated", "size",
    "share", "new_7d", "active_7d", "sentence",
}  # fmt: skip


# The shape


def test_a_segment(it: Outsider) -> None:
    rule, name, before = did(new_id("event"), window={"last": "7d"}), new_id("Keen readers"), now()
    answer = it.ask("POST", "/v1/segments", {"name": name, "description": "They read.", "rule": rule})
    assert answer.status == 201
    made = answer.json
    assert made.keys() >= SEGMENT
    assert (made["name"], made["description"], made["rule"], made["version"]) == (name, "They read.", rule, 1)
    assert made["status"] in ("backfilling", "live")
    assert 0 <= made["progress"] <= 1
    assert before - 1000 <= ms_of(made["created"]) <= now() + 1000
    assert made["updated"] == made["created"]
    assert abs(ms_of(made["created"]) - 800 * DAY - ms_of(made["covers_from"])) < 60_000
    it.wait_live(made["id"])
    live = it.segment(made["id"])
    assert live["progress"] == 1
    assert (live["size"], live["share"], live["new_7d"], live["active_7d"]) == (0, 0, 0, 0)
    assert isinstance(live["sentence"], str) and live["sentence"]
    assert "error" not in live
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", live[key]) for key in ("created", "updated"))


def test_its_sizes(it: Outsider) -> None:
    event = new_id("event")
    [id] = it.live(did(event))
    users = [new_id() for _ in range(6)]
    it.send(*[track(user, event, timestamp=iso(now() - 8 * DAY)) for user in users], page(users[0]), page(users[1]))
    it.send(track(new_id(), event))
    eventually(lambda: it.segment(id)["size"] == 7, "the size lags for longer")
    found = it.segment(id)
    assert (found["new_7d"], found["active_7d"]) == (1, 3)
    users_now = it.ask("GET", "/v1/overview").json["users"]
    assert abs(found["share"] - 7 / users_now) < 0.01


# POST


@pytest.mark.parametrize("id", ["a", "x" * 64, "0", "-", "_", "a-b_c-9"])
def test_ids_that_are_given(it: Outsider, id: str) -> None:
    it.ask("DELETE", f"/v1/segments/{id}")
    assert it.create(NOBODY, id) == id
    assert it.segment(id)["id"] == id
    assert it.ask("DELETE", f"/v1/segments/{id}").status == 204


@pytest.mark.parametrize("id", ["", "x" * 65, "A", "a b", "ä", "a/b", "a.b", 7, [], {}, True, "a\n"])
def test_ids_that_are_none(it: Outsider, id: Any) -> None:
    it.ask("POST", "/v1/segments", {"name": new_id(), "rule": NOBODY, "id": id}).error(422)


@pytest.mark.parametrize("name", ["Keen readers!", "日本", "  x  ", "-", "😀", "a" * 150])
def test_an_id_is_made_of_the_name(it: Outsider, name: str) -> None:
    answer = it.ask("POST", "/v1/segments", {"name": name, "rule": NOBODY})
    assert answer.status == 201
    id = answer.json["id"]
    assert re.fullmatch(r"[a-z0-9_-]{1,64}", id)
    assert it.segment(id)["name"] == name
    assert it.ask("DELETE", f"/v1/segments/{id}").status == 204


def test_an_id_that_is_taken(it: Outsider) -> None:
    id = it.create(NOBODY)
    it.ask("POST", "/v1/segments", {"name": new_id(), "rule": NOBODY, "id": id}).error(409)


BAD: list[Any] = [
    None, {}, [], 7, "rule", {"all": []}, {"any": []}, {"not": {}}, {"did": {"event": "$nothing"}},
    {"did": {"event": "E"}, "count": {}}, {"did": {"event": "E"}, "window": {}}, {"what": 1},
    {"did": {"event": "E"}, "count": {"gte": 1, "lt": 2}}, {"segment": "there-is-none"},
    {"user": "traits.a", "op": "matches", "value": "("}, {"user": "nothing", "op": "exists"},
    {"did": {"event": "E"}, "window": {"last": "0d"}}, {"did": {"event": "E"}, "window": {"last": "900d"}},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(BAD)))
def test_a_bad_rule(it: Outsider, number: int) -> None:
    kept = it.create(NOBODY)
    for method, path in (("POST", "/v1/segments"), ("PUT", f"/v1/segments/{kept}")):
        body = it.ask(method, path, {"name": "Bad", "rule": BAD[number]}).error(422)
        assert body["errors"]
        assert all(each.keys() == {"path", "code", "message"} and each["message"] for each in body["errors"])
    assert it.segment(kept)["version"] == 1


def test_every_mistake_is_told_with_its_path(it: Outsider) -> None:
    rule = {"all": [did("E", count={"gte": "x"}), {"any": []}, {"user": "nothing", "op": "exists"}]}
    errors = it.ask("POST", "/v1/segments", {"name": "Bad", "rule": rule}).error(422)["errors"]
    assert len(errors) >= 3
    assert all(any(f"[{n}]" in each["path"] for each in errors) for n in range(3)), errors


@pytest.mark.parametrize("body", [[], 7, "x", {}, {"name": "x"}, {"rule": NOBODY}, {"name": 7, "rule": NOBODY}])
def test_what_is_no_segment(it: Outsider, body: Any) -> None:
    it.ask("POST", "/v1/segments", body).error(422)


# GET


def test_reading(it: Outsider) -> None:
    ids = [it.create(NOBODY) for _ in range(3)]
    listed = it.ask("GET", "/v1/segments").json
    assert listed.keys() == {"segments"}
    assert set(ids) <= {each["id"] for each in listed["segments"]}
    assert all(each.keys() >= SEGMENT for each in listed["segments"])
    for path in ("/v1/segments/none", "/v1/segments/none/versions"):
        it.ask("GET", path).error(404)


# Covering the past


def test_a_new_segment_covers_the_events_before_it(it: Outsider) -> None:
    event, times = new_id("event"), [1, 3, 20, 90, 700]
    users = [new_id() for _ in times]
    it.send(*[track(user, event, timestamp=iso(now() - days * DAY)) for user, days in zip(users, times, strict=True)])
    week, ever, old = it.live(
        did(event, window={"last": "7d"}), did(event), did(event, window={"last": "800d", "until": "30d"})
    )
    assert [it.segments_of(user) for user in users] == [
        sorted(each) for each in ([week, ever], [week, ever], [ever], [ever, old], [ever, old])
    ]


def test_nobody_is_in_it_before_it_is_live(it: Outsider) -> None:
    event, user = new_id("event"), new_id()
    it.send(track(user, event))
    id = it.create(did(event))
    seen = []
    while not seen or seen[-1][0] != "live":
        members = it.segments_of(user)
        seen.append((it.segment(id)["status"], members))
        assert seen[-1][0] in ("backfilling", "live")
    assert all(members == [] for status, members in seen[:-1] if status == "backfilling" and members != [id])
    assert it.segments_of(user) == [id]


def test_from_then_on_it_is_exact(it: Outsider) -> None:
    """Events before, during and after the fill are each counted once."""
    event, users = new_id("event"), [new_id() for _ in range(20)]
    it.send(*[track(user, event) for user in users])
    ids = [it.create(did(event, count={"eq": 3})), it.create(did(event, count={"gte": 4}))]
    it.batch(*[track(user, event) for user in users])
    it.wait_live(*ids)
    it.send(*[track(user, event) for user in users])
    assert [it.segments_of(user) for user in users] == [[ids[0]]] * len(users)
    it.send(*[track(user, event) for user in users])
    assert [it.segments_of(user) for user in users] == [[ids[1]]] * len(users)


# PUT, PATCH


def test_put_replaces(it: Outsider) -> None:
    first, second = new_id("event"), new_id("event")
    [id] = it.live(did(first))
    user = new_id()
    it.send(track(user, second))
    assert it.segments_of(user) == []
    answer = it.ask("PUT", f"/v1/segments/{id}", {"name": "Other", "rule": did(second)})
    assert answer.status == 200
    changed = answer.json
    assert (changed["id"], changed["version"], changed["name"]) == (id, 2, "Other")
    assert changed["rule"] == did(second)
    assert changed["status"] in ("backfilling", "live")
    assert changed["created"] <= changed["updated"]
    it.wait_live(id)
    assert it.segments_of(user) == [id]
    it.ask("PUT", f"/v1/segments/{id}", {"name": "Only a name"}).error(422)
    it.ask("PUT", "/v1/segments/none", {"name": "x", "rule": NOBODY}).error(404)
    it.ask("PATCH", "/v1/segments/none", {"name": "x"}).error(404)


def test_patch_merges(it: Outsider) -> None:
    event = new_id("event")
    [id] = it.live(did(event))
    answer = it.ask("PATCH", f"/v1/segments/{id}", {"name": "Renamed"})
    assert (answer.status, answer.json["name"], answer.json["rule"]) == (200, "Renamed", did(event))
    answer = it.ask("PATCH", f"/v1/segments/{id}", {"description": "Why"})
    assert (answer.json["name"], answer.json["description"]) == ("Renamed", "Why")
    answer = it.ask("PATCH", f"/v1/segments/{id}", {"rule": did(event, count={"gte": 2})})
    assert answer.json["version"] == 2
    assert (answer.json["name"], answer.json["description"]) == ("Renamed", "Why")
    it.ask("PATCH", f"/v1/segments/{id}", {"rule": {"all": []}}).error(422)
    assert it.segment(id)["rule"] == did(event, count={"gte": 2})


def test_the_old_version_answers_while_an_edit_is_filled_in(it: Outsider) -> None:
    event, other, user = new_id("event"), new_id("event"), new_id()
    [id] = it.live(did(event))
    it.send(track(user, event), track(user, other))
    for version in range(2, 8):
        changed = it.ask("PATCH", f"/v1/segments/{id}", {"rule": did(other if version % 2 == 0 else event)}).json
        assert changed["version"] == version
        while it.segment(id)["status"] != "live":
            assert it.segments_of(user) == [id], "both versions have the user"
        assert it.segments_of(user) == [id]


def test_versions(it: Outsider) -> None:
    events = [new_id("event") for _ in range(3)]
    id = it.create(did(events[0]))
    for event in events[1:]:
        it.ask("PATCH", f"/v1/segments/{id}", {"rule": did(event)})
    found = it.ask("GET", f"/v1/segments/{id}/versions").json
    assert found.keys() == {"versions"}
    assert all(each.keys() == {"version", "at", "rule"} for each in found["versions"])
    assert [(each["version"], each["rule"]) for each in found["versions"]] == [
        (n + 1, did(event)) for n, event in enumerate(events)
    ]
    at = [ms_of(each["at"]) for each in found["versions"]]
    assert at == sorted(at)


# DELETE


def test_deleting(it: Outsider) -> None:
    event, user = new_id("event"), new_id()
    [id] = it.live(did(event))
    it.send(track(user, event))
    assert it.segments_of(user) == [id]
    answer = it.ask("DELETE", f"/v1/segments/{id}")
    assert (answer.status, answer.body) == (204, b"")
    assert it.segments_of(user) == []
    assert it.user(user)["segments"] == []
    for method in ("GET", "DELETE"):
        it.ask(method, f"/v1/segments/{id}").error(404)
    it.create(did(new_id("event")), id)
    it.wait_live(id)
    assert it.segments_of(user) == [], "one that is made anew under the id is another one"


def test_what_others_refer_to_is_not_deleted(it: Outsider) -> None:
    [base] = it.live(did(new_id("event")))
    referring = it.live({"segment": base}, {"not": {"all": [{"segment": base}, NOBODY]}})
    body = it.ask("DELETE", f"/v1/segments/{base}").error(409)
    assert body["code"] == "referenced"
    assert sorted(body["segments"]) == sorted(referring)
    for id in referring:
        assert it.ask("DELETE", f"/v1/segments/{id}").status == 204
    assert it.ask("DELETE", f"/v1/segments/{base}").status == 204
