"""Conditions on counts and on the user's facts, held against trying every instant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.profile import NEVER, Profile
from schemas.rules import Cmp, Fixed, Rolling, User
from streams.leaves import EVERY, AgeLeaf, UserLeaf, accepted_counts, count_leaf, user_leaf
from streams.ruleset import falls_by_time, rises_by_time

NUMBERS = st.sampled_from([-1, 0, 0.5, 1, 1.5, 2, 3, 4.0, 7])
COMPARISONS = st.builds(Cmp, st.sampled_from(["eq", "ne", "gt", "gte", "lt", "lte"]), NUMBERS) | st.builds(
    lambda ends: Cmp("between", min(ends), max(ends)), st.tuples(NUMBERS, NUMBERS)
)
HOLDS = {
    "eq": lambda n, cmp: n == cmp.value,
    "ne": lambda n, cmp: n != cmp.value,
    "gt": lambda n, cmp: n > cmp.value,
    "gte": lambda n, cmp: n >= cmp.value,
    "lt": lambda n, cmp: n < cmp.value,
    "lte": lambda n, cmp: n <= cmp.value,
    "between": lambda n, cmp: cmp.value <= n <= cmp.high,
}
ROLLING = st.tuples(st.integers(1, 8), st.integers(0, 8)).map(lambda ends: Rolling(max(ends) + 1, min(ends)))
ENDS = st.none() | st.integers(-3, 25)
WINDOWS = ROLLING | st.just(None) | st.builds(Fixed, ENDS, ENDS)
TIMES = st.lists(st.integers(0, 20), max_size=9).map(sorted)


def counted(times, window, covers_from, now):
    """By the contract's words; times are never after now."""
    if isinstance(window, Rolling):
        return sum(now - window.last < time <= now - window.until for time in times)
    start, end = (window.start, window.end) if window else (None, None)
    return sum(
        time >= covers_from and (start is None or time >= start) and (end is None or time <= end) for time in times
    )


@given(COMPARISONS, st.integers(0, 9))
def test_accepted_counts(cmp, count):
    counts = accepted_counts(cmp)
    assert ((counts.low <= count <= counts.high) is not counts.others) is HOLDS[cmp.op](count, cmp)


@given(COMPARISONS, WINDOWS, TIMES, st.integers(0, 5), st.integers(20, 32))
def test_holds_and_next(cmp, window, times, covers_from, now):
    leaf = count_leaf("s@1", cmp, window, covers_from)

    def expected(at):
        return HOLDS[cmp.op](counted(times, window, covers_from, at), cmp)

    assert leaf.holds(times, now) is expected(now)
    change = next((at for at in range(now + 1, now + 60) if expected(at) is not expected(now)), NEVER)
    if change != NEVER:
        assert rises_by_time(leaf) if expected(change) else falls_by_time(leaf)
    found = leaf.next(times, now)
    assert found <= change, "it is looked at no later than it changes"
    assert found > now


@given(COMPARISONS, WINDOWS, TIMES, st.integers(20, 32))
def test_the_newest_times_settle_it(cmp, window, times, now):
    """`need`: what a series must keep for this condition, whatever comes or goes by time later."""
    leaf = count_leaf("s@1", cmp, window, 0)
    if leaf.need is not None:
        kept = times[-leaf.need :]
        assert [leaf.holds(kept, at) for at in range(now, now + 20)] == [
            leaf.holds(times, at) for at in range(now, now + 20)
        ]


def test_a_count_that_no_number_is() -> None:
    leaf = count_leaf("s@1", Cmp("eq", 1.5), Rolling(5), 0)
    assert not leaf.holds([1, 2], 3)
    assert leaf.next([1, 2], 3) == NEVER
    assert count_leaf("s@1", Cmp("gte", 0), None, 0).counts == (0, EVERY, False)


@pytest.mark.parametrize("op", ["within_last", "not_within_last"])
@pytest.mark.parametrize("field", ["first_seen", "last_seen"])
@given(instant=st.none() | st.integers(0, 40), duration=st.integers(1, 9), now=st.integers(0, 40))
def test_ages_by_either_way(op, field, instant, duration, now):
    """The quick way for what every event asks says what the general one says."""
    rule = User(field, op, duration * 1000)
    profile = Profile(home="u", ids=["u"], **{field: None if instant is None else instant * 1000})
    quick, general = user_leaf(rule), UserLeaf(rule)
    assert isinstance(quick, AgeLeaf)
    assert quick.holds(profile, now * 1000) is general.holds(profile, now * 1000)
    assert quick.next(profile, now * 1000) == general.next(profile, now * 1000)
