"""Series: the times at which a user did what a selector names, as few as settle every condition on them.

Owns what of a series is kept. Series are sets ordered by event time, so that late events, replays and joining two users
are one operation: union, trim. A `$visit` selector's series has the starts of the visits that match; as its fields
are those of one of its events, such a series also marks the events that could lend them.
"""

from bisect import insort
from collections.abc import Callable, Iterable
from hashlib import blake2b

from schemas.events import Event
from schemas.profile import Profile, Visit
from schemas.rules import Filter, Selector
from streams.facts import seconds
from streams.leaves import CountLeaf
from streams.matching import event_test
from streams.operators import predicate

VISIT = "$visit"
_MAKES_VISITS = frozenset(("page", "screen", "track", "identify"))
_OF_VISITS: dict[str, Callable[[Visit, bool], object]] = {
    "visit_type": lambda visit, new: "new" if new else "returning",
    "duration": lambda visit, new: seconds(visit.end - visit.start),
    "page_views": lambda visit, new: visit.pages,
    "name": lambda visit, new: VISIT,
}
LANDING = "landing_page"


def selector_key(selector: Selector) -> str:
    """A short name of a selector, the same everywhere and always."""
    return blake2b(repr(selector).encode(), digest_size=6).hexdigest()


class Series:
    """The series `key` of one selector, brought by fill `fill`.

    `leaves`: the conditions that stand on it, by their bits; one more event can make those of `up` only true, those of
    `down` only false, those of `both` either. `cap`: how many of the newest times settle them all; `age`: older than
    this many ms settles none of them (0: any age may).
    """

    __slots__ = ("age", "both", "cap", "down", "fill", "key", "leaves", "selector", "up")

    def __init__(self, key: str, fill: int, selector: Selector) -> None:
        self.key, self.fill, self.selector = key, fill, selector
        self.leaves: dict[int, CountLeaf] = {}
        self.up = self.down = self.both = self.age = self.cap = 0

    def stand_on(self, leaves: Iterable[tuple[int, CountLeaf]], limit: int) -> None:
        """Told once which conditions (index, leaf) there are; never keeps more than `limit` times."""
        self.leaves = {1 << index: leaf for index, leaf in leaves}
        self.up = sum(bit for bit, leaf in self.leaves.items() if leaf.direction > 0)
        self.down = sum(bit for bit, leaf in self.leaves.items() if leaf.direction < 0)
        self.both = sum(self.leaves) - self.up - self.down
        needs = [leaf.need for leaf in self.leaves.values()]
        self.cap = min(limit, max((limit if need is None else need for need in needs), default=0))
        rolling = [leaf.last for leaf in self.leaves.values()]
        self.age = max(rolling) if rolling and all(rolling) else 0

    def insert(self, profile: Profile, time: int, now: int) -> list[int]:
        """Adds an event's time; the series as it is then."""
        times = profile.series.get(self.key)
        if not times:
            times = profile.series[self.key] = [time]
            return times
        if time >= times[-1]:
            times.append(time)
        else:
            insort(times, time)
        if len(times) > self.cap or (self.age and times[0] <= now - self.age):
            self.trim(times, now)
        return times

    def trim(self, times: list[int], now: int) -> None:
        """Drops the times that no condition can ever count again."""
        oldest = now - self.age if self.age else -1
        drop = max(0, len(times) - self.cap)
        while drop < len(times) and times[drop] <= oldest:
            drop += 1
        if drop:
            del times[:drop]


class VisitSeries(Series):
    """Starts of the visits that a `$visit` selector matches.

    `key`h has the arrivals of events whose fields meet the selector's filters, `key`l of page calls whose URL meets
    those on `landing_page`; which of them are heads or landings of visits may change with every late event.
    """

    __slots__ = ("_head", "_landing", "_no_landing", "_of_visit")

    def __init__(self, key: str, fill: int, selector: Selector) -> None:
        super().__init__(key, fill, selector)
        visit = [each for each in selector.where if each.field in _OF_VISITS]
        landing = [each for each in selector.where if each.field == LANDING]
        head = [each for each in selector.where if each.field not in _OF_VISITS and each.field != LANDING]
        self._head = event_test(head) if head else None
        self._landing = event_test([Filter("url", each.op, each.value) for each in landing]) if landing else None
        self._no_landing = [predicate(each.op, each.value) for each in landing]
        self._of_visit = [(_OF_VISITS[each.field], predicate(each.op, each.value)) for each in visit]

    def mark(self, profile: Profile, event: Event, arrival: int) -> None:
        """Remembers an event that could lend its fields to a visit that matches."""
        if event.type not in _MAKES_VISITS:
            return
        if self._head is not None and self._head(event):
            insort(profile.series.setdefault(self.key + "h", []), arrival)
        if self._landing is not None and event.type == "page" and self._landing(event):
            insort(profile.series.setdefault(self.key + "l", []), arrival)

    def rebuild(self, profile: Profile, visits: list[Visit]) -> None:
        """The series anew, from all visits."""
        new = not profile.sealed[0]
        profile.series[self.key] = [
            visit.start for index, visit in enumerate(visits) if self._matches(profile, visit, new and index == 0)
        ]

    def follow(self, profile: Profile, was: Visit | None) -> None:
        """After an event in order: only the last visit can have changed; `was` is it before, None if it is new."""
        visit, new = profile.last_visit, profile.visits == 1
        times = profile.series.setdefault(self.key, [])
        if was is not None and self._matches(profile, was, new):
            times.pop()
        if visit is not None and self._matches(profile, visit, new):
            times.append(visit.start)

    def _matches(self, profile: Profile, visit: Visit, new: bool) -> bool:
        series = profile.series
        if self._head is not None and visit.head not in series.get(self.key + "h", ()):
            return False
        if self._landing is not None:
            if visit.landing is None:
                if not all(test(None, visit.start) for test in self._no_landing):
                    return False
            elif visit.landing not in series.get(self.key + "l", ()):
                return False
        return all(test(read(visit, new), visit.start) for read, test in self._of_visit)


def series_of(key: str, fill: int, selector: Selector) -> Series:
    return (VisitSeries if selector.event == VISIT else Series)(key, fill, selector)
