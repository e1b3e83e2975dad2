"""Every measure in every window, over what is kept for it, held against all events at every instant."""

from fractions import Fraction
from math import fsum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import Cmp, Did, Measure, Selector
from streams.measures import MEASURES, accepts, total
from tests.streams.standing import Standing, buy
from tests.streams.windows import COMPARISONS, HOLDS, LAST, WINDOWS, inside

BUY = Selector("buy")
NUMBERS = st.sampled_from([1, 0, -1, 2, 0.5, 0.1, 0.2, 7, 1e16, -1e16, "3", "x", None])
TEXTS = st.sampled_from(["a", "b", "c", "", 7, "7", 7.0, True, None, [1], "x" * 40, "x" * 41])
MADE = {
    "sum": fsum,
    "avg": lambda values: fsum(values) / len(values) if values else None,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "distinct": lambda values: len(set(values)),
}
READ = {"3": 3, "x": None}
SAME = {7: "7", True: "true", "": None}


def read(kind, value):
    """By the contract: numbers and numerals, or texts."""
    if isinstance(value, list):
        return None
    if kind == "distinct":
        return SAME.get(value, value) if value is not True else "true"
    return READ.get(value, value)


@pytest.mark.parametrize("kind", MADE)
@given(data=st.data(), cmp=COMPARISONS, window=WINDOWS, covers_from=st.integers(0, 5))
def test_a_measure_in_a_window(kind, data, cmp, window, covers_from):
    pool = TEXTS if kind == "distinct" else NUMBERS
    done = data.draw(st.lists(st.tuples(st.integers(0, LAST), pool), max_size=9))
    standing = Standing(Did(BUY, Measure(kind, cmp, "properties.n"), window), covers_from)
    standing.put([buy(*each) for each in done], LAST)
    times = [time for time, _ in done]

    def expected(at):
        values = [read(kind, done[place][1]) for place in inside(times, window, covers_from, at)]
        number = MADE[kind]([value for value in values if value is not None])
        return number is not None and HOLDS[cmp.op](number, cmp)

    standing.follows(expected, LAST)


@given(COMPARISONS, st.none() | st.sampled_from([-1, 0, 0.5, 1, 2, 3, 4.0, 7]))
def test_a_comparison_with_a_number(cmp, number):
    assert accepts(cmp, number) is (number is not None and HOLDS[cmp.op](number, cmp))


@pytest.mark.parametrize("kind", MEASURES)
@given(st.lists(st.integers(-3, 3) | st.sampled_from([0.1, 1e300, -1e300, 1e-300]), min_size=1, max_size=12), st.data())
def test_what_is_left_as_the_oldest_go(kind, values, data):
    """The quick way from place to place says what measuring anew says."""
    first = data.draw(st.integers(1, len(values)))
    places = range(first, data.draw(st.integers(first, len(values))) + 1)
    measure = MEASURES[kind]
    assert list(measure.without(values, places)) == [measure.of(values[place:], ()) for place in places]


def test_a_sum_is_rounded_once_and_never_raises() -> None:
    assert total([0.1] * 10, 1) == 1.0
    assert total([1e308, 1e308], 1) == total([1e308] * 9, 1) == max(1e308, 1.7976931348623157e308)
    assert total([1e308, 1e308], 2) == 1e308
    assert total([1e308, 1e308, -1e308], 1) == 1e308
    assert total([2**62] * 3, 1) == float(Fraction(3 * 2**62))
    assert list(MEASURES["sum"].without([1e308, 1e308, 1.0], range(1, 4))) == [1e308, 1.0, 0.0]


def kept(kind, window, values, cmp=None):
    did = Did(BUY, Measure(kind, cmp or Cmp("gte", 3), "properties.n"), window)
    return Standing(did).put([buy(time, value) for time, value in enumerate(values)], len(values)).kept


def test_no_more_is_kept_than_settles_it() -> None:
    falling, same = list(range(99, 0, -1)), [1] * 99
    assert kept("max", None, sorted(falling)) == 1, "the last is the greatest of all"
    assert kept("max", None, falling) == 99, "each is the greatest from its own time on"
    assert kept("min", None, falling) == 1
    assert kept("sum", None, same) == 99
    assert kept("distinct", None, same) == 1
    assert kept("distinct", None, falling) == 8, "as many as are shown"
    assert kept("distinct", None, falling, Cmp("eq", 20)) == 21
