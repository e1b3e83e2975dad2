"""Contract section 5: the other measures, `first`, `periods`, `sequence`, `for`."""

import pytest

from tests.reference.telling import BASE, Told, did, user
from tests.reference.times import DAY, HOUR, SECOND

VALUES = [7, "7.0", 2.5, "red", True, None, "", ["x"]]


@pytest.mark.parametrize(
    ("measure", "comparison", "expected"),
    [
        ("sum", {"eq": 16.5}, True),  # 7 + 7.0 + 2.5
        ("avg", {"eq": 5.5}, True),
        ("min", {"eq": 2.5}, True),
        ("max", {"eq": 7}, True),
        ("max", {"ne": 7}, False),
        ("distinct", {"eq": 5}, True),  # 7 · 7.0 · 2.5 · red · true
    ],
)
def test_measures(measure, comparison, expected):
    world = Told()
    for value in VALUES:
        world.tell(0, userId="u", properties={"n": value})
    assert world.holds(did("buy", **{measure: {"of": "properties.n", **comparison}}), 0) is expected


def test_distinct_counts_by_text():
    world = Told()
    for value in (7, 7.0, "7", 8):
        world.tell(0, userId="u", properties={"n": value})
    assert world.holds(did("buy", distinct={"of": "properties.n", "eq": 2}), 0)


def test_measures_of_no_events():
    world = Told()
    world.tell(0, "identify", userId="u")
    for measure in ("sum", "distinct"):
        assert world.holds(did("buy", **{measure: {"of": "properties.n", "eq": 0}}), 0)
    for measure in ("avg", "min", "max"):
        for comparison in ({"lt": 5}, {"ne": 5}, {"gte": 0}):
            assert not world.holds(did("buy", **{measure: {"of": "properties.n", **comparison}}), 0)


@pytest.mark.parametrize(
    ("measure", "expected"), [("sum", 9.5), ("avg", 4.75), ("min", 2.5), ("max", 7), ("distinct", 4)]
)
def test_events_without_the_field_are_left_out(measure, expected):
    """Those with a list or an object too; `distinct` takes text and booleans in."""
    world = Told()
    for properties in (
        {"n": 7},
        {"n": "2.5"},
        {"n": "red"},
        {"n": False},
        {"n": ""},
        {"n": None},
        {"n": [1]},
        {"m": 1},
        {},
    ):
        world.tell(0, userId="u", properties=properties)
    assert world.holds(did("buy", **{measure: {"of": "properties.n", "eq": expected}}), 0)


def test_sums_do_not_hang_on_the_order_of_arrival():
    world = Told()
    for late, n in enumerate((0.7, 0.1, 0.2, 1e16, -1e16)):
        world.tell(10, userId="u", happened=10 - late, properties={"n": n})
        world.tell(10, userId="v", happened=late, properties={"n": n})
    for id in ("u", "v"):
        assert world.found(did("buy", sum={"of": "properties.n", "gt": 0}), id, BASE + 10) == 1.0


def test_measures_in_windows():
    world = Told()
    world.tell(0, userId="u", properties={"n": 5})
    world.tell(DAY, userId="u", properties={"n": 2})
    rule = did("buy", window={"last": "2d"}, max={"of": "properties.n", "gte": 5})
    assert [world.holds(rule, now) for now in (DAY, 2 * DAY - 1, 2 * DAY)] == [True, True, False]
    assert world.change(rule, DAY) == 2 * DAY


def test_first_is_the_first_such_event_ever():
    world = Told()
    world.tell(0, userId="u")
    world.tell(DAY, userId="u")
    rule = did("buy", first=True, window={"last": "1d"})
    assert [world.holds(rule, now) for now in (DAY, DAY + 1)] == [False, False]
    assert world.holds(did("buy", first=True, window={"last": "2d"}), DAY)
    assert world.change(did("buy", first=True, window={"last": "2d"}), DAY) == 2 * DAY
    assert world.found(rule, "u", BASE + DAY) == BASE
    assert not world.holds(did("sell", first=True), DAY)


def test_periods_are_cut_back_from_now():
    world = Told()
    for at in (0, HOUR, 5 * HOUR):
        world.tell(at, userId="u")
    rule = did("buy", periods={"every": "1h", "of_last": 3, "at_least": 2})
    # at 5h: (4h,5h] (3h,4h] (2h,3h]
    assert not world.holds(rule, 5 * HOUR)
    assert world.found(rule, "u", BASE + 5 * HOUR) == 1
    rule = did("buy", periods={"every": "2h", "of_last": 3, "at_least": 3})
    # at 5h: (3h,5h] (1h,3h] (-1h,1h]; at 5h + 1: nothing in the middle either
    assert not world.holds(rule, 5 * HOUR)
    rule = did("buy", periods={"every": "2h", "of_last": 3, "at_least": 2})
    assert world.holds(rule, 5 * HOUR)
    assert world.holds(rule, 7 * HOUR - 1)
    # at 7h: (5h,7h] (3h,5h] (1h,3h]: only the last event is left
    assert not world.holds(rule, 7 * HOUR)
    assert world.change(rule, 5 * HOUR) == 7 * HOUR


