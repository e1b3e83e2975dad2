"""Series of `$visit` selectors: the starts of the visits that match, with a value of each where one is asked for.

Owns how visits meet filters. A visit's fields are those of one of its events, and which one may change with every late
event; so such a series also marks, by arrival, the events that could lend the visit what is asked. Source: contract
section 2, "Visits"; section 5, "PATHs of an event".
"""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable
from typing import Any

from schemas.events import Event
from schemas.profile import Profile, Visit
from schemas.rules import Filter
from streams import merged, timeline
from streams.facts import seconds
from streams.matching import event_test
from streams.operators import READ as READ_FIELD
from streams.operators import Question, depends_on_time, predicate, question
from streams.pairs import READ, columns, put
from streams.paths import event_path
from streams.series import Series, Standing
from streams.wishes import Wish

VISIT = "$visit"
LANDING = "landing_page"
MARKS = "hlvto"
"""What is put behind a series' key for its marks: heads and landings that meet the filters, values and instants that
may be lent, and events that came too late."""

_NO_TIME = -(1 << 62)

_MAKES_VISITS = frozenset(("page", "screen", "track", "identify"))
_OF_VISITS: dict[str, Callable[[Visit, bool], object]] = {
    "visit_type": lambda visit, new: "new" if new else "returning",
    "duration": lambda visit, new: seconds(visit.end - visit.start),
    "page_views": lambda visit, new: visit.pages,
    "name": lambda visit, new: VISIT,
}


