"""`first`: over the one time that is kept, held against all events at every instant."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import All, Did, Measure, Rolling, Selector
from tests.streams.standing import Standing, buy
from tests.streams.windows import LAST, TIMES, WINDOWS, inside

BUY = Selector("buy")
FIRST = Measure("first", None)


@given(WINDOWS, st.permutations(range(6)), TIMES, st.integers(0, 12))
def test_the_first_ever_lies_in_the_window(window, order, times, covers_from):
    done = [times[place] for place in order if place < len(times)]
    standing = Standing(Did(BUY, FIRST, window), covers_from).put(map(buy, done), LAST)
    first = min((time for time in done if time >= covers_from), default=None)

    def expected(at):
        return first is not None and bool(inside([first], window, 0, at))

    standing.follows(expected, LAST)
    assert standing.leaf.found(standing.profile, LAST) == first
    assert standing.leaf.exact(standing.profile, LAST)
    assert standing.kept <= 1


def test_an_earlier_one_that_comes_late_is_the_first_then() -> None:
    standing = Standing(Did(BUY, FIRST, Rolling(10)))
    assert standing.put([buy(19)], 20).leaf.holds(standing.profile, 0, 20)
    assert not standing.put([buy(3)], 20).leaf.holds(standing.profile, 0, 20)


def test_what_came_before_the_log_began_is_none() -> None:
    standing = Standing(All((Did(BUY, FIRST, Rolling(10)),)), covers_from=5).put([buy(4), buy(15)], 20)
    assert standing.leaf.found(standing.profile, 20) == 15
