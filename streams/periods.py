"""`periods`: in how many of the last periods of one length a measure was met.

Owns the cutting of time up to now into periods, the newest being (now - every, now], and the next instant at which a
time passes from one into another. Periods without events are never looked at one by one: there may be millions.
Source: contract section 5.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import merge

from schemas.profile import Bucket, Profile
from schemas.rules import Cmp, Periods
from streams.measures import MEASURES, accepts
from streams.merged import buckets_of
from streams.pairs import columns
from streams.spans import first_change


@dataclass(frozen=True, slots=True)
class PeriodsLeaf:
    """What measure `kind` makes of the events of series `series` compares so in enough of the periods."""

    series: str
    kind: str
    cmp: Cmp
    periods: Periods

    @property
    def rises(self) -> bool:
        return self.periods.at_least > 0

    @property
    def falls(self) -> bool:
        return self.periods.at_least > 0

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return self.found(profile, now) >= self.periods.at_least

    def found(self, profile: Profile, now: int) -> int:
        """The number of periods that meet the measure."""
        measure = MEASURES[self.kind]
        times, values = columns(profile, self.series)
        merged = self._merged(profile, now)
        seen = met = 0
        for back, low, high in self._cut(times, now):
            met += accepts(self.cmp, measure.of(values[low:high], merged.pop(back, ())))
            seen += 1
        met += sum(accepts(self.cmp, measure.of((), each)) for each in merged.values())
        empty = self.periods.of_last - seen - len(merged)
        return met + empty * accepts(self.cmp, measure.of((), ()))

    def _merged(self, profile: Profile, now: int) -> dict[int, list[Bucket]]:
        """Buckets by how many periods ago."""
        periods: dict[int, list[Bucket]] = {}
        for each in buckets_of(profile, self.series):
            back = (now - each.last) // self.periods.every
            if back < self.periods.of_last:
                periods.setdefault(back, []).append(each)
        return periods

    def next(self, profile: Profile, mask: int, now: int) -> int:
        times, buckets = profile.series.get(self.series, []), buckets_of(profile, self.series)
        if buckets:
            times = sorted([*times, *(each.last for each in buckets)])
        held = self.holds(profile, mask, now)
        return first_change(self._edges(times, now), lambda at: self.holds(profile, mask, at), held, len(times))

    def _edges(self, times: list[int], now: int) -> Iterator[int]:
        """The instants after `now`, in order, at which any of the times passes into an older period, or out."""
        every, of_last = self.periods.every, self.periods.of_last
        while times and times[-1] > now - every * of_last:
            passing = [self._passing(times, low, high, (back + 1) * every) for back, low, high in self._cut(times, now)]
            yield from merge(*passing)
            now += every

    @staticmethod
    def _passing(times: list[int], low: int, high: int, distance: int) -> Iterator[int]:
        return (times[index] + distance for index in range(low, high))

    def _cut(self, times: list[int], now: int) -> Iterator[tuple[int, int, int]]:
        """(how many periods ago, low, high) of the periods with any of the times, the newest first."""
        every, high = self.periods.every, len(times)
        while high and (back := (now - times[high - 1]) // every) < self.periods.of_last:
            low = bisect_right(times, now - (back + 1) * every, 0, high)
            yield back, low, high
            high = low

    def exact(self, profile: Profile, now: int) -> bool:
        return not buckets_of(profile, self.series)
