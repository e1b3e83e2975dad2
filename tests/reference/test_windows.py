"""Contract section 5: windows, counting, knowing, joining of rules. Each change is looked at from both sides."""

import pytest

from tests.reference.telling import BASE, WEEK_OF_BUYS, Told, did, user
from tests.reference.times import DAY, iso

WEEK = 7 * DAY


def told(*offsets):
    world = Told()
    for offset in offsets:
        world.tell(offset, userId="u")
    return world


def test_the_last_7_days_end_7_days_after_the_event():
    world = told(0)
    assert [world.holds(WEEK_OF_BUYS, now) for now in (0, WEEK - 1, WEEK)] == [True, True, False]
    assert [world.change(WEEK_OF_BUYS, now) for now in (0, WEEK - 1, WEEK)] == [WEEK, WEEK, None]


def test_until_holds_from_one_end_to_the_other():
    world = told(0)
    rule = did("buy", window={"last": "30d", "until": "7d"})
    instants = (0, WEEK - 1, WEEK, 30 * DAY - 1, 30 * DAY)
    assert [world.holds(rule, now) for now in instants] == [False, False, True, True, False]
    assert [world.change(rule, now) for now in instants] == [WEEK, WEEK, 30 * DAY, 30 * DAY, None]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"from": iso(BASE)}, True),
        ({"from": iso(BASE + 1)}, False),
        ({"to": iso(BASE)}, True),
        ({"to": iso(BASE - 1)}, False),
        ({"from": "2026-11-20", "to": "2026-11-20"}, True),
        ({"from": "2026-11-19", "to": "2026-11-21"}, True),
    ],
)
def test_fixed_windows_include_both_ends(window, expected):
    world = told(0)
    assert world.holds(did("buy", window=window), 0) is expected
    assert world.change(did("buy", window=window), 0) is None


def test_absent_is_ever():
    assert told(0).holds(did("buy"), 400 * DAY)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"gte": 2}, [True, True, False]),
        ({"gt": 2}, [False, False, False]),
        ({"lt": 2}, [False, False, True]),
        ({"lte": 1}, [False, False, True]),
        ({"eq": 2}, [True, True, False]),
        ({"eq": 1}, [False, False, True]),
        ({"eq": 1.5}, [False, False, False]),
        ({"ne": 1}, [True, True, False]),
        ({"gte": 1.5}, [True, True, False]),
        ({"between": [1, 2]}, [True, True, True]),
        ({"between": [2, 5]}, [True, True, False]),
        ({"between": [1.1, 1.9]}, [False, False, False]),
    ],
)
def test_counts(asked, expected):
    """Two of them, a day apart: the first is gone after a week."""
    world = told(0, DAY)
    rule = did("buy", window={"last": "7d"}, count=asked)
    assert [world.holds(rule, now) for now in (DAY, WEEK - 1, WEEK)] == expected
    assert world.found(rule, "u", BASE + WEEK) == 1


def test_counting_is_by_event_time_whatever_the_order_of_arrival():
    world = Told()
    world.tell(10 * DAY, userId="u", happened=5 * DAY)
    world.tell(10 * DAY, userId="u", happened=2 * DAY)
    assert world.holds(did("buy", window={"last": "7d"}, count={"eq": 1}), 10 * DAY)
    assert world.change(WEEK_OF_BUYS, 10 * DAY) == 12 * DAY


def test_not_and_counts_of_nothing_hold_for_known_users_only():
    world = Told()
    for rule in (
        {"not": did("buy")},
        did("buy", count={"eq": 0}),
        did("buy", count={"lt": 1}),
        did("buy", count={"lte": 0}),
    ):
        assert not world.holds(rule, 0)
    world.tell(0, "identify", userId="u")
    for rule in (
        {"not": did("buy")},
        did("buy", count={"eq": 0}),
        did("buy", count={"lt": 1}),
        did("buy", count={"lte": 0}),
    ):
        assert world.holds(rule, 0)
        assert not world.holds(rule, 0, "somebody")


def test_falling_counts_let_users_enter():
    world = told(0)
    for rule in ({"not": WEEK_OF_BUYS}, did("buy", window={"last": "7d"}, count={"eq": 0})):
        assert [world.holds(rule, now) for now in (WEEK - 1, WEEK)] == [False, True]
        assert world.change(rule, 0) == WEEK


def test_every_filter_holds_on_the_same_event():
    world = Told()
    world.tell(0, userId="u", properties={"a": 1, "b": 2})
    world.tell(0, userId="u", properties={"a": 2, "b": 1})
    assert not world.holds(did("buy", ("properties.a", "is", 1), ("properties.b", "is", 1)), 0)
    assert world.holds(did("buy", ("properties.a", "is", 1), ("properties.b", "is", 2)), 0)


def test_within_last_on_events_is_from_the_events_own_time():
    world = Told()
    world.tell(10 * DAY, userId="u", properties={"when": iso(BASE + 9 * DAY + 1)})
    rule = did("buy", ("properties.when", "within_last", "1d"))
    assert world.holds(rule, 10 * DAY)
    assert world.holds(rule, 100 * DAY)
    assert not world.holds(did("buy", ("properties.when", "not_within_last", "1d")), 10 * DAY)


def test_within_last_on_users_rolls():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"renews": iso(BASE + 3 * DAY)})
    rule = user("traits.renews", "within_last", "2d")
    instants = (0, 3 * DAY - 1, 3 * DAY, 5 * DAY - 1, 5 * DAY)
    assert [world.holds(rule, now) for now in instants] == [False, False, True, True, False]
    assert [world.change(rule, now) for now in instants] == [3 * DAY, 3 * DAY, 5 * DAY, 5 * DAY, None]
    negative = user("traits.renews", "not_within_last", "2d")
    assert [world.holds(negative, now) for now in instants] == [True, True, False, False, True]


def test_all_any_not():
    world = told(0)
    yes, no = did("buy"), did("sell")
    assert world.holds({"all": [yes, {"not": no}]}, 0)
    assert not world.holds({"all": [yes, no]}, 0)
    assert world.holds({"any": [no, yes]}, 0)
    assert not world.holds({"any": [no]}, 0)


def test_a_reference_is_judged_at_the_same_instant():
    world = told(0)
    segments = {"week": WEEK_OF_BUYS, "lost": {"all": [did("buy"), {"not": {"segment": "week"}}]}}
    assert [world.holds({"segment": "lost"}, now, segments=segments) for now in (WEEK - 1, WEEK)] == [False, True]
    assert world.change(segments["lost"], 0, segments=segments) == WEEK
