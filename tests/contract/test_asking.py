"""Contract section 3: lookups, a user, the overview; their keys, shapes and limits."""

from typing import Any

import pytest

from tests.contract.outsider import (
    DAY,
    HOUR,
    SECRET,
    WRITE,
    Outsider,
    basic,
    bearer,
    eventually,
    iso,
    ms_of,
    new_id,
    now,
    page,
    track,
)  # fmt: skip

ASKED = [
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
NO_KEYS: list[dict[str, str]] = [
    {}, bearer(""), bearer("wrong"), bearer(WRITE), bearer(SECRET + "x"), bearer(SECRET[:-1]), basic(SECRET),
    {"Authorization": SECRET}, {"Authorization": "Bearer"},
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), ASKED)
@pytest.mark.parametrize("number", range(len(NO_KEYS)))
def test_missing_or_wrong_key(it: Outsider, method: str, path: str, number: int) -> None:
    it.http(method, path, b"{}", NO_KEYS[number]).error(401)


# GET /v1/users/{id}/segments


def test_an_unknown_user_is_in_no_segment(it: Outsider) -> None:
    id = new_id()
    answer = it.ask("GET", f"/v1/users/{id}/segments")
    assert answer.status == 200
    assert answer.json == {"user": id, "segments": []}
    assert answer.headers["content-type"].startswith("application/json")


def test_any_id_of_the_user(it: Outsider) -> None:
    event = new_id("event")
    [bought] = it.live({"did": {"event": event}})
    user, anonymous = new_id(), new_id("anonymous")
    it.send(track(user, event), {"type": "identify", "userId": user, "anonymousId": anonymous})
    for id in (user, anonymous):
        assert it.ask("GET", f"/v1/users/{id}/segments").json == {"user": user, "segments": [bought]}


# POST /v1/users/segments


def test_many_in_the_order_asked(it: Outsider) -> None:
    event = new_id("event")
    [bought] = it.live({"did": {"event": event}})
    user, anonymous, other, unknown = new_id(), new_id("anonymous"), new_id(), new_id()
    it.send(track(user, event), {"type": "identify", "userId": user, "anonymousId": anonymous}, track(other))
    asked = [unknown, anonymous, other, user, unknown, anonymous]
    answer = it.ask("POST", "/v1/users/segments", {"users": asked})
    assert answer.status == 200
    inside, outside = {"user": user, "segments": [bought]}, {"user": other, "segments": []}
    nobody = {"user": unknown, "segments": []}
    assert answer.json == {"users": [nobody, inside, outside, inside, nobody, inside]}


def test_at_most_1000(it: Outsider) -> None:
    ids = [new_id() for _ in range(1001)]
    answer = it.ask("POST", "/v1/users/segments", {"users": ids[:1000]})
    assert answer.status == 200
    assert [each["user"] for each in answer.json["users"]] == ids[:1000]
    it.ask("POST", "/v1/users/segments", {"users": ids}).error(422)
    assert it.ask("POST", "/v1/users/segments", {"users": []}).json == {"users": []}
    long = ["😀" * 255 + str(n % 10) for n in range(1000)]
    assert it.ask("POST", "/v1/users/segments", {"users": long}).status == 200


@pytest.mark.parametrize("document", [{}, [], {"users": None}, {"users": "u"}, {"users": [None]}, {"users": [[]]}, 7])
def test_what_asks_for_nobody(it: Outsider, document: Any) -> None:
    it.ask("POST", "/v1/users/segments", document).error(422)


@pytest.mark.parametrize("body", [b"", b"{", b"users"])
def test_what_is_no_json(it: Outsider, body: bytes) -> None:
    for path in ("/v1/users/segments", "/v1/segments"):
        it.http("POST", path, body, bearer(SECRET)).error(400)


# GET /v1/users/{id}

USER = {
    "user", "ids", "traits", "first_seen", "last_seen", "visits", "time_on_site", "device", "os", "browser", "language",
    "country", "first_campaign", "last_campaign", "counters_7d", "segments", "share",
}  # fmt: skip