class VisitSeries(Series):
    """`key`h has the arrivals of events whose fields meet the selector's filters, `key`l of page calls whose URL meets
    those on `landing_page`, `key`v of events with a value to lend, `key`t of events with an instant that is asked how
    old it was at the visit's start, `key`o of events that were older than the retention when they came, with their
    times: a visit that begins with one is in no window.
    """

    __slots__ = ("_ages", "_head", "_landing", "_lends", "_no_landing", "_of_visit", "_read")

    def __init__(self, key: str, fill: int, wish: Wish) -> None:
        super().__init__(key, fill, wish)
        where = wish.selector.where
        landing = [each for each in where if each.field == LANDING]
        head = [each for each in where if each.field not in _OF_VISITS and each.field != LANDING]
        fixed = [each for each in head if not depends_on_time(each.op)]
        self._head = event_test(fixed) if fixed else None
        self._ages = [(event_path(each.field), question(each.op, each.value)) for each in head if each not in fixed]
        self._landing = event_test([Filter("url", each.op, each.value) for each in landing]) if landing else None
        self._no_landing = [predicate(each.op, each.value) for each in landing]
        of_visit = [each for each in where if each.field in _OF_VISITS]
        self._of_visit = [(_OF_VISITS[each.field], predicate(each.op, each.value)) for each in of_visit]
        self._read = READ[wish.keeps]
        lent = wish.of is not None and wish.of not in _OF_VISITS
        self._lends = event_path("url" if wish.of == LANDING else wish.of or "") if lent else None

    def stand_on(self, standing: Iterable[Standing], limit: int) -> None:
        super().stand_on(standing, limit)
        # A late event may move a visit, which makes any count true or false, or change at another time.
        self.up, self.down, self.both = 0, 0, sum(self.leaves)

    def insert(self, profile: Profile, event: Event, arrival: int, now: int) -> None:
        """Events are not in it themselves: they are marked, and visits follow."""

    def keep_for(self, wishes: Iterable[Wish], limit: int) -> None:
        super().keep_for(wishes, limit)
        # As the last visit may still be taken out, the newest few do not do.
        self.cap, self.merges = limit, True

    def join(self, profile: Profile, now: int) -> None:
        """Of joined users it is made anew."""

    def mark(self, profile: Profile, event: Event, arrival: int, retention: int) -> None:
        """Remembers an event that could lend its fields to a visit, or that is too old to begin one that counts."""
        if event.type not in _MAKES_VISITS:
            return
        if event.time < event.received - retention:
            put(profile, self.key + "o", arrival, event.time)
        if self._head is not None and self._head(event):
            insort(profile.series.setdefault(self.key + "h", []), arrival)
        if self._landing is not None and event.type == "page" and self._landing(event):
            insort(profile.series.setdefault(self.key + "l", []), arrival)
        if self._ages:
            ages = [_age_at_zero(read(event), asked) for read, asked in self._ages]
            if any(age != _NO_TIME for age in ages):
                put(profile, self.key + "t", arrival, ages)
        if self._lends is not None and (self.wish.of != LANDING or event.type == "page"):
            value = self._read(self._lends(event))
            if value is not None:
                put(profile, self.key + "v", arrival, value)
        self._forget_marks(profile)

    def rebuild(self, profile: Profile, visits: list[Visit]) -> None:
        """The series anew, from all visits that the timeline still holds; those before it stay as they were."""
        times, values = columns(profile, self.key)
        sealed = bisect_left(times, visits[0].start) if visits and profile.sealed[0] else 0
        merged.forget_from(profile, self.key, visits[0].start if visits and profile.sealed[0] else 0)
        profile.series[self.key] = times[:sealed]
        if self.wish.of is not None:
            profile.values[self.key] = values[:sealed]
        for index, visit in enumerate(visits):
            self._take(profile, visit, not profile.sealed[0] and index == 0)
        self._forget_marks(profile)

    def follow(self, profile: Profile, was: Visit | None) -> None:
        """After an event in order: only the last visit can have changed; `was` is it before, None if it is new."""
        visit, new = profile.last_visit, profile.visits == 1
        times = profile.series.setdefault(self.key, [])
        # While a fill marks the past, one may match that was not taken in; then all are taken in anew at its end.
        if was is not None and times and times[-1] == was.start and self._takes(profile, was, new):
            times.pop()
            if self.wish.of is not None:
                profile.values[self.key].pop()
        if visit is not None:
            self._take(profile, visit, new)

    def _take(self, profile: Profile, visit: Visit, new: bool) -> None:
        """Puts the newest visit in, where it matches."""
        if not self._matches(profile, visit, new):
            return
        times = profile.series[self.key]
        if self.wish.of is not None:
            value = self._value(profile, visit, new)
            if value is None:
                return
            profile.values.setdefault(self.key, []).append(value)
        times.append(visit.start)
        if len(times) > self.cap:
            self.trim(profile, visit.start)

    def _takes(self, profile: Profile, visit: Visit, new: bool) -> bool:
        return self._matches(profile, visit, new) and (
            self.wish.of is None or self._value(profile, visit, new) is not None
        )

    def _value(self, profile: Profile, visit: Visit, new: bool) -> object:
        """What the visit has at the PATH that is asked, read as it is kept; None where there is nothing."""
        of = self.wish.of or ""
        if of in _OF_VISITS:
            return self._read(_OF_VISITS[of](visit, new))
        return _beside(profile, self.key + "v", visit.landing if of == LANDING else visit.head)

    def _matches(self, profile: Profile, visit: Visit, new: bool) -> bool:
        if visit.start in profile.values.get(self.key + "o", ()):
            return False
        if self._head is not None and not _has(profile.series.get(self.key + "h"), visit.head):
            return False
        if self._ages and not self._are_so_old(profile, visit):
            return False
        if self._landing is not None:
            if visit.landing is None:
                if not all(test(None, visit.start) for test in self._no_landing):
                    return False
            elif not _has(profile.series.get(self.key + "l"), visit.landing):
                return False
        return all(test(read(visit, new), visit.start) for read, test in self._of_visit)

    def _are_so_old(self, profile: Profile, visit: Visit) -> bool:
        """`within_last` and its complement on the head's fields: they look back from the visit's start."""
        ages = _beside(profile, self.key + "t", visit.head) or [_NO_TIME] * len(self._ages)
        return all(
            (age != _NO_TIME and asked.holds(visit.start + age, asked.value)) is asked.wanted
            for (_, asked), age in zip(self._ages, ages, strict=True)
        )

    def _forget_marks(self, profile: Profile) -> None:
        """Where there are many, the marks of events that the timeline has no more."""
        most = 2 * len(profile.timeline) // timeline.SIZE + 64
        for mark in MARKS:
            arrivals = profile.series.get(self.key + mark, [])
            if len(arrivals) <= most:
                continue
            there = {arrival for _, _, arrival in timeline.entries(profile.timeline)}
            kept = [place for place, arrival in enumerate(arrivals) if arrival in there]
            profile.series[self.key + mark] = [arrivals[place] for place in kept]
            if self.key + mark in profile.values:
                values = profile.values[self.key + mark]
                profile.values[self.key + mark] = [values[place] for place in kept]


def _age_at_zero(field: object, asked: Question) -> int:
    """How old a field's instant was in 1970, ms; _NO_TIME where it is none."""
    age: int | None = READ_FIELD[asked.reads](field, 0)
    return _NO_TIME if age is None else age


def _beside(profile: Profile, key: str, arrival: int | None) -> Any:
    """What an event is marked with; None where it is not."""
    arrivals = profile.series.get(key, [])
    if arrival is None or (place := bisect_left(arrivals, arrival)) == len(arrivals) or arrivals[place] != arrival:
        return None
    return profile.values[key][place]


def _has(arrivals: list[int] | None, arrival: int) -> bool:
    if not arrivals:
        return False
    place = bisect_left(arrivals, arrival)
    return place < len(arrivals) and arrivals[place] == arrival
