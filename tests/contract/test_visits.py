"""Contract section 2, visits and campaigns: from the events ordered by event time, as if all had arrived in time."""

import random
from typing import Any

import pytest

from tests.contract.outsider import DAY, HOUR, MINUTE, SECOND, Outsider, iso, new_id, now, page, track

SHOP = "https://shop.example"


def start() -> int:
    return now() - 20 * HOUR


def visits(it: Outsider, id: str) -> tuple[int, float]:
    user = it.user(id)
    return user["visits"], user["time_on_site"]


def at_times(it: Outsider, *times: int) -> tuple[int, float]:
    id = new_id()
    it.send(*[track(id, timestamp=iso(at)) for at in times])
    return visits(it, id)


# A gap of 30 min or more ends a visit


@pytest.mark.parametrize(("gap", "count"), [(30 * MINUTE - 1, 1), (30 * MINUTE, 2), (30 * MINUTE + 1, 2), (0, 1)])
def test_a_gap_of_30_minutes(it: Outsider, gap: int, count: int) -> None:
    at = start()
    assert at_times(it, at, at + gap) == (count, gap / 1000 if count == 1 else 0)


def test_a_visit_goes_on_as_long_as_no_gap_ends_it(it: Outsider) -> None:
    at = start()
    assert at_times(it, *[at + n * 29 * MINUTE for n in range(20)]) == (1, 19 * 29 * 60)


def test_in_any_order_of_arrival(it: Outsider) -> None:
    at, rolled = start(), random.Random(7)
    times = [at + n * 10 * MINUTE for n in range(4)] + [at + 2 * HOUR + n * MINUTE for n in range(4)] + [at + 5 * HOUR]
    for _ in range(5):
        rolled.shuffle(times)
        id = new_id()
        for moment in times:
            it.batch(track(id, timestamp=iso(moment)))
        it.send(track(id, timestamp=iso(times[0])))
        assert visits(it, id) == (3, 30 * 60 + 3 * 60)


def test_a_late_event_closes_a_gap(it: Outsider) -> None:
    id, at = new_id(), start()
    it.send(track(id, timestamp=iso(at)), track(id, timestamp=iso(at + 50 * MINUTE)))
    assert visits(it, id) == (2, 0)
    it.send(track(id, timestamp=iso(at + 25 * MINUTE)))
    assert visits(it, id) == (1, 50 * 60)


@pytest.mark.parametrize("kind", ["track", "page", "screen", "identify"])
def test_they_follow_from_track_page_screen_and_identify(it: Outsider, kind: str) -> None:
    id, at = new_id(), start()
    it.send(*[{"type": kind, "event": "E", "userId": id, "timestamp": iso(at + n * HOUR)} for n in range(3)])
    assert visits(it, id) == (3, 0)
    assert it.counters(id)[3] == 3


@pytest.mark.parametrize("kind", ["group", "alias"])
def test_and_from_nothing_else(it: Outsider, kind: str) -> None:
    id, at = new_id(), start()
    it.send(track(id, timestamp=iso(at)), track(id, timestamp=iso(at + HOUR)))
    between = {"type": kind, "userId": id, "groupId": "g", "previousId": new_id(), "timestamp": iso(at + 25 * MINUTE)}
    it.send(between)
    assert visits(it, id) == (2, 0)


# Within one, a page or screen call whose source is not direct and differs from that of the visit's first page call

DIRECT = page("", url=f"{SHOP}/a")
GOOGLE = page("", url=f"{SHOP}/b", referrer="https://www.google.com/search?q=x")
BING = page("", url=f"{SHOP}/b", referrer="https://www.bing.com/")
INSIDE = page("", url=f"{SHOP}/c", referrer=f"{SHOP}/b")
MAIL = page("", url=f"{SHOP}/?utm_source=news&utm_medium=mail")
SAME_SOURCE = page("", url=f"{SHOP}/?utm_source=news&utm_medium=mail&utm_campaign=other")
OTHER_MEDIUM = page("", url=f"{SHOP}/?utm_source=news&utm_medium=print")
NO_SOURCE = page("", url=f"{SHOP}/?utm_campaign=x&utm_medium=mail")
MAIL_AND_GOOGLE = page("", url=f"{SHOP}/?utm_source=news&utm_medium=mail", referrer="https://www.google.com/")
GIVEN = page("", url=f"{SHOP}/x", context={"campaign": {"source": "news", "medium": "mail"}})
CLICK = track("")

SOURCES: list[tuple[list[dict[str, Any]], int]] = [
    ([GOOGLE, DIRECT], 1),
    ([GOOGLE, INSIDE], 1),
    ([GOOGLE, GOOGLE], 1),
    ([DIRECT, INSIDE], 1),
    ([DIRECT, GOOGLE], 2),
    ([GOOGLE, BING], 2),
    ([GOOGLE, BING, GOOGLE], 3),
    ([GOOGLE, DIRECT, GOOGLE], 1),
    ([GOOGLE, DIRECT, BING], 2),
    ([DIRECT, MAIL, DIRECT, MAIL], 2),
    ([MAIL, SAME_SOURCE], 1),
    ([MAIL, OTHER_MEDIUM], 2),
    ([MAIL, GIVEN], 1),
    ([MAIL, MAIL_AND_GOOGLE], 1),
    ([GOOGLE, MAIL_AND_GOOGLE], 2),
    ([DIRECT, NO_SOURCE], 1),
    ([CLICK, GOOGLE], 1),
    ([CLICK, GOOGLE, CLICK, BING], 2),
    ([CLICK, DIRECT, GOOGLE], 2),
]


