"""Counts with a threshold: "at least 3 times in the last 7 days", settled by the newest few times of one series.

Owns the condition that nearly all rules are made of, and its quick way: `accepts` and `changes` take the times as they
lie in the row. Counts whose window ends before now, or that need more times than are kept one by one, are measured like
sums (`streams.windowed`). Source: contract section 5; design point 6.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from schemas.profile import NEVER, Profile
from schemas.rules import Cmp
from streams.spans import EVERY, Span

SHOWN = 8
"""Times that are kept even where fewer settle a count, so that the number that is shown is mostly the true one."""


class Counts(NamedTuple):
    """The counts that a comparison accepts: `low` to `high`, both included; or all others."""

    low: int
    high: int
    others: bool = False

    @property
    def need(self) -> int:
        """How many of the newest settle it where only the old end of the window moves."""
        return max(self.low, 1) if self.high == EVERY else max(self.low, self.high + 1)


_COUNTS: dict[str, Callable[[float, float], Counts]] = {
    "gte": lambda n, _: Counts(math.ceil(n), EVERY),
    "gt": lambda n, _: Counts(math.floor(n) + 1, EVERY),
    "lte": lambda n, _: Counts(0, math.floor(n)),
    "lt": lambda n, _: Counts(0, math.ceil(n) - 1),
    "between": lambda n, high: Counts(math.ceil(n), math.floor(high)),
    "eq": lambda n, _: Counts(math.ceil(n), math.floor(n)),
    "ne": lambda n, _: Counts(math.ceil(n), math.floor(n), others=True),
}


def accepted_counts(cmp: Cmp) -> Counts:
    """The counts for which a comparison holds."""
    low, high, others = _COUNTS[cmp.op](cmp.value, cmp.value if cmp.high is None else cmp.high)
    return Counts(max(low, 0), min(high, EVERY), others)


@dataclass(frozen=True, slots=True)
class CountLeaf:
    """The number of times of series `series` from the window's beginning on is one of `counts`.

    The window begins after now - `last`, or at `start` where that is 0.
    """

    series: str
    counts: Counts
    last: int
    start: int

    @property
    def direction(self) -> int:
        """1 where one more event can only make it true, -1 where only false, 0 where either."""
        if self.counts.others:
            return 0
        return 1 if self.counts.high == EVERY else -1 if self.counts.low == 0 else 0

    @property
    def rises(self) -> bool:
        return bool(self.last) and (self.counts.low > 0 if self.counts.others else self.counts.high < EVERY)

    @property
    def falls(self) -> bool:
        return bool(self.last) and (self.counts.high < EVERY if self.counts.others else self.counts.low > 0)

    def accepts(self, times: list[int], now: int) -> bool:
        count = len(times) - (bisect_right(times, now - self.last) if self.last else bisect_left(times, self.start))
        return (self.counts.low <= count <= self.counts.high) is not self.counts.others

    def changes(self, times: list[int], now: int) -> int:
        """The first instant after `now` at which this may change with no new event; NEVER if it can't."""
        low, high, _ = self.counts
        if not self.last or low > high:
            return NEVER
        oldest = bisect_right(times, now - self.last)
        count = len(times) - oldest
        if count > high:
            leaving = count - high
        elif count >= low > 0:
            leaving = count - low + 1
        else:
            return NEVER
        return times[oldest + leaving - 1] + self.last

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return self.accepts(profile.series.get(self.series, []), now)

    def next(self, profile: Profile, mask: int, now: int) -> int:
        return self.changes(profile.series.get(self.series, []), now)

    def found(self, profile: Profile, now: int) -> int:
        """The count, as far as it is kept: see `SHOWN`."""
        times = profile.series.get(self.series, [])
        return len(times) - (bisect_right(times, now - self.last) if self.last else bisect_left(times, self.start))

    def exact(self, profile: Profile, now: int) -> bool:
        times = profile.series.get(self.series, [])
        return len(times) < max(self.counts.need, SHOWN) or self.found(profile, now) < len(times)


def count_leaf(series: str, cmp: Cmp, span: Span) -> CountLeaf:
    """For a window that is open at its end."""
    return CountLeaf(series, accepted_counts(cmp), span.last, span.start)
