"""Contract section 2, identity: which ids are one user, sentence by sentence."""

from typing import Any

import pytest

from tests.contract.outsider import HOUR, MINUTE, Outsider, iso, new_id, now, page, track

E: dict[str, Any] = {"type": "track", "event": "E"}


def identify(user: str | None = None, anonymous: str | None = None, **more: Any) -> dict[str, Any]:
    ids = {key: value for key, value in (("userId", user), ("anonymousId", anonymous)) if value}
    return {"type": "identify", **ids, **more}


def alias(previous: str, user: str, **more: Any) -> dict[str, Any]:
    return {"type": "alias", "previousId": previous, "userId": user, **more}


def same(it: Outsider, *ids: str, known_as: str) -> None:
    for id in ids:
        assert it.canonical(id) == known_as
        assert it.user(id)["user"] == known_as
        assert set(ids) <= set(it.user(id)["ids"])


# Any call with userId and anonymousId joins them; the event is the userId's


@pytest.mark.parametrize("kind", ["track", "page", "screen", "identify", "group"])
def test_any_call_with_both_joins_them(it: Outsider, kind: str) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    it.send({"type": "page", "anonymousId": anonymous})
    assert it.canonical(anonymous) == anonymous
    it.send({**E, "type": kind, "userId": user, "anonymousId": anonymous, "groupId": "g"})
    same(it, user, anonymous, known_as=user)
    pages = 1 + (kind in ("page", "screen"))
    assert it.counters(user)[:3] == (pages, 0, int(kind == "track"))


def test_what_comes_later_under_the_anonymous_id_is_the_users(it: Outsider) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    it.send(identify(user, anonymous))
    it.send({**E, "anonymousId": anonymous}, {"type": "identify", "anonymousId": anonymous, "traits": {"a": 1}})
    assert it.counters(user)[2] == 1
    assert it.user(user)["traits"] == {"a": 1}
    it.send(page(new_id()), {"type": "page", "anonymousId": anonymous})
    assert it.counters(anonymous)[:3] == (1, 0, 1)


def test_the_order_of_arrival_within_a_batch_does_not_matter_for_what_was_before(it: Outsider) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    it.send(*[{**E, "anonymousId": anonymous}] * 5, identify(user, anonymous), *[{**E, "anonymousId": anonymous}] * 5)
    assert it.counters(user)[2] == 10


# An anonymousId belongs to the first userId that it was joined with


def test_another_user_beside_it_counts_for_that_user_and_joins_nothing(it: Outsider) -> None:
    first, second, anonymous = new_id(), new_id(), new_id("anonymous")
    it.send({**E, "userId": first, "anonymousId": anonymous})
    it.send({**E, "userId": second, "anonymousId": anonymous}, {**E, "userId": second, "anonymousId": anonymous})
    assert it.canonical(anonymous) == first
    assert it.canonical(second) == second
    assert (it.counters(first)[2], it.counters(second)[2]) == (1, 2)
    assert it.user(second)["ids"] == [second]
    it.send({**E, "anonymousId": anonymous})
    assert (it.counters(first)[2], it.counters(second)[2]) == (2, 2)


def test_several_anonymous_ids_of_one_user(it: Outsider) -> None:
    user, devices = new_id(), [new_id("anonymous") for _ in range(4)]
    it.send(*[{**E, "anonymousId": device} for device in devices])
    it.send(*[identify(user, device) for device in devices])
    same(it, user, *devices, known_as=user)
    assert it.counters(user)[2] == 4


# Two ids that each came as a userId are never joined, except by alias …


def test_two_user_ids_are_never_joined(it: Outsider) -> None:
    a, b = new_id(), new_id()
    it.send(track(a), track(b))
    it.send({**E, "userId": a, "anonymousId": b}, {**E, "userId": b, "anonymousId": a})
    assert (it.canonical(a), it.canonical(b)) == (a, b)
    assert (it.counters(a)[2], it.counters(b)[2]) == (2, 2)
    it.send(alias(a, new_id()))


def test_alias_of_a_user_id_that_never_was_anonymous_joins_nothing(it: Outsider) -> None:
    old, new = new_id(), new_id()
    it.send(track(old), track(new))
    it.send(alias(old, new))
    assert (it.canonical(old), it.canonical(new)) == (old, new)
    assert (it.counters(old)[2], it.counters(new)[2]) == (1, 1)


