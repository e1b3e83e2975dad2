"""Contract section 2, what an event is: its time, its messageId, its ids, consent, GPC, bots."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from tests.contract.outsider import DAY, HOUR, MINUTE, SECOND, E, Outsider, iso, ms_of, new_id, now, page, track


def first_seen(it: Outsider, call: dict[str, Any], **batch: Any) -> int:
    """When an event is said to have happened, by what is told of a user who has only this one."""
    id = new_id()
    it.send({**call, "userId": id}, **batch)
    user = it.user(id)
    assert user["first_seen"] == user["last_seen"]
    return ms_of(user["first_seen"])


# Event time: `timestamp`


@pytest.mark.parametrize("back", [0, 1, 999, 1001, 3 * HOUR + 7, 30 * DAY + 123])
def test_timestamp_to_the_millisecond(it: Outsider, back: int) -> None:
    at = now() - 10 * MINUTE - back
    assert first_seen(it, {**E, "timestamp": iso(at)}) == at


def forms(at: int) -> dict[str, str]:
    utc = datetime.fromtimestamp(at / 1000, UTC)
    return {
        "Z": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}Z",
        "offset": utc.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat(timespec="milliseconds"),
        "negative offset": utc.astimezone(timezone(timedelta(hours=-9, minutes=-30))).isoformat(
            timespec="milliseconds"
        ),
        "microseconds": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}999Z",
        "nanoseconds": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}999999Z",
        "no zone is UTC": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}",
        "space": utc.strftime("%Y-%m-%d %H:%M:%S.") + f"{at % 1000:03}Z",
        "offset without colon": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}+0000",
        "short offset": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03}+00",
    }


@pytest.mark.parametrize("form", forms(0))
def test_forms_of_iso_8601(it: Outsider, form: str) -> None:
    at = now() - 26 * HOUR
    assert first_seen(it, {**E, "timestamp": forms(at)[form]}) == at


def test_a_time_without_fraction(it: Outsider) -> None:
    at = (now() - HOUR) // 1000 * 1000
    text = datetime.fromtimestamp(at // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert first_seen(it, {**E, "timestamp": text}) == at


def test_a_bare_date_is_its_midnight(it: Outsider) -> None:
    text = datetime.fromtimestamp(now() / 1000 - 3 * 86400, UTC).strftime("%Y-%m-%d")
    assert first_seen(it, {**E, "timestamp": text}) == ms_of(f"{text}T00:00:00+00:00")


UNREADABLE: list[Any] = [
    "yesterday", "", "2024-13-01T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01T25:00:00Z", "12:00", "Z",
    1_700_000_000, 1_700_000_000_000, 1.7e9, True, [], {}, "1700000000", "2024-01-01T00:00:00 o'clock",
    "0000-00-00T00:00:00Z", "99999-01-01T00:00:00Z", "２０２４-01-01",
]  # fmt: skip


@pytest.mark.parametrize("timestamp", UNREADABLE)
def test_unreadable_is_the_time_of_receipt(it: Outsider, timestamp: Any) -> None:
    before = now()
    assert before - 5 <= first_seen(it, {**E, "timestamp": timestamp}) <= now() + 5


def test_missing_is_the_time_of_receipt(it: Outsider) -> None:
    before = now()
    assert before - 5 <= first_seen(it, E) <= now() + 5


def test_a_bodys_own_received_at_is_ignored(it: Outsider) -> None:
    before = now()
    old = iso(now() - 30 * DAY)
    assert before - 5 <= first_seen(it, {**E, "receivedAt": old}) <= now() + 5
    assert before - 5 <= first_seen(it, E, receivedAt=old) <= now() + 5
    assert before - 5 <= first_seen(it, {**E, "receivedAt": old, "sentAt": old, "timestamp": old}) <= now() + 5


# … corrected by receivedAt - sentAt, of the event or else of its batch


def ago(found: int, since: int, expected: int) -> bool:
    """An event told as `expected` ago by a sender that sent it between `since` and now."""
    return since - 5 <= found + expected <= now() + 5


@pytest.mark.parametrize("off", [-3 * HOUR, -7, 5 * MINUTE, 400 * DAY])
def test_the_senders_clock(it: Outsider, off: int) -> None:
    for of_event in (True, False):
        since = now()
        call = {**E, "timestamp": iso(since + off - 20 * MINUTE)}
        sent = iso(since + off)
        found = first_seen(it, {**call, "sentAt": sent}) if of_event else first_seen(it, call, sentAt=sent)
        assert ago(found, since, 20 * MINUTE)


def test_the_events_own_sent_at_goes_before_the_batchs(it: Outsider) -> None:
    since = now()
    call = {**E, "timestamp": iso(since - 2 * HOUR - HOUR), "sentAt": iso(since - 2 * HOUR)}
    assert ago(first_seen(it, call, sentAt=iso(since - 9 * HOUR)), since, HOUR)


def test_without_timestamp_sent_at_changes_nothing(it: Outsider) -> None:
    before = now()
    assert before - 5 <= first_seen(it, {**E, "sentAt": iso(now() - HOUR)}, sentAt=iso(now() - DAY)) <= now() + 5


@pytest.mark.parametrize("sent", [None, "soon", 7, True, [], ""])
def test_an_unreadable_sent_at_is_as_none(it: Outsider, sent: Any) -> None:
    at = now() - HOUR
    assert first_seen(it, {**E, "timestamp": iso(at), "sentAt": sent}) == at
    assert first_seen(it, {**E, "timestamp": iso(at)}, sentAt=sent) == at


# More than an hour ahead: the time of receipt; else it counts from its own time on


def test_more_than_an_hour_ahead_is_the_time_of_receipt(it: Outsider) -> None:
    before = now()
    for ahead in (HOUR + 20 * SECOND, DAY, 9000 * DAY):
        assert before - 5 <= first_seen(it, {**E, "timestamp": iso(now() + ahead)}) <= now() + 5
    corrected = {**E, "timestamp": iso(now()), "sentAt": iso(now() - HOUR - 20 * SECOND)}
    assert before - 5 <= first_seen(it, corrected) <= now() + 5


def test_an_event_counts_from_its_own_time_on_everywhere(it: Outsider) -> None:
    known, unknown = new_id(), new_id()
    it.send(track(known))
    later = now() + 5 * SECOND
    it.send(*[track(id, timestamp=iso(later)) for id in (known, unknown)])
    if now() < later - SECOND:
        assert it.counters(known)[2] == 1
        assert not it.is_known(unknown)
    while now() < later + SECOND:
        pass
    assert it.counters(known)[2] == 2
    assert it.user(unknown)["first_seen"] == iso(later)


# Retention


def test_older_than_the_retention_still_tells_its_facts(it: Outsider) -> None:
    id, at = new_id(), now() - 801 * DAY
    [ever] = it.live({"did": {"event": "Ancient"}})
    it.send(
        track(id, "Ancient", timestamp=iso(at)),
        page(id, at, "https://shop.example/?utm_source=old&utm_medium=mail"),
        {"type": "identify", "userId": id, "traits": {"since": "long"}, "timestamp": iso(at)},
        track(id, "Today"),
    )
    user = it.user(id)
    assert user["first_seen"] == iso(at)
    assert user["traits"] == {"since": "long"}
    assert user["first_campaign"]["source"] == "old"
    assert user["counters_7d"]["events"] == 1
    assert it.segments_of(id) == []
    it.send(track(id, "Ancient", timestamp=iso(now() - 799 * DAY)))
    assert it.segments_of(id) == [ever]


# messageId removes duplicates sent under the same id; the first arrival wins


def test_a_message_id_counts_once_under_an_id(it: Outsider) -> None:
    id, message = new_id(), new_id("message")
    it.send(track(id, messageId=message), track(id, messageId=message))
    it.send(track(id, messageId=message))
    it.settle(it.post("/v1/track", {**track(id), "messageId": message}).json["position"])
    assert it.counters(id)[2] == 1


def test_the_first_arrival_wins(it: Outsider) -> None:
    id, message, at = new_id(), new_id("message"), now() - HOUR
    first = {"type": "identify", "userId": id, "traits": {"a": 1}, "timestamp": iso(at), "messageId": message}
    it.send(first)
    it.send({**first, "traits": {"a": 2, "b": 2}, "timestamp": iso(at - HOUR)})
    user = it.user(id)
    assert user["traits"] == {"a": 1}
    assert user["first_seen"] == iso(at)


def test_whatever_the_call_is(it: Outsider) -> None:
    id, message = new_id(), new_id("message")
    it.send(track(id, messageId=message), {"type": "page", "userId": id, "messageId": message})
    assert sum(it.counters(id)[:3]) == 1


def test_another_id_has_its_own_messages(it: Outsider) -> None:
    a, b, message = new_id(), new_id(), new_id("message")
    it.send(track(a, messageId=message), track(b, messageId=message))
    assert it.counters(a)[2] == it.counters(b)[2] == 1


def test_the_id_that_it_was_sent_under_counts_not_the_user(it: Outsider) -> None:
    user, anonymous, message = new_id(), new_id("anonymous"), new_id("message")
    it.send({**E, "anonymousId": anonymous, "messageId": message})
    it.send({**E, "userId": user, "anonymousId": anonymous, "messageId": message})
    it.send({**E, "userId": user, "anonymousId": anonymous, "messageId": message})
    it.send({**E, "anonymousId": anonymous, "messageId": message})
    assert it.canonical(anonymous) == user
    assert it.counters(user)[2] == 2


def test_without_one_every_event_is_its_own(it: Outsider) -> None:
    id, at = new_id(), iso(now() - HOUR)
    it.send(*[track(id, timestamp=at)] * 3, *[track(id, timestamp=at, messageId=None)] * 2)
    assert it.counters(id)[2] == 5


# Ids are text (numbers taken as text), 1-256 characters, one namespace


@pytest.mark.parametrize(("sent", "id"), [(7, "7"), (7.0, "7"), (-3, "-3"), (1.5, "1.5"), (2**53 + 1, str(2**53 + 1))])
def test_numbers_are_taken_as_text(it: Outsider, sent: float, id: str) -> None:
    it.send({**E, "userId": sent}, {"type": "identify", "userId": id, "traits": {"n": id}})
    assert it.user(id)["user"] == id
    assert it.user(id)["traits"]["n"] == id


@pytest.mark.parametrize("character", ["x", "é", "日", "😀", "/", " "])
def test_256_characters(it: Outsider, character: str) -> None:
    tail = new_id("")[-12:]
    id = character * (256 - len(tail)) + tail
    it.send(track(id))
    assert it.canonical(id) == id
    assert it.counters(id)[2] == 1
    assert it.rejected(track(character + id)) == [(0, "bad_id")]


ODD = ["a/b", "a b", "a%2Fb", "a?b#c", "..", ".", "a+b", "ü", "\u202e", "\n", '"', "\\", "null", "0", "{}", "<b>", "😀"]


@pytest.mark.parametrize("odd", ODD)
def test_any_text_is_an_id(it: Outsider, odd: str) -> None:
    id = odd if odd in (".", "..") else f"{odd}{new_id('')}"
    it.send(track(id), {"type": "identify", "userId": id, "traits": {"odd": odd}})
    assert it.canonical(id) == id
    assert it.ask("POST", "/v1/users/segments", {"users": [id]}).json["users"][0]["user"] == id
    if odd not in (".", ".."):  # an HTTP client takes these out of a path
        assert it.user(id)["traits"] == {"odd": odd}


def test_user_and_anonymous_ids_are_one_namespace(it: Outsider) -> None:
    id = new_id()
    it.send({**E, "userId": id}, {**E, "anonymousId": id}, {**E, "userId": id, "anonymousId": id})
    assert it.counters(id)[2] == 3
    assert it.user(id)["ids"] == [id]
