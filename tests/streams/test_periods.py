"""`periods`: held against cutting time into periods and measuring each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.profile import NEVER
from schemas.rules import Cmp, Did, Measure, Periods, Rolling, Selector
from schemas.times import DAY
from tests.streams.standing import Standing, buy
from tests.streams.windows import COMPARISONS, HOLDS, LAST, inside

BUY = Selector("buy")
MADE = {"count": len, "sum": sum, "max": lambda values: max(values, default=None)}


@pytest.mark.parametrize("kind", MADE)
@given(
    done=st.lists(st.tuples(st.integers(0, LAST), st.integers(-1, 2)), max_size=7),
    every=st.integers(1, 7),
    of_last=st.integers(1, 5),
    at_least=st.integers(0, 5),
    cmp=COMPARISONS,
)
def test_enough_periods_meet_the_measure(kind, done, every, of_last, at_least, cmp):
    asked = Periods(every, of_last, min(at_least, of_last))
    of = None if kind == "count" else "properties.n"
    standing = Standing(Did(BUY, Measure(kind, cmp, of), periods=asked)).put([buy(*each) for each in done], LAST)
    times = [time for time, _ in done]

    def met(at):
        cut = [Rolling((back + 1) * every, back * every) for back in range(of_last)]
        numbers = [MADE[kind]([done[place][1] for place in inside(times, each, 0, at)]) for each in cut]
        return sum(number is not None and HOLDS[cmp.op](number, cmp) for number in numbers)

    standing.follows(lambda at: met(at) >= asked.at_least, LAST)
    assert standing.leaf.found(standing.profile, LAST) == met(LAST)


def test_millions_of_periods_are_not_looked_at_one_by_one() -> None:
    many = Periods(1000, 800 * DAY // 1000, 800 * DAY // 1000 - 1)
    standing = Standing(Did(BUY, Measure("count", Cmp("eq", 0)), periods=many)).put([buy(0)], 5)
    assert standing.leaf.holds(standing.profile, 0, 5)
    assert not standing.put([buy(1001)], 1002).leaf.holds(standing.profile, 0, 1002)
    assert standing.leaf.next(standing.profile, 0, 1002) > 1002


def test_without_events_time_changes_nothing() -> None:
    standing = Standing(Did(BUY, Measure("count", Cmp("eq", 0)), periods=Periods(5, 3, 3)))
    assert standing.leaf.holds(standing.profile, 0, 99)
    assert standing.leaf.next(standing.profile, 0, 99) == NEVER
