"""`first`: the first event ever that a selector names lies in the window.

Owns the condition; that the first is kept whatever comes later, `streams.series`. "Ever" reaches back to what was kept
when the segment was made. Source: contract section 5.
"""

from bisect import bisect_left
from dataclasses import dataclass

from schemas.profile import Profile
from streams.spans import Span, first_change


@dataclass(frozen=True, slots=True)
class FirstLeaf:
    """The first time of `series` from `start` on is in the window."""

    series: str
    start: int
    span: Span

    @property
    def rises(self) -> bool:
        return bool(self.span.until)

    @property
    def falls(self) -> bool:
        return bool(self.span.last)

    def _first(self, profile: Profile) -> list[int]:
        times = profile.series.get(self.series, [])
        place = bisect_left(times, self.start)
        return times[place : place + 1]

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return any(self.span.takes_in(first, now) for first in self._first(profile))

    def next(self, profile: Profile, mask: int, now: int) -> int:
        edges = self.span.edges(self._first(profile), now)
        return first_change(edges, lambda at: self.holds(profile, mask, at), self.holds(profile, mask, now), 1)

    def found(self, profile: Profile, now: int) -> int | None:
        return next(iter(self._first(profile)), None)

    def exact(self, profile: Profile, now: int) -> bool:
        return True