def test_periods_before_the_user_was_known_count_as_empty():
    world = Told()
    world.tell(0, userId="u")
    assert world.holds(did("buy", count={"eq": 0}, periods={"every": "1h", "of_last": 3, "at_least": 2}), 0)
    assert not world.holds(did("buy", count={"eq": 0}, periods={"every": "1h", "of_last": 3, "at_least": 3}), 0)


def test_sequence_is_strictly_later_each():
    world = Told()
    world.tell(0, event="view", userId="u")
    world.tell(0, event="buy", userId="u")
    rule = {"sequence": [{"event": "view"}, {"event": "buy"}]}
    assert not world.holds(rule, 0)
    world.tell(1, event="buy", userId="u")
    assert world.holds(rule, 1)
    assert world.found(rule, "u", BASE + 1) == [BASE, BASE + 1]
    assert not world.holds({"sequence": [{"event": "buy"}, {"event": "view"}]}, 1)


def test_the_last_of_a_sequence_is_at_most_within_after_the_first():
    world = Told()
    for at, event in ((0, "view"), (SECOND, "view"), (2 * SECOND, "add"), (90 * SECOND + SECOND, "buy")):
        world.tell(at, event=event, userId="u")
    steps = [{"event": "view"}, {"event": "add"}, {"event": "buy"}]
    assert world.holds({"sequence": steps, "within": "90s"}, 91 * SECOND)
    assert not world.holds({"sequence": steps, "within": "89s"}, 91 * SECOND)
    assert world.found({"sequence": steps, "within": "90s"}, "u", BASE + 91 * SECOND)[0] == BASE + SECOND


def test_all_of_a_sequence_is_in_the_window():
    world = Told()
    world.tell(0, event="view", userId="u")
    world.tell(HOUR, event="buy", userId="u")
    rule = {"sequence": [{"event": "view"}, {"event": "buy"}], "window": {"last": "1d"}}
    assert [world.holds(rule, now) for now in (DAY - 1, DAY)] == [True, False]
    assert world.change(rule, HOUR) == DAY


def test_a_sequence_of_the_same_selector_needs_as_many_events():
    world = Told()
    world.tell(0, userId="u")
    rule = {"sequence": [{"event": "buy"}, {"event": "*"}]}
    assert not world.holds(rule, 0)
    world.tell(5, userId="u")
    assert world.holds(rule, 5)


IS_PRO = user("traits.plan", "is", "pro")


def held(comparison, long):
    return {**IS_PRO, "for": {comparison: long}}


def test_for_at_least():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "pro"})
    assert [world.holds(held("gte", "1d"), now) for now in (0, DAY - 1, DAY)] == [False, False, True]
    assert world.change(held("gte", "1d"), 0) == DAY
    assert [world.holds(held("lt", "1d"), now) for now in (0, DAY - 1, DAY)] == [True, True, False]
    assert world.change(held("lt", "1d"), 0) == DAY


def test_setting_the_same_value_again_does_not_restart_it():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "pro"})
    world.tell(HOUR, "identify", userId="u", traits={"plan": "pro"})
    assert world.holds(held("gte", "1d"), DAY)


def test_a_break_does_also_one_that_arrives_late():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "pro"})
    world.tell(2 * HOUR, "identify", userId="u", traits={"plan": "pro"})
    assert world.change(held("gte", "1d"), 2 * HOUR) == DAY
    world.tell(3 * HOUR, "identify", userId="u", traits={"plan": "free"}, happened=HOUR)
    assert world.change(held("gte", "1d"), 3 * HOUR) == DAY + 2 * HOUR


def test_a_condition_that_does_not_hold_holds_for_less_than_nothing():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "free"})
    assert not world.holds(held("lt", "1d"), 0)


def test_since_the_user_became_known_at_the_earliest():
    world = Told()
    world.tell(HOUR, userId="u")
    rule = user("traits.plan", "is_not", "pro", **{"for": {"gte": "1d"}})
    assert [world.holds(rule, now) for now in (DAY, DAY + HOUR - 1, DAY + HOUR)] == [False, False, True]
    world.tell(2 * DAY, userId="u", happened=-DAY)
    assert world.holds(user("traits.plan", "is_not", "pro", **{"for": {"gte": "3d"}}), 2 * DAY)


def test_equal_times_make_no_break():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "pro"})
    world.tell(DAY, "identify", userId="u", traits={"plan": "free"}, happened=HOUR)
    world.tell(DAY, "identify", userId="u", traits={"plan": "pro"}, happened=HOUR)
    assert world.holds(held("gte", "1d"), DAY)
