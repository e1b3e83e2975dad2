"""Conditions on what is measured in a window of a user's events, for every measure and every window.

Owns how a window's events are taken from their series, those that were merged included, and the next instant at which
one of them comes in or leaves. Counts with a threshold have a quicker way of their own (`streams.thresholds`).
"""

from dataclasses import dataclass
from heapq import merge
from typing import Any

from schemas.profile import NEVER, Profile
from schemas.rules import Cmp
from streams.measures import MEASURES, Number, accepts
from streams.merged import buckets_of, inside
from streams.pairs import columns
from streams.spans import SOON, Span, first_change

_STEPS = 64
"""Events leaving a window that a search for the next change looks at; it goes on where it stopped."""


@dataclass(frozen=True, slots=True)
class WindowLeaf:
    """What measure `kind` makes of the events of series `series` in the window compares so.

    `grows`: one more event can only make it true.
    """

    series: str
    kind: str
    cmp: Cmp
    span: Span
    grows: bool = False

    @property
    def rises(self) -> bool:
        return bool(self.span.last)

    @property
    def falls(self) -> bool:
        return bool(self.span.last)

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return accepts(self.cmp, self.found(profile, now))

    def soon(self, profile: Profile, now: int) -> int | None:
        """The first instant after `now` at which anything comes into the window or leaves it."""
        buckets = [each.last for each in buckets_of(profile, self.series)]
        times = profile.series.get(self.series, [])
        instant = min(next(self.span.edges(each, now), NEVER) for each in (times, buckets))
        return instant if instant > now + SOON else None

    def next(self, profile: Profile, mask: int, now: int) -> int:
        times, values = columns(profile, self.series)
        buckets = buckets_of(profile, self.series)
        held = self.holds(profile, mask, now)
        if self.span.last and self.span.open and not buckets:
            return self._next_leaving(times, values, held, now)
        edges = self.span.edges(times, now)
        if buckets:
            edges = merge(edges, self.span.edges([each.last for each in buckets], now))
        return first_change(edges, lambda at: self.holds(profile, mask, at), held, len(times))

    def _next_leaving(self, times: list[int], values: list[Any], held: bool, now: int) -> int:
        """Where the oldest only ever leave: what is measured of the others, one by one."""
        low, high = self.span.bounds(times, now)
        if low == high:
            return NEVER
        places = range(low + 1, min(high, low + _STEPS) + 1)
        for place, number in zip(places, MEASURES[self.kind].without(values, places), strict=True):
            still = place < high and times[place] == times[place - 1]
            if not still and accepts(self.cmp, number) is not held:
                return times[place - 1] + self.span.last
        return NEVER if low + _STEPS >= high else times[low + _STEPS] + self.span.last

    def found(self, profile: Profile, now: int) -> Number | None:
        times, values = columns(profile, self.series)
        low, high = self.span.bounds(times, now)
        return MEASURES[self.kind].of(values[low:high], inside(profile, self.series, self.span, now))

    def exact(self, profile: Profile, now: int) -> bool:
        return not buckets_of(profile, self.series)
