"""Conditions on counts and on the user's facts, held against trying every instant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.profile import NEVER, Profile
from schemas.rules import Cmp, User
from streams.spans import EVERY, span_of
from streams.thresholds import SHOWN, accepted_counts, count_leaf
from streams.user_leaves import AgeLeaf, UserLeaf, user_leaf
from streams.windowed import WindowLeaf
from tests.streams.windows import COMPARISONS, HOLDS, TIMES, WINDOWS, changes_as_expected, inside

OPEN = WINDOWS.filter(lambda window: span_of(window, 0).open)


def user_with(times):
    return Profile(home="u", ids=["u"], series={"s@1": times})


@given(COMPARISONS, st.integers(0, 9))
def test_accepted_counts(cmp, count):
    counts = accepted_counts(cmp)
    assert ((counts.low <= count <= counts.high) is not counts.others) is HOLDS[cmp.op](count, cmp)


@given(COMPARISONS, OPEN, TIMES, st.integers(0, 5), st.integers(20, 32))
def test_a_threshold_holds_and_changes(cmp, window, times, covers_from, now):
    leaf = count_leaf("s@1", cmp, span_of(window, covers_from))
    profile = user_with(times)

    def expected(at):
        return HOLDS[cmp.op](len(inside(times, window, covers_from, at)), cmp)

    changes_as_expected(leaf, profile, expected, now)
    assert leaf.accepts(times, now) is expected(now)
    assert leaf.changes(times, now) == leaf.next(profile, 0, now)
    assert leaf.found(profile, now) == len(inside(times, window, covers_from, now))


@given(COMPARISONS, WINDOWS, TIMES, st.integers(0, 5), st.integers(20, 32))
def test_any_count_in_any_window(cmp, window, times, covers_from, now):
    leaf = WindowLeaf("s@1", "count", cmp, span_of(window, covers_from))

    def expected(at):
        return HOLDS[cmp.op](len(inside(times, window, covers_from, at)), cmp)

    changes_as_expected(leaf, user_with(times), expected, now)


@given(COMPARISONS, OPEN, TIMES, st.integers(20, 32))
def test_the_newest_times_settle_it(cmp, window, times, now):
    """`need`: what a series must keep for this condition, whatever comes or goes by time later."""
    leaf = count_leaf("s@1", cmp, span_of(window, 0))
    kept = times[-leaf.counts.need :]
    assert [leaf.accepts(kept, at) for at in range(now, now + 20)] == [
        leaf.accepts(times, at) for at in range(now, now + 20)
    ]


def test_a_count_that_no_number_is() -> None:
    leaf = count_leaf("s@1", Cmp("eq", 1.5), span_of(None, 0))
    assert not leaf.accepts([1, 2], 3)
    assert leaf.changes([1, 2], 3) == NEVER
    assert accepted_counts(Cmp("gte", 0)) == (0, EVERY, False)


def test_a_count_is_exact_while_none_of_its_times_was_dropped() -> None:
    leaf = count_leaf("s@1", Cmp("gte", 3), span_of(None, 5))
    assert leaf.exact(user_with(list(range(5, 4 + SHOWN))), 99)
    assert not leaf.exact(user_with(list(range(5, 5 + SHOWN))), 99), "older ones may have been dropped"
    assert leaf.exact(user_with(list(range(4, 4 + SHOWN))), 99), "what is older than these does not count anyway"


@pytest.mark.parametrize("op", ["within_last", "not_within_last"])
@pytest.mark.parametrize("field", ["first_seen", "last_seen"])
@given(instant=st.none() | st.integers(0, 40), duration=st.integers(1, 9), now=st.integers(0, 40))
def test_ages_by_either_way(op, field, instant, duration, now):
    """The quick way for what every event asks says what the general one says."""
    rule = User(field, op, duration * 1000)
    profile = Profile(home="u", ids=["u"], **{field: None if instant is None else instant * 1000})
    quick, general = user_leaf(rule), UserLeaf(rule)
    assert isinstance(quick, AgeLeaf)
    assert quick.holds(profile, 0, now * 1000) is general.holds(profile, 0, now * 1000)
    assert quick.next(profile, 0, now * 1000) == general.next(profile, 0, now * 1000)
    assert quick.found(profile, now) == general.found(profile, now)
