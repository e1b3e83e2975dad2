"""Series of `$visit` selectors: measured by the visits' own fields, with marks and starts that stay bounded."""

import pytest

from schemas.events import Event
from schemas.profile import NEVER, Profile
from schemas.rules import Cmp, Did, Filter, Measure, Rolling, Selector
from schemas.times import HOUR, MINUTE
from streams.apply import apply, arrived, replay
from streams.limits import Limits
from streams.live import Live
from streams.ruleset import RuleSet, SegmentSpec

VISIT = Selector("$visit")
LIMIT = 50


def page(time, path="/", arrival=0, **properties):
    url = f"https://shop.example{path}"
    event = Event(id="u", type="page", name="$page", time=time, received=time, message_id="m", url=url, path=path)
    event.properties, event.arrival = properties, arrival or time * 1000
    return event


class One:
    """A user under one condition."""

    def __init__(self, condition, limit=10_000):
        self.live = Live(
            Profile(home="u", ids=["u"]), NEVER, RuleSet([SegmentSpec("s", 16, condition, 0)], Limits(exact=limit)), 0
        )
        rules = self.live.rules
        place = rules.slots.index(16)
        (self.leaf,) = (leaf for leaf, by in zip(rules.leaves, rules.dependents, strict=True) if by >> place & 1)

    def see(self, *events, now=1000 * HOUR):
        for event in events:
            apply(self.live, [arrived(event, b"", 0)], now)
        return self

    def found(self, now=1000 * HOUR):
        return self.leaf.found(self.live.profile, now)

    @property
    def size(self):
        profile = self.live.profile
        return sum(map(len, (*profile.series.values(), *profile.values.values(), *profile.merged.values())))


THREE = [page(HOUR, "/a", n=5), page(HOUR + MINUTE, "/b", n=1), page(9 * HOUR, "/b", n=2), page(20 * HOUR, "/a", n=4)]


@pytest.mark.parametrize(
    ("kind", "of", "number"),
    [
        ("sum", "page_views", 4),
        ("max", "duration", 60),
        ("avg", "page_views", 4 / 3),
        ("distinct", "landing_page", 2),
        ("distinct", "visit_type", 2),
        ("sum", "properties.n", 11),
        ("min", "properties.n", 2),
    ],
)
def test_visits_are_measured_by_their_own_fields(kind, of, number):
    for order in (1, -1):
        one = One(Did(VISIT, Measure(kind, Cmp("gte", 1), of))).see(*THREE[::order])
        assert one.found() == number
        assert one.live.truth & one.live.mask or one.leaf.holds(one.live.profile, 0, 1000 * HOUR)


def test_the_value_is_that_of_the_first_page_call_also_when_it_comes_late() -> None:
    one = One(Did(VISIT, Measure("sum", Cmp("gte", 1), "properties.n"))).see(page(HOUR + MINUTE, n=1))
    assert one.found() == 1
    assert one.see(page(HOUR, n=5)).found() == 5
    assert one.see(page(HOUR - MINUTE)).found() == 0


def signed_up(op, minutes, *more):
    return One(
        Did(
            Selector("$visit", (Filter("properties.signup", op, minutes * MINUTE), *more)),
            Measure("count", Cmp("gte", 1)),
        )
    )


@pytest.mark.parametrize(
    ("signup", "within"),
    [
        ("1970-01-01T00:30:00.001Z", True),
        ("1970-01-01T00:30:00Z", False),
        ("1970-01-01T01:00:00Z", True),
        ("1970-01-01T01:00:00.001Z", False),  # after the visit began
        ("1970-01-01", False),
        ("some day", False),
        (1_800_000, False),
        (None, False),
    ],
)
def test_within_last_looks_back_from_the_visits_start(signup, within) -> None:
    """Contract: "on events from the event's own time", and the visit's is its first event's."""
    click = Event(id="u", type="track", name="x", time=HOUR, received=HOUR, message_id="m", arrival=HOUR * 1000)
    seen = [click, page(HOUR + 20 * MINUTE, signup=signup)]
    for order in (1, -1):
        assert signed_up("within_last", 30).see(*seen[::order]).found() == within
        assert signed_up("not_within_last", 30).see(*seen[::order]).found() == (not within)
        beside = Filter("path", "is", "/")
        assert signed_up("within_last", 30, beside).see(*seen[::order]).found() == within
        assert signed_up("within_last", 30, Filter("path", "is", "/x")).see(*seen[::order]).found() == 0