@pytest.mark.parametrize("number", range(len(SOURCES)))
def test_another_source_begins_a_new_visit(it: Outsider, number: int) -> None:
    calls, expected = SOURCES[number]
    id, at = new_id(), start()
    it.send(*[{**call, "userId": id, "timestamp": iso(at + n * MINUTE)} for n, call in enumerate(calls)])
    assert it.user(id)["visits"] == expected


def test_screen_calls_have_a_source_too(it: Outsider) -> None:
    id, at = new_id(), start()
    campaign = {"campaign": {"source": "push", "medium": "app"}}
    it.send(page(id, at, f"{SHOP}/"), {**page(id, at + 1, context=campaign), "type": "screen"})
    assert it.user(id)["visits"] == 2


# Each visit is one $visit event at its first event's time


def test_visits_are_counted_at_their_first_events_time(it: Outsider) -> None:
    id = new_id()
    at = now() - 8 * DAY
    it.send(track(id, timestamp=iso(at)), track(id, timestamp=iso(now() - DAY)))
    assert it.counters(id) == (0, 0, 1, 1)
    assert it.user(id)["visits"] == 2


def of_visit(*where: tuple[str, str, Any]) -> dict[str, Any]:
    filters = [{"field": field, "op": op, "value": value} for field, op, value in where]
    return {"did": {"event": "$visit", "where": filters}}


def test_the_fields_of_a_visit(it: Outsider) -> None:
    """Those of its first page call, else of its first event; and its own."""
    word = new_id("word")
    mine = ("host", "is", f"{word}.example".lower())
    rules = {
        "new": of_visit(mine, ("visit_type", "is", "new")),
        "returning": of_visit(mine, ("visit_type", "is", "returning")),
        "landing": of_visit(mine, ("landing_page", "is", f"https://{word}.example/in?a=1")),
        "path": of_visit(mine, ("path", "is", "/in")),
        "second page's path": of_visit(mine, ("path", "is", "/next")),
        "duration": of_visit(mine, ("duration", "is", 90.5)),
        "page views": of_visit(mine, ("page_views", "is", 2)),
        "query": of_visit(mine, ("query.a", "is", "1")),
        "no page": of_visit(("properties.word", "is", word), ("landing_page", "not_exists", None)),
    }
    del rules["no page"]["did"]["where"][1]["value"]
    names = dict(zip(rules, it.live(*rules.values()), strict=True))
    user, other, at = new_id(), new_id(), start()
    it.send(
        track(user, timestamp=iso(at)),
        page(user, at + SECOND, f"https://{word}.example/in?a=1#part"),
        page(user, at + 2 * SECOND, f"https://{word}.example/next"),
        track(user, timestamp=iso(at + 90_500)),
        track(other, properties={"word": word}, timestamp=iso(at)),
        track(other, properties={"word": "another"}, timestamp=iso(at + 1)),
    )
    expected = {"new", "landing", "path", "duration", "page views", "query"}
    assert it.segments_of(user) == sorted(names[each] for each in expected)
    assert it.segments_of(other) == [names["no page"]]
    it.send(page(user, at - HOUR, f"https://{word}.example/before"))
    assert names["returning"] in it.segments_of(user), "what was the first visit is the second now"
    assert names["new"] in it.segments_of(user)


# Campaigns


def test_first_and_last_campaign_by_event_time(it: Outsider) -> None:
    id, at = new_id(), start()
    it.send(page(id, at, f"{SHOP}/?utm_source=b&utm_medium=mail&utm_campaign=B&utm_term=t&utm_content=c"))
    found = it.user(id)
    assert found["first_campaign"] == found["last_campaign"]
    expected = {"source": "b", "medium": "mail", "name": "B", "term": "t", "content": "c"}
    assert found["first_campaign"] == expected
    it.send(page(id, at - MINUTE, f"{SHOP}/?utm_source=a"), page(id, at + MINUTE, f"{SHOP}/?utm_source=c%20d"))
    found = it.user(id)
    assert (found["first_campaign"]["source"], found["last_campaign"]["source"]) == ("a", "c d")


def test_a_campaign_is_one_that_has_a_source(it: Outsider) -> None:
    id = new_id()
    it.send(page(id, url=f"{SHOP}/?utm_campaign=x&utm_medium=y"), page(id, context={"campaign": {"name": "x"}}))
    found = it.user(id)
    assert found["first_campaign"] in ({}, None)
    assert found["last_campaign"] in ({}, None)


def test_only_page_and_screen_calls_have_a_campaign(it: Outsider) -> None:
    id = new_id()
    context = {"campaign": {"source": "s"}, "page": {"url": f"{SHOP}/?utm_source=s"}}
    it.send(track(id, context=context), {"type": "identify", "userId": id, "context": context})
    assert it.user(id)["first_campaign"] in ({}, None)
    it.send({"type": "screen", "userId": id, "context": context})
    assert it.user(id)["first_campaign"]["source"] == "s"


def test_the_context_goes_before_the_url(it: Outsider) -> None:
    id = new_id()
    it.send(page(id, url=f"{SHOP}/?utm_source=url&utm_medium=url", context={"campaign": {"source": "given"}}))
    assert it.user(id)["first_campaign"] == {"source": "given"}


# Counters roll by the hour


def test_counters_of_seven_days(it: Outsider) -> None:
    id, at = new_id(), now()
    inside, outside = at - 7 * DAY + 2 * HOUR, at - 7 * DAY - HOUR
    it.send(
        page(id, inside), page(id, outside), page(id, at),
        track(id, "$click", timestamp=iso(inside)), track(id, "$click", timestamp=iso(outside)),
        track(id, timestamp=iso(inside)), track(id, timestamp=iso(inside + 1)), track(id, timestamp=iso(outside)),
    )  # fmt: skip
    assert it.counters(id) == (2, 1, 2, 2)
    assert it.user(id)["visits"] == 3
