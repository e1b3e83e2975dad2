"""Windows over a user's own times: which of them lie inside at an instant, and when that changes by time alone.

Owns the two shapes that a window has for the engine, rolling and fixed, and the search for the first instant at which
an answer changes. What is measured inside is for `streams.measures`. Source: contract section 5, "Windows".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from heapq import merge

from schemas.profile import NEVER
from schemas.rules import Fixed, Rolling, Window
from schemas.times import MINUTE

EVERY = 1 << 62
"""No count and no instant reaches it."""

_WORK = 2_000
"""Times that a search for the next change looks at, all in all: 0.1 ms; it goes on at the instant where it stopped."""

SOON = 10 * MINUTE
"""What happens later than that is reason enough to look again only then. A condition is asked at many events, and time
changes it seldom: a search that takes long is better made when something happens, not at every event before."""


@dataclass(frozen=True, slots=True)
class Span:
    """A rolling window at t is (t - last, t - until]; a fixed one is [start, end] and `last` is 0."""

    last: int
    until: int
    start: int
    end: int

    @property
    def open(self) -> bool:
        """Whether all that comes after its beginning is in it."""
        return not self.until and self.end == EVERY

    def bounds(self, times: list[int], now: int) -> tuple[int, int]:
        """The times [low, high) of an ordered list that are inside."""
        if self.last:
            return bisect_right(times, now - self.last), bisect_right(times, now - self.until)
        return bisect_left(times, self.start), bisect_right(times, self.end)

    def takes_in(self, time: int, now: int) -> bool:
        """Whether one time is inside."""
        if self.last:
            return now - self.last < time <= now - self.until
        return self.start <= time <= self.end

    def edges(self, times: list[int], now: int) -> Iterator[int]:
        """The instants after `now`, in order, at which one of the times comes in or leaves."""
        if not self.last:
            return iter(())
        low, high = self.bounds(times, now)
        leaving = (times[index] + self.last for index in range(low, len(times)))
        if not self.until:
            return leaving
        return merge(leaving, (times[index] + self.until for index in range(high, len(times))))


def span_of(window: Window, covers_from: int) -> Span:
    """`covers_from` bounds what "ever" and open windows reach back to; a rolling one reaches no further by itself."""
    if isinstance(window, Rolling):
        return Span(window.last, window.until, 0, EVERY)
    fixed = window or Fixed(None, None)
    start = covers_from if fixed.start is None else max(fixed.start, covers_from)
    # One that ends before it begins has nothing in it.
    return Span(0, 0, start, EVERY if fixed.end is None else max(fixed.end, start - 1))


def first_change(instants: Iterable[int], holds: Callable[[int], bool], held: bool, times: int) -> int:
    """The first of these instants at which the answer is no longer `held`; NEVER if there is none.

    `times`: how many of them one answer looks at. Of long lists only a part is searched: then this is the instant at
    which to go on, nothing changes before it.
    """
    left = _WORK // (times + 1) + 1
    before = -1
    for instant in instants:
        if instant == before:
            continue
        left -= 1
        if holds(instant) is not held or not left:
            return instant
        before = instant
    return NEVER
