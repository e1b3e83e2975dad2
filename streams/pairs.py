"""Series with a value beside each time: the numbers and texts that sums, averages, extremes and distinct values ask.

Owns what of such a series is kept: all pairs in the longest window; where windows are open at their end only what
nothing newer stands above: for a least or greatest value the pairs that are one since their own time, of texts when
each came last. Like the plain ones these are sets ordered by event time: union, trim.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from hashlib import blake2b
from heapq import merge as merge_sorted
from typing import Any

from schemas.events import Event
from schemas.profile import Profile
from schemas.values import number_of, text_of
from streams import wishes
from streams.paths import event_path
from streams.series import Series
from streams.wishes import Wish

_LARGEST = 2.0**63
_LONGEST = 32
"""Characters of a text that is kept as it is; of a longer one 128 bits tell it apart from all others."""


def read_number(field: object) -> int | float | None:
    """The number to keep of a field; None where it is none. One that no float or 64 bits hold is none."""
    number = number_of(field)
    if number is None or -_LARGEST < number < _LARGEST:
        return number
    try:
        rounded = float(number)
    except OverflowError:
        return None
    return None if rounded in (float("inf"), float("-inf")) else rounded


def read_text(field: object) -> str | None:
    """The text to keep of a field: equal for equal texts alone; None where it has none."""
    text = text_of(field)
    if text is None or (len(text) <= _LONGEST and not text.startswith("\0")):
        return text
    return "\0" + blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


READ: dict[str, Callable[[object], Any]] = {
    wishes.TIMES: lambda field: None,
    wishes.NUMBERS: read_number,
    wishes.LEAST: read_number,
    wishes.GREATEST: read_number,
    wishes.TEXTS: read_text,
    wishes.NEWEST: read_text,
}
"""How a field is read to be kept, by what is kept."""


def columns(profile: Profile, series: str) -> tuple[list[int], list[Any]]:
    """A series' times, and its values; the times again where it has none."""
    times = profile.series.get(series, [])
    return times, profile.values.get(series, times) if profile.values else times


def put(profile: Profile, key: str, time: int, value: Any) -> None:
    """Puts one more pair into a series, ordered by time, then value."""
    times, values = profile.series.setdefault(key, []), profile.values.setdefault(key, [])
    place = bisect_right(times, time)
    while place and times[place - 1] == time and values[place - 1] > value:
        place -= 1
    times.insert(place, time)
    values.insert(place, value)


def join(profile: Profile, other: Profile) -> None:
    """All series of both, of any kind, each the union of the two; what is too much is then for the series to trim."""
    for key, times in other.series.items():
        ours, values = profile.series.get(key, []), other.values.get(key)
        if values is None:
            profile.series[key] = list(merge_sorted(ours, times))
            continue
        both = sorted([*zip(ours, profile.values.get(key, []), strict=True), *zip(times, values, strict=True)])
        profile.series[key] = [time for time, _ in both]
        profile.values[key] = [value for _, value in both]


class PairSeries(Series):
    """Every pair, up to the age that any condition on it asks for."""

    __slots__ = ("_field", "_read")

    def __init__(self, key: str, fill: int, wish: Wish) -> None:
        super().__init__(key, fill, wish)
        assert wish.of is not None, "such a wish is for the values of a field"
        self._field = event_path(wish.of)
        self._read = READ[wish.keeps]

    def insert(self, profile: Profile, event: Event, arrival: int, now: int) -> None:
        value = self._read(self._field(event))
        if value is not None:
            self._add(profile, event.time, value)
            self.trim(profile, now)

    def _add(self, profile: Profile, time: int, value: Any) -> None:
        put(profile, self.key, time, value)

    def join(self, profile: Profile, now: int) -> None:
        times, values = columns(profile, self.key)
        profile.series[self.key], profile.values[self.key] = [], []
        for time, value in zip(times, values, strict=True):
            self._add(profile, time, value)
        self.trim(profile, now)


class NewestSeries(PairSeries):
    """When each text came last."""

    __slots__ = ()

    def _add(self, profile: Profile, time: int, value: Any) -> None:
        times, values = columns(profile, self.key)
        if value in values:
            place = values.index(value)
            if times[place] >= time:
                return
            del times[place], values[place]
        put(profile, self.key, time, value)


class LeastSeries(PairSeries):
    """The pairs without a lesser number at their time or after it: their numbers rise."""

    __slots__ = ()

    @staticmethod
    def _beats(number: float, other: float) -> bool:
        return number <= other

    def _add(self, profile: Profile, time: int, value: Any) -> None:
        times, values = columns(profile, self.key)
        place = bisect_left(times, time)
        if place < len(times) and self._beats(values[place], value):
            return
        end = bisect_right(times, time)
        while place and self._beats(value, values[place - 1]):
            place -= 1
        del times[place:end], values[place:end]
        put(profile, self.key, time, value)


class GreatestSeries(LeastSeries):
    """The pairs without a greater number at their time or after it: their numbers fall."""

    __slots__ = ()

    @staticmethod
    def _beats(number: float, other: float) -> bool:
        return number >= other