def test_all_that_is_known_of_a_user(it: Outsider) -> None:
    event, at = new_id("event"), now() - HOUR
    [bought] = it.live({"did": {"event": event}})
    user, anonymous = new_id(), new_id("anonymous")
    context = {"locale": "de-DE", "location": {"country": "DE", "region": "BE"}}
    traits = {"plan": "pro", "age": 7, "vip": True, "tags": ["a", 1], "deep": {"a": {"b": None}}, "none": 1.5}
    it.send(
        page(user, at, "https://shop.example/?utm_source=s&utm_medium=m", anonymousId=anonymous, context=context),
        {"type": "identify", "userId": user, "traits": traits, "timestamp": iso(at + 1000)},
        track(user, "$click", timestamp=iso(at + 2000)),
        track(user, event, timestamp=iso(at + 90_000)),
    )
    found = it.user(anonymous)
    assert found.keys() == USER
    assert found["user"] == user
    assert set(found["ids"]) == {user, anonymous}
    assert found["traits"] == traits
    assert (found["first_seen"], found["last_seen"]) == (iso(at), iso(at + 90_000))
    assert (found["visits"], found["time_on_site"]) == (1, 90)
    assert (found["device"], found["os"], found["browser"]) == (None, None, None)
    assert (found["language"], found["country"]) == ("de-DE", "DE")
    assert found["first_campaign"] == found["last_campaign"] == {"source": "s", "medium": "m"}
    assert found["counters_7d"] == {"page_views": 1, "clicks": 1, "events": 1, "visits": 1}
    assert [each["id"] for each in found["segments"]] == [bought]
    assert found["share"] is True


def test_since_when_a_member(it: Outsider) -> None:
    """Entered when the event was applied; a window that runs out ends it."""
    event = new_id("event")
    [bought] = it.live({"did": {"event": event}})
    id, before = new_id(), now()
    it.send(track(id, event))
    [member] = it.user(id)["segments"]
    assert member.keys() == {"id", "since"}
    assert member["id"] == bought
    assert before - 1000 <= ms_of(member["since"]) <= now() + 1000


@pytest.mark.parametrize("id", ["nobody", "a%20b", "%F0%9F%98%80", "x" * 300, "%00"])
def test_an_unknown_user_is_404(it: Outsider, id: str) -> None:
    it.ask("GET", f"/v1/users/{id}").error(404)


# GET /v1/overview


def test_the_overview(it: Outsider) -> None:
    event = new_id("event")
    [bought] = it.live({"did": {"event": event}})
    before = it.ask("GET", "/v1/overview").json
    assert before.keys() == {"users", "new_7d", "active_7d", "page_views_7d", "clicks_7d", "visits_7d", "segments"}
    recent, gone, back = new_id(), new_id(), new_id()
    old = iso(now() - 9 * DAY)
    it.send(
        track(recent, event), page(recent), page(recent), track(recent, "$click"),
        track(gone, event, timestamp=old),
        track(back, event, timestamp=old), page(back),
    )  # fmt: skip

    def grown() -> bool:
        after = it.ask("GET", "/v1/overview").json
        names = ("users", "new_7d", "active_7d", "page_views_7d", "clicks_7d", "visits_7d")
        return [after[name] - before[name] for name in names] == [3, 1, 2, 3, 1, 2]

    eventually(grown, "the overview has not what was sent")
    listed = {each["id"]: each for each in it.ask("GET", "/v1/overview").json["segments"]}
    assert listed[bought].keys() == {"id", "name", "size", "share", "new_7d", "active_7d"}
    assert (listed[bought]["size"], listed[bought]["new_7d"], listed[bought]["active_7d"]) == (3, 1, 2)
    assert 0 < listed[bought]["share"] <= 1
    assert listed.keys() == {each["id"] for each in it.ask("GET", "/v1/segments").json["segments"]}


def test_someone_who_is_joined_is_one_user(it: Outsider) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    before = it.ask("GET", "/v1/overview").json["users"]
    it.send(track(user), {"type": "page", "anonymousId": anonymous})
    eventually(lambda: it.ask("GET", "/v1/overview").json["users"] == before + 2, "both are users")
    it.send({"type": "identify", "userId": user, "anonymousId": anonymous})
    eventually(lambda: it.ask("GET", "/v1/overview").json["users"] == before + 1, "now they are one")


# Whatever is asked


def test_nothing_there_and_another_method(it: Outsider) -> None:
    it.ask("GET", "/v1/nothing").error(404)
    it.ask("GET", "/v2/users/u").error(404)
    for method, path in (("PUT", "/v1/overview"), ("GET", "/v1/track"), ("POST", "/v1/users/u/segments")):
        it.ask(method, path).error(405)
