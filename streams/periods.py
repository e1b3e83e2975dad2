"""`periods`: in how many of the last periods of one length a measure was met.

Owns the cutting of time up to now into periods, the newest being (now - every, now], and the search for the next
change. How a user's times fall into periods repeats itself every period until one of them is too old; so one period
ahead is looked at, time by time. Empty periods never are: there may be millions. Source: contract section 5.
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from schemas.profile import NEVER, Bucket, Profile
from schemas.rules import Cmp, Periods
from streams.measures import MEASURES, accepts
from streams.merged import buckets_of
from streams.pairs import columns

_FEW, _STEPS = 1000, 256
"""Times that are all moved ahead in a search for the next change, 2 ms; of more only so many."""


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
        measure, every, of_last = MEASURES[self.kind], self.periods.every, self.periods.of_last
        times, values = columns(profile, self.series)
        first = bisect_right(times, now - every * of_last)
        periods = [(now - time) // every for time in times[first:]]
        merged = self._merged(profile, now)
        if merged:
            numbers = [
                measure.of(
                    [values[first + place] for place, back in enumerate(periods) if back == each], merged.get(each, ())
                )
                for each in {*periods, *merged}
            ]
        else:
            numbers = list(measure.of_runs(values[first:], periods))
        met = sum(accepts(self.cmp, number) for number in numbers)
        return met + (of_last - len(numbers)) * accepts(self.cmp, measure.of((), ()))

    def _merged(self, profile: Profile, now: int) -> dict[int, list[Bucket]]:
        """Buckets by how many periods ago."""
        periods: dict[int, list[Bucket]] = {}
        for each in buckets_of(profile, self.series):
            back = (now - each.last) // self.periods.every
            if back < self.periods.of_last:
                periods.setdefault(back, []).append(each)
        return periods

    def edge(self, profile: Profile, now: int) -> int:
        """The first instant after `now` at which a time passes from one period into another."""
        every, reach = self.periods.every, self.periods.every * self.periods.of_last
        times = profile.series.get(self.series, [])
        passing = [time + ((now - time) // every + 1) * every for time in times[bisect_right(times, now - reach) :]]
        passing += [
            each.last + ((now - each.last) // every + 1) * every
            for each in buckets_of(profile, self.series)
            if each.last > now - reach
        ]
        return min(passing, default=NEVER)

    def next(self, profile: Profile, mask: int, now: int) -> int:
        every, reach = self.periods.every, self.periods.every * self.periods.of_last
        times, values = columns(profile, self.series)
        first = bisect_right(times, now - reach)
        if buckets_of(profile, self.series):
            return self.edge(profile, now)
        if first == len(times):
            return NEVER
        oldest, measure = times[first], MEASURES[self.kind]
        sweep = _Sweep(
            times[first:],
            now,
            self.periods,
            lambda low, high: accepts(self.cmp, measure.of(values[first + low : first + high], ())),
        )
        instant = sweep.first_change(self.found(profile, now), self.periods.at_least)
        # What leaves within the period that was looked at may change what comes before it in the next one.
        return instant or max(oldest + reach, now + every)

    def exact(self, profile: Profile, now: int) -> bool:
        return not buckets_of(profile, self.series)


class _Sweep:
    """Times on their way through the next period: each passes once from the period that it is in to the one before.

    `meets`: whether the times [low, high) meet the measure.
    """

    def __init__(self, times: list[int], now: int, periods: Periods, meets: Callable[[int, int], bool]) -> None:
        self._times, self._of_last, self._meets = times, periods.of_last, meets
        self._runs: dict[int, tuple[int, int]] = {}
        passing: list[tuple[int, int, int]] = []
        low = 0
        for back, run in groupby((now - time) // periods.every for time in times):
            high = low + sum(1 for _ in run)
            self._runs[back] = low, high
            passing += [(times[place] + (back + 1) * periods.every, -back, place) for place in range(low, high)]
            low = high
        self._passing = sorted(passing)

    def first_change(self, met: int, at_least: int) -> int | None:
        """The first instant at which no longer as many periods meet it as before, or at which to go on; None: none."""
        held = met >= at_least
        left = len(self._times) if len(self._times) <= _FEW else _STEPS
        for index, (instant, back, place) in enumerate(self._passing):
            met += self._pass(-back, place)
            if index + 1 < len(self._passing) and self._passing[index + 1][0] == instant:
                continue
            if (met >= at_least) is not held or index >= left:
                return instant
        return None

    def _pass(self, back: int, place: int) -> int:
        """Moves one time, the oldest of its period, into the one before; by how many more meet the measure then."""
        low, high = self._runs[back]
        older = self._runs.get(back + 1, (place, place))
        before = self._meets(low, high) + (back + 1 < self._of_last and self._meets(*older))
        self._runs[back], self._runs[back + 1] = (place + 1, high), (older[0], place + 1)
        after = self._meets(place + 1, high) + (back + 1 < self._of_last and self._meets(older[0], place + 1))
        return after - before