def test_alias_of_a_user_id_that_came_as_an_anonymous_id_too_joins(it: Outsider) -> None:
    old, new = new_id(), new_id()
    it.send({**E, "anonymousId": old})
    it.send(track(old), track(new))
    it.send(alias(old, new))
    same(it, old, new, known_as=new)
    assert it.counters(new)[2] == 3


def test_the_user_is_known_by_the_user_id_that_the_alias_named_last(it: Outsider) -> None:
    a, b, c = new_id(), new_id(), new_id()
    for id in (a, b):
        it.send({**E, "anonymousId": id})
        it.send(track(id))
    it.send(alias(a, b))
    same(it, a, b, known_as=b)
    it.send(track(c))
    it.send(alias(b, c))
    same(it, a, b, c, known_as=c)
    it.send(alias(a, b))
    same(it, a, b, c, known_as=b)


def test_alias_in_circles(it: Outsider) -> None:
    a, b = new_id(), new_id()
    for id in (a, b):
        it.send({**E, "anonymousId": id})
        it.send(track(id))
    it.send(alias(a, b), alias(b, a))
    same(it, a, b, known_as=a)
    it.send(alias(a, a), track(a), track(b))
    same(it, a, b, known_as=a)
    assert it.counters(a)[2] == 6


# … an alias of an id that only was anonymous is a join like any other


def test_alias_of_an_anonymous_id(it: Outsider) -> None:
    anonymous, user = new_id("anonymous"), new_id()
    it.send({**E, "anonymousId": anonymous})
    it.send(alias(anonymous, user))
    same(it, anonymous, user, known_as=user)
    assert it.counters(user)[2] == 1


def test_it_joins_nothing_where_that_id_belongs_to_another_user(it: Outsider) -> None:
    anonymous, owner, other = new_id("anonymous"), new_id(), new_id()
    it.send({**E, "userId": owner, "anonymousId": anonymous}, track(other))
    it.send(alias(anonymous, other))
    assert it.canonical(anonymous) == owner
    assert it.canonical(other) == other


def test_an_alias_that_is_repeated_changes_nothing(it: Outsider) -> None:
    old, new, message = new_id(), new_id(), new_id("message")
    it.send({**E, "anonymousId": old})
    it.send(track(old), track(new))
    for _ in range(3):
        it.send(alias(old, new, messageId=message), alias(old, new, messageId=message))
    same(it, old, new, known_as=new)
    assert it.counters(new)[2] == 3
    newest = new_id()
    it.send(track(newest), alias(new, newest, messageId=new_id("message")))
    it.send({**E, "anonymousId": new}, alias(new, newest))
    it.send(alias(old, new, messageId=message))
    same(it, old, new, newest, known_as=newest)


def test_alias_makes_nobody_known(it: Outsider) -> None:
    a, b = new_id(), new_id()
    it.send(alias(a, b))
    assert not it.is_known(a)
    assert not it.is_known(b)
    assert it.segments_of(a) == it.segments_of(b) == []


def test_alias_is_no_event_and_no_sighting(it: Outsider) -> None:
    anonymous, user, at = new_id("anonymous"), new_id(), now() - HOUR
    it.send({**E, "anonymousId": anonymous, "timestamp": iso(at)})
    it.send(alias(anonymous, user))
    found = it.user(user)
    assert (found["first_seen"], found["last_seen"]) == (iso(at), iso(at))
    assert it.counters(user) == (0, 0, 1, 1)


# Joined ids are one user with the history and the traits (latest by event time; at equal times the later arrival)


def test_traits_of_both_the_latest_by_event_time_wins(it: Outsider) -> None:
    user, anonymous, at = new_id(), new_id("anonymous"), now() - HOUR
    it.send(
        identify(user, traits={"a": "user", "b": "user", "u": 1}, timestamp=iso(at)),
        identify(None, anonymous, traits={"a": "anonymous", "x": 1}, timestamp=iso(at + 1)),
        identify(None, anonymous, traits={"b": "anonymous"}, timestamp=iso(at - 1)),
    )
    it.send({**E, "userId": user, "anonymousId": anonymous})
    assert it.user(anonymous)["traits"] == {"a": "anonymous", "b": "user", "u": 1, "x": 1}


def test_at_equal_times_the_later_arrival(it: Outsider) -> None:
    user, anonymous, at = new_id(), new_id("anonymous"), iso(now() - HOUR)
    it.send(identify(user, traits={"a": "first", "b": "first"}, timestamp=at))
    it.send(identify(None, anonymous, traits={"a": "second"}, timestamp=at))
    it.send(identify(user, traits={"b": "third"}, timestamp=at))
    it.send(identify(user, anonymous))
    assert it.user(user)["traits"] == {"a": "second", "b": "third"}


