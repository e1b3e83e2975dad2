"""`sequence`: steps done in order, each strictly later than the one before, the last within so long of the first.

Owns the search for such times among the series of the steps. For a given last time the newest times before it, step by
step back, make the shortest sequence there is; so the newest last time with a short enough one has the newest first
time of all, whose leaving the window is the only way that time alone ends it. Source: contract section 5.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import merge

from schemas.profile import NEVER, Profile
from streams.merged import buckets_of
from streams.spans import Span, first_change


@dataclass(frozen=True, slots=True)
class SequenceLeaf:
    """`steps` are the keys of their series; `within` in ms, None for any. `grows`: see `WindowLeaf`."""

    steps: tuple[str, ...]
    within: int | None
    span: Span
    grows: bool = False

    @property
    def rises(self) -> bool:
        return bool(self.span.until)

    @property
    def falls(self) -> bool:
        return bool(self.span.last)

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return self._newest(self._inside(profile, now)) is not None

    def next(self, profile: Profile, mask: int, now: int) -> int:
        if not self.span.last:
            return NEVER
        newest = self._newest(self._inside(profile, now))
        if not self.span.until:
            return NEVER if newest is None else newest + self.span.last
        steps = [self._times(profile, key) for key in dict.fromkeys(self.steps)]
        edges = merge(*(self.span.edges(times, now) for times in steps))
        looked_at = sum(map(len, steps))
        return first_change(edges, lambda at: self.holds(profile, mask, at), newest is not None, looked_at)

    def found(self, profile: Profile, now: int) -> list[int]:
        """The times of the first sequence in the window; where there is none, those of the longest beginning of one."""
        steps = self._inside(profile, now)
        longest: list[int] = []
        for start in steps[0]:
            chain = [start]
            for times in steps[1:]:
                place = bisect_right(times, chain[-1])
                if place == len(times) or (self.within is not None and times[place] - start > self.within):
                    break
                chain.append(times[place])
            if len(chain) == len(steps):
                return chain
            longest = max(longest, chain, key=len)
        return longest

    def exact(self, profile: Profile, now: int) -> bool:
        return not any(buckets_of(profile, key) for key in self.steps)

    def _times(self, profile: Profile, key: str) -> list[int]:
        """Merged events are there with their first and their newest."""
        times = profile.series.get(key, [])
        buckets = buckets_of(profile, key)
        return sorted({*times, *(time for each in buckets for time in each[:2])}) if buckets else times

    def _inside(self, profile: Profile, now: int) -> list[list[int]]:
        steps = []
        for key in self.steps:
            times = self._times(profile, key)
            low, high = self.span.bounds(times, now)
            steps.append(times[low:high] if high - low < len(times) else times)
        return steps

    def _newest(self, steps: Sequence[list[int]]) -> int | None:
        """The newest time that a sequence can begin at."""
        for last in reversed(steps[-1]):
            first = last
            for times in reversed(steps[:-1]):
                place = bisect_left(times, first)
                if not place:
                    return None
                first = times[place - 1]
            if self.within is None or last - first <= self.within:
                return first
        return None
