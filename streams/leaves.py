"""The conditions of rules as the engine keeps them: thresholds on a series, and questions about the user's facts.

Each leaf says whether it holds at an instant, and when time alone will change that. Owns nothing of how rules are
joined (`streams.ruleset`) or of how series are filled (`streams.series`). Source: contract section 5.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from schemas.profile import NEVER, Profile
from schemas.rules import Cmp, Fixed, Rolling, User, Window
from streams import facts
from streams.operators import depends_on_time, next_change, predicate

EVERY = 1 << 62
"""No count and no instant reaches it."""


class Counts(NamedTuple):
    """The counts that a comparison accepts: `low` to `high`, both included; or all others."""

    low: int
    high: int
    others: bool = False


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
    """The number of times of series `series` within the window is one of `counts`.

    A rolling window at t is (t - last, t - until]; a fixed one is [start, end] and `last` is 0.
    """

    series: str
    counts: Counts
    last: int
    until: int
    start: int
    end: int

    @property
    def need(self) -> int | None:
        """How many of the newest times settle it; None where only all of them do."""
        if self.until or self.end != EVERY:
            return None
        low, high, _ = self.counts
        return max(low, 1) if high == EVERY else max(low, high + 1)

    @property
    def direction(self) -> int:
        """1 where one more event can only make it true, -1 where only false, 0 where either."""
        if self.until or self.counts.others:
            return 0
        return 1 if self.counts.high == EVERY else -1 if self.counts.low == 0 else 0

    def holds(self, times: list[int], now: int) -> bool:
        if self.last:
            count = bisect_right(times, now - self.until) - bisect_right(times, now - self.last)
        else:
            count = bisect_right(times, self.end) - bisect_left(times, self.start)
        return (self.counts.low <= count <= self.counts.high) is not self.counts.others

    def next(self, times: list[int], now: int) -> int:
        """The first instant after `now` at which this may change with no new event; NEVER if it can't."""
        if not self.last:
            return NEVER
        if self.until:
            return self._next_by_trial(times, now)
        oldest = bisect_right(times, now - self.last)
        low, high, _ = self.counts
        count = len(times) - oldest
        if low > high:
            return NEVER
        if count > high:
            leaving = count - high
        elif count >= low > 0:
            leaving = count - low + 1
        else:
            return NEVER
        return times[oldest + leaving - 1] + self.last

    def _next_by_trial(self, times: list[int], now: int) -> int:
        held = self.holds(times, now)
        instants = {time + edge for time in times for edge in (self.until, self.last)}
        for instant in sorted(instant for instant in instants if instant > now):
            if self.holds(times, instant) is not held:
                return instant
        return NEVER


def count_leaf(series: str, cmp: Cmp, window: Window, covers_from: int) -> CountLeaf:
    """`covers_from` bounds what "ever" and open windows reach back to."""
    counts = accepted_counts(cmp)
    if isinstance(window, Rolling):
        return CountLeaf(series, counts, window.last, window.until, 0, EVERY)
    fixed = window or Fixed(None, None)
    start = covers_from if fixed.start is None else max(fixed.start, covers_from)
    end = EVERY if fixed.end is None else max(fixed.end, start - 1)  # one that ends before has nothing in it
    return CountLeaf(series, counts, 0, 0, start, end)


class UserLeaf:
    """An operator on a user PATH."""

    __slots__ = ("_field", "_op", "_test", "_value", "group", "settled", "timed")

    def __init__(self, rule: User) -> None:
        self.group = facts.group_of(rule.field)
        self.timed = depends_on_time(rule.op)
        self.settled: bool | None = None
        self._field = facts.user_path(rule.field)
        self._test = predicate(rule.op, rule.value)
        self._op, self._value = rule.op, rule.value

    def holds(self, profile: Profile, now: int) -> bool:
        return self._test(self._field(profile), now)

    def next(self, profile: Profile, now: int) -> int:
        if not self.timed:
            return NEVER
        instant = next_change(self._op, self._value, self._field(profile), now)
        return NEVER if instant is None else instant


class AgeLeaf:
    """`within_last` on first_seen or last_seen: as UserLeaf, without the way over text, for every event asks it.

    `settled`: the answer that another event cannot change, as last_seen only ever grows; None where it can.
    """

    __slots__ = ("_duration", "_inside", "group", "settled", "timed")

    def __init__(self, group: str, duration: int, inside: bool) -> None:
        self.group = group
        self.timed = True
        self.settled = inside if group == "last_seen" else None
        self._duration = duration
        self._inside = inside

    def holds(self, profile: Profile, now: int) -> bool:
        instant: int | None = getattr(profile, self.group)
        return (instant is not None and now - self._duration < instant <= now) is self._inside

    def next(self, profile: Profile, now: int) -> int:
        instant: int | None = getattr(profile, self.group)
        if instant is None or instant + self._duration <= now:
            return NEVER
        return instant if instant > now else instant + self._duration


def user_leaf(rule: User) -> UserLeaf | AgeLeaf:
    if rule.field in facts.INSTANTS and rule.op in ("within_last", "not_within_last") and isinstance(rule.value, int):
        return AgeLeaf(rule.field, rule.value, rule.op == "within_last")
    return UserLeaf(rule)