def test_a_late_event_moves_the_start_that_is_looked_back_from() -> None:
    one = signed_up("within_last", 30).see(page(HOUR + 20 * MINUTE, signup="1970-01-01T00:45:00Z"))
    assert one.found() == 0
    click = Event(id="u", type="track", name="x", time=HOUR, received=HOUR, message_id="m", arrival=HOUR * 1000)
    assert one.see(click).found() == 1
    late = Event(id="u", type="track", name="x", time=HOUR - 20 * MINUTE, received=HOUR, message_id="n", arrival=1)
    assert one.see(late).found() == 0


def test_a_filter_and_a_value() -> None:
    where = (Filter("landing_page", "ends_with", ("/a",)), Filter("properties.n", "gt", 4))
    assert One(Did(Selector("$visit", where), Measure("sum", Cmp("gte", 1), "page_views"))).see(*THREE).found() == 2


def many(condition, visits=400):
    return One(condition, LIMIT).see(*(page(hour * HOUR, n=1, tag="x") for hour in range(visits)))


TAGGED = Selector("$visit", (Filter("properties.tag", "is", "x"),))


@pytest.mark.parametrize(
    "measure", [Measure("count", Cmp("gte", 300)), Measure("sum", Cmp("gte", 300), "properties.n")]
)
def test_more_visits_than_are_kept_are_merged(measure):
    one = many(Did(TAGGED, measure))
    assert one.found() == 400
    assert one.leaf.holds(one.live.profile, 0, 1000 * HOUR)
    assert not one.leaf.exact(one.live.profile, 1000 * HOUR)
    assert one.size < 20 * LIMIT
    late = page(399 * HOUR - 40 * MINUTE, n=1, tag="x")
    assert one.see(late).found() == 400, "a late event loses none of those before it"


def test_a_window_forgets_what_is_merged() -> None:
    one = many(Did(TAGGED, Measure("count", Cmp("gte", 300)), Rolling(100 * HOUR)))
    assert one.found(399 * HOUR) in range(90, 111)
    assert one.size < 20 * LIMIT


def test_an_event_between_those_that_a_fill_reads() -> None:
    """Seed 9940 of the search: a visit that matches by what the fill has marked, but is not taken in yet."""
    one = One(Did(TAGGED, Measure("sum", Cmp("gte", 1), "properties.n")))
    first, second = page(HOUR, n=5, tag="x"), page(HOUR + MINUTE, n=1, tag="x")
    apply(one.live, [arrived(first, b"", -1)], 2 * HOUR)
    replay(one.live, first, b"", 0, 2 * HOUR)
    assert one.see(second).found() == 5
    one.live.rejudge(2 * HOUR)
    assert one.found() == 5


def test_a_visit_that_begins_with_what_came_too_late_is_in_no_window() -> None:
    """As the event itself is; its other events make no visit of their own."""
    one = One(Did(VISIT, Measure("count", Cmp("gte", 1))))
    retention = Limits().retention
    for time, received in (
        (HOUR, HOUR + retention + 1),
        (HOUR + MINUTE, HOUR + MINUTE),
        (9 * HOUR, 9 * HOUR + retention),
    ):
        event = page(time, arrival=received * 1000)
        event.received = received
        one.see(event, now=30_000 * HOUR)
    assert one.found() == 1
    assert one.live.profile.visits == 2