def test_a_late_identify_does_not_take_back_what_is_newer(it: Outsider) -> None:
    user, at = new_id(), now() - HOUR
    it.send(identify(user, traits={"plan": "pro"}, timestamp=iso(at)))
    it.send(identify(user, traits={"plan": "free", "old": True}, timestamp=iso(at - HOUR)))
    assert it.user(user)["traits"] == {"plan": "pro", "old": True}


def test_first_and_last_seen_are_those_of_both(it: Outsider) -> None:
    user, anonymous, at = new_id(), new_id("anonymous"), now() - 10 * HOUR
    it.send(track(user, timestamp=iso(at)), {**E, "anonymousId": anonymous, "timestamp": iso(at - HOUR)})
    it.send({**E, "anonymousId": anonymous, "timestamp": iso(at + HOUR)})
    it.send(identify(user, anonymous, timestamp=iso(at)))
    found = it.user(user)
    assert (found["first_seen"], found["last_seen"]) == (iso(at - HOUR), iso(at + HOUR))


def test_every_rule_is_judged_anew_on_the_joined_history(it: Outsider) -> None:
    event, other = new_id("event"), new_id("event")
    twice, never = it.live(
        {"did": {"event": event}, "count": {"gte": 2}},
        {"all": [{"not": {"did": {"event": event}}}, {"did": {"event": other}}]},
    )
    user, anonymous = new_id(), new_id("anonymous")
    it.send(track(user, event), track(user, other), {**E, "event": other, "anonymousId": anonymous})
    assert (it.segments_of(user), it.segments_of(anonymous)) == ([], [never])
    it.send({**E, "anonymousId": anonymous, "event": event})
    it.send(identify(user, anonymous))
    assert it.segments_of(user) == it.segments_of(anonymous) == [twice]


def test_visits_of_both_are_derived_anew(it: Outsider) -> None:
    user, anonymous, at = new_id(), new_id("anonymous"), now() - 10 * HOUR
    it.send(*[track(user, timestamp=iso(at + n * 40 * MINUTE)) for n in range(3)])
    assert it.user(user)["visits"] == 3
    it.send(*[{**E, "anonymousId": anonymous, "timestamp": iso(at + (20 + n * 40) * MINUTE)} for n in range(2)])
    it.send(identify(user, anonymous, timestamp=iso(at)))
    assert it.user(user)["visits"] == 1
    assert it.user(user)["time_on_site"] == 80 * 60


# group sets traits.group_id, makes known, and is no event


@pytest.mark.parametrize(("group", "text"), [("acme", "acme"), (7, "7")])
def test_group(it: Outsider, group: Any, text: str) -> None:
    id = new_id()
    it.send({"type": "group", "userId": id, "groupId": group, "traits": {"employees": 9}})
    assert it.user(id)["traits"] == {"group_id": text}
    assert it.counters(id) == (0, 0, 0, 0)
    assert it.user(id)["visits"] == 0
    it.send({"type": "group", "userId": id, "groupId": "other"})
    assert it.user(id)["traits"] == {"group_id": "other"}


def test_identify_makes_known_and_is_no_counted_event(it: Outsider) -> None:
    id = new_id()
    it.send(identify(id))
    assert it.counters(id)[:3] == (0, 0, 0)
    assert it.canonical(id) == id


# The canonical id is the userId, else the oldest anonymousId


def test_an_anonymous_user_is_known_by_its_anonymous_id(it: Outsider) -> None:
    anonymous = new_id("anonymous")
    it.send({**E, "anonymousId": anonymous})
    same(it, anonymous, known_as=anonymous)
    assert it.user(anonymous)["ids"] == [anonymous]


def test_two_requests_at_once_join_as_one_after_the_other(it: Outsider) -> None:
    """Positions of both are awaited at the end only."""
    pairs = [(new_id(), new_id("anonymous")) for _ in range(50)]
    positions = []
    for user, anonymous in pairs:
        positions.append(it.batch({**E, "anonymousId": anonymous}).json["position"])
        positions.append(it.batch({**E, "userId": user, "anonymousId": anonymous}).json["position"])
        positions.append(it.batch({**E, "anonymousId": anonymous}).json["position"])
    for position in positions:
        it.settle(position)
    for user, anonymous in pairs:
        assert it.canonical(anonymous) == user
        assert it.counters(user)[2] == 3
