"""Contract section 2, who is counted: consent, GPC, bots; and what of a call is its own."""

import re
from typing import Any

import pytest

from tests.contract.outsider import DAY, HOUR, MINUTE, WRITE, E, Outsider, basic, iso, new_id, now, page, track

# Consent


def dead_letters(it: Outsider, reason: str) -> float:
    text = it.http("GET", "/metrics", port=it.port + 1).body.decode()
    found = re.findall(rf'^shoal_dead_letters_total\{{reason="{reason}"\}} (\S+)$', text, re.MULTILINE)
    return float(found[0]) if found else 0.0


def consent(analytics: Any) -> dict[str, Any]:
    return {"consent": {"categoryPreferences": {"analytics": analytics, "advertising": False}}}


def test_without_consent_nothing_is_stored_and_that_is_counted(it: Outsider) -> None:
    id, before = new_id(), dead_letters(it, "consent")
    kinds = ("track", "page", "screen", "identify", "group")
    calls = [{**E, "type": kind, "userId": id, "groupId": "g", "context": consent(False)} for kind in kinds]
    it.send(*calls)
    for call in calls:
        answer = it.post(f"/v1/{call['type']}", call)
        assert (answer.status, answer.json["success"]) == (200, True)
        it.settle(answer.json["position"])
    assert not it.is_known(id)
    assert dead_letters(it, "consent") == before + 2 * len(calls)


def test_without_consent_nothing_is_joined(it: Outsider) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    it.send({**E, "anonymousId": anonymous}, {**E, "userId": user})
    it.send({"type": "identify", "userId": user, "anonymousId": anonymous, "context": consent(False)})
    it.send({"type": "alias", "userId": user, "previousId": anonymous, "context": consent(False)})
    assert it.canonical(anonymous) == anonymous


def test_consent_of_the_batchs_context(it: Outsider) -> None:
    id = new_id()
    it.send(track(id), context=consent(False))
    assert not it.is_known(id)


@pytest.mark.parametrize("analytics", [True, None, "false", 0])
def test_only_false_withholds_consent(it: Outsider, analytics: Any) -> None:
    id = new_id()
    it.send(track(id, context=consent(analytics)))
    assert it.is_known(id)


# Global Privacy Control


def test_gpc_marks_every_user_that_the_request_names(it: Outsider) -> None:
    user, anonymous, other, alone, previous = (new_id() for _ in range(5))
    it.send({**E, "anonymousId": anonymous}, {**E, "anonymousId": alone}, track(other), {**E, "anonymousId": previous})
    untouched = new_id()
    it.send(track(untouched))
    it.send(
        track(user),
        {**E, "anonymousId": alone},
        {"type": "identify", "userId": other},
        headers={"Sec-GPC": "1"},
    )
    shares = [it.user(id)["share"] for id in (user, alone, other, anonymous, untouched)]
    assert shares == [False, False, False, True, True]
    it.send(track(user))
    assert it.user(user)["share"] is False, "a later request without the header does not take it back"


def test_gpc_names_both_ids_of_a_call_that_joins_nothing(it: Outsider) -> None:
    owner, other, anonymous = new_id(), new_id(), new_id("anonymous")
    it.send({**E, "userId": owner, "anonymousId": anonymous})
    it.send({**E, "userId": other, "anonymousId": anonymous}, headers={"Sec-GPC": "1"})
    assert it.user(other)["share"] is False
    assert it.user(owner)["share"] is False, "the anonymousId names its user"


def test_gpc_goes_over_to_the_user_that_is_joined(it: Outsider) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    it.send({**E, "anonymousId": anonymous}, headers={"Sec-GPC": "1"})
    it.send(track(user))
    assert it.user(user)["share"] is True
    it.send({"type": "identify", "userId": user, "anonymousId": anonymous})
    assert it.user(user)["share"] is False


@pytest.mark.parametrize("value", ["0", "", "true", "2"])
def test_another_value_is_no_gpc(it: Outsider, value: str) -> None:
    id = new_id()
    it.send(track(id), headers={"Sec-GPC": value})
    assert it.user(id)["share"] is True


# Bots, and what a user agent tells

GOOGLE = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 "
    "Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"
)


def test_bots_are_users_with_device_bot(it: Outsider) -> None:
    id = new_id()
    it.send(page(id, context={"userAgent": GOOGLE}))
    assert it.user(id)["device"] == "bot"
    assert it.counters(id)[0] == 1


def test_the_user_agent_of_the_context_else_of_a_call_with_an_origin(it: Outsider) -> None:
    ids = [new_id() for _ in range(3)]
    it.send(page(ids[0], context={"userAgent": IPHONE}), headers={"User-Agent": CHROME, "Origin": "https://a.example"})
    it.send(page(ids[1]), headers={"User-Agent": CHROME, "Origin": "https://a.example"})
    it.send(page(ids[2]), headers={"User-Agent": CHROME})
    found = [(user["device"], user["os"], user["browser"]) for user in map(it.user, ids)]
    assert found == [("mobile", "iOS", "Safari"), ("desktop", "Windows", "Chrome"), (None, None, None)]


def test_each_of_the_latest_event_that_has_it_in_the_last_visit_with_one(it: Outsider) -> None:
    id, at = new_id(), now() - 5 * DAY
    it.send(
        page(id, at, context={"userAgent": IPHONE, "locale": "de-AT", "location": {"country": "AT"}}),
        page(id, at + MINUTE),
        page(id, at + DAY),
    )
    user = it.user(id)
    assert (user["device"], user["language"], user["country"]) == ("mobile", "de-AT", "AT")
    it.send(page(id, at + 2 * DAY, context={"userAgent": CHROME}), page(id, at + 2 * DAY + 1, context={"locale": "fr"}))
    user = it.user(id)
    assert (user["device"], user["browser"], user["language"]) == ("desktop", "Chrome", "fr")


# A call's path or its own type; keys in front of what is sent


def test_a_single_calls_type_is_its_paths(it: Outsider) -> None:
    id = new_id()
    it.settle(it.post("/v1/page", {"type": "track", "event": "E", "userId": id}).json["position"])
    assert it.counters(id)[:3] == (1, 0, 0)


def test_requests_of_one_user_count_in_their_order(it: Outsider) -> None:
    """At equal times the later arrival."""
    id, at = new_id(), iso(now() - HOUR)
    identify = {"type": "identify", "userId": id, "timestamp": at}
    it.send({**identify, "traits": {"n": 1}}, {**identify, "traits": {"n": 2}})
    assert it.user(id)["traits"] == {"n": 2}
    it.send({**identify, "traits": {"n": 3}})
    assert it.user(id)["traits"] == {"n": 3}
    assert it.http("POST", "/v1/identify", b'{"userId":"' + id.encode() + b'"}', basic(WRITE)).status == 200
