"""`periods`: in how many of the last periods of one length a measure was met.

Owns the cutting of time up to now into periods, the newest being (now - every, now], and the search for the next
change. How a user's times fall into periods repeats itself every period until one of them is too old; so one period
ahead is looked at, time by time. Empty periods never are: there may be millions. Source: contract section 5.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Any

from schemas.profile import NEVER, Bucket, Profile
from schemas.rules import Cmp, Periods
from streams.measures import MEASURES, Measure, accepts
from streams.merged import buckets_of
from streams.pairs import columns
from streams.spans import SOON

_FEW = 500
"""Times that a search moves ahead in 1 ms; one through more is not made for every event."""


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
        inside = self._inside(profile, now)
        met = seen = 0
        for _, low, high in _cut(inside.times, now, self.periods.every):
            met += inside.meets(low, high)
            seen += 1
        return met + (self.periods.of_last - seen) * inside.meets(0, 0)

    def _inside(self, profile: Profile, now: int) -> "_Inside":
        """What lies in the periods; merged events stand where their newest does."""
        times, values = columns(profile, self.series)
        oldest = now - self.periods.every * self.periods.of_last
        first = bisect_right(times, oldest)
        buckets = [each for each in buckets_of(profile, self.series) if each.last > oldest]
        return _Inside(MEASURES[self.kind], self.cmp, times[first:], values[first:], buckets)

    def soon(self, profile: Profile, now: int) -> int | None:
        """The first instant after `now` at which a time passes from one period into another."""
        every, times = self.periods.every, self._inside(profile, now).times
        instant = min((times[low] + (back + 1) * every for back, low, _ in _cut(times, now, every)), default=NEVER)
        return instant if instant > now + SOON or len(times) > _FEW else None

    def next(self, profile: Profile, mask: int, now: int) -> int:
        inside = self._inside(profile, now)
        if not inside.times:
            return NEVER
        instant = _Sweep(inside, now, self.periods).first_change(self.found(profile, now))
        # What leaves within the period that was looked at may change what comes before it in the next one.
        reach = self.periods.every * self.periods.of_last
        return instant or max(inside.times[0] + reach, now + self.periods.every)

    def exact(self, profile: Profile, now: int) -> bool:
        return not buckets_of(profile, self.series)


class _Inside:
    """Times in the periods, in order, with their values, buckets among them; for a count how many there are so far."""

    def __init__(self, measure: Measure, cmp: Cmp, times: list[int], values: list[Any], buckets: list[Bucket]) -> None:
        self.times, self._values, self._mixed = times, values, bool(buckets)
        self._measure, self._cmp = measure, cmp
        if buckets:
            pairs = [*zip(times, values, strict=True), *((each.last, each) for each in buckets)]
            pairs.sort(key=itemgetter(0))
            self.times, self._values = [time for time, _ in pairs], [item for _, item in pairs]
        self._numbers: dict[int, bool] = {}
        self._up_to: list[int] = []
        if measure.plain:
            weights = (each.number if isinstance(each, Bucket) else 1 for each in self._values)
            self._up_to = list(accumulate(weights, initial=0)) if buckets else list(range(len(times) + 1))

    def meets(self, low: int, high: int) -> bool:
        """Whether those at [low, high) alone meet the measure."""
        if self._up_to:
            number = self._up_to[high] - self._up_to[low]
            known = self._numbers.get(number)
            if known is None:
                known = self._numbers[number] = accepts(self._cmp, number)
            return known
        run = self._values[low:high]
        if not self._mixed:
            return accepts(self._cmp, self._measure.of(run, ()))
        buckets = [item for item in run if isinstance(item, Bucket)]
        return accepts(self._cmp, self._measure.of([item for item in run if not isinstance(item, Bucket)], buckets))


def _cut(times: list[int], now: int, every: int) -> Iterator[tuple[int, int, int]]:
    """(how many periods ago, low, high) of each period with any of the times in it, the newest first."""
    high = len(times)
    while high:
        back = (now - times[high - 1]) // every
        oldest, low = now - (back + 1) * every, high - 1
        if low and times[low - 1] > oldest:
            low = bisect_right(times, oldest, 0, low)
        yield back, low, high
        high = low


class _Sweep:
    """Times on their way through the next period: each passes once from the period that it is in to the one before."""

    def __init__(self, inside: _Inside, now: int, periods: Periods) -> None:
        self._periods, self._meets = periods, inside.meets
        self._runs: dict[int, tuple[int, int]] = {}
        passing: list[tuple[int, int, int]] = []
        for back, low, high in _cut(inside.times, now, periods.every):
            self._runs[back] = low, high
            distance = (back + 1) * periods.every
            passing += [(inside.times[place] + distance, -back, place) for place in range(low, high)]
        self._passing = sorted(passing)

    def first_change(self, met: int) -> int | None:
        """The first instant at which no longer enough of them meet it, or now enough; None: there is none."""
        held = met >= self._periods.at_least
        for instant, same in groupby(self._passing, key=itemgetter(0)):
            met += sum(self._pass(-back, place) for _, back, place in same)
            if (met >= self._periods.at_least) is not held:
                return int(instant)
        return None

    def _pass(self, back: int, place: int) -> int:
        """Moves one time, the oldest of its period, into the one before; by how many more meet the measure then."""
        low, high = self._runs[back]
        older = self._runs.get(back + 1, (place, place))
        inside = back + 1 < self._periods.of_last
        before = self._meets(low, high) + (inside and self._meets(*older))
        self._runs[back], self._runs[back + 1] = (place + 1, high), (older[0], place + 1)
        return self._meets(place + 1, high) + (inside and self._meets(older[0], place + 1)) - before
