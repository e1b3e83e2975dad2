"""Windows, comparisons and times for the tests of conditions: all small, so that every instant can be tried."""

from hypothesis import strategies as st

from schemas.profile import NEVER
from schemas.rules import Cmp, Fixed, Rolling

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
WINDOWS = st.integers(1, 9).map(Rolling) | ROLLING | st.just(None) | st.builds(Fixed, ENDS, ENDS)
TIMES = st.lists(st.integers(0, 20), max_size=9).map(sorted)
LAST = 20
"""No time is later; rules are asked from then on."""


def inside(times, window, covers_from, now):
    """The places of the times that are in the window, by the contract's words; none of them is after now."""
    return [place for place, time in enumerate(times) if _takes_in(window, time, covers_from, now)]


def _takes_in(window, time, covers_from, now):
    if isinstance(window, Rolling):
        return now - window.last < time <= now - window.until
    start, end = (window.start, window.end) if window else (None, None)
    return time >= covers_from and (start is None or time >= start) and (end is None or time <= end)


def changes_as_expected(leaf, profile, expected, now):
    """The leaf holds as `expected` says of any instant, and nothing changes before the instant that it names."""
    assert leaf.holds(profile, 0, now) is expected(now)
    change = next((at for at in range(now + 1, now + 60) if expected(at) is not expected(now)), NEVER)
    if change != NEVER:
        assert leaf.rises if expected(change) else leaf.falls
    found = leaf.next(profile, 0, now)
    assert now < found <= change, "it is looked at no later than it changes"
