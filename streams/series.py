"""Series: the times at which a user did what a selector names, as few as settle every condition on them.

Owns what of such a series is kept. Series are sets ordered by event time, so that late events, replays and joining two
users are one operation: union, trim. Those that keep more than times are in `streams.pairs`, `streams.visit_series` and
`streams.trait_series`; merged events in `streams.merged`.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from schemas.events import Event
from schemas.profile import Profile
from streams import merged
from streams.leaf import Leaf
from streams.thresholds import CountLeaf
from streams.wishes import Wish

Standing = tuple[int, Leaf, Wish]
"""A condition that stands on a series: its index, itself, what it asks to be kept."""


class Series:
    """The series `key` of one selector, brought by fill `fill`.

    `leaves`: the counts that stand on it, by their bits; one more event can make those of `up` only true, those of
    `down` only false, those of `both` either. `others`: the indices of all other conditions on it.
    `cap`: how many of the newest times settle them all; `merges`: what is over that is merged, else dropped. `age`:
    older than this many ms settles none of them (0: any age may). `starts`: from where on they look, in order.
    """

    __slots__ = ("age", "both", "cap", "down", "fill", "key", "leaves", "merges", "others", "starts", "up", "wish")

    def __init__(self, key: str, fill: int, wish: Wish) -> None:
        self.key, self.fill, self.wish = key, fill, wish
        self.leaves: dict[int, CountLeaf] = {}
        self.others: list[int] = []
        self.starts: list[int] = []
        self.merges = False
        self.up = self.down = self.both = self.age = self.cap = 0

    def stand_on(self, standing: Iterable[Standing], limit: int) -> None:
        """Told once which conditions there are; never keeps more than `limit` times one by one."""
        for index, leaf, _ in (standing := list(standing)):
            if isinstance(leaf, CountLeaf):
                self.leaves[1 << index] = leaf
            else:
                self.others.append(index)
        self.up = sum(bit for bit, leaf in self.leaves.items() if leaf.direction > 0)
        self.down = sum(bit for bit, leaf in self.leaves.items() if leaf.direction < 0)
        self.both = sum(self.leaves) - self.up - self.down
        self.keep_for([wish for _, _, wish in standing], limit)

    def keep_for(self, wishes: Iterable[Wish], limit: int) -> None:
        """How much is kept for these wishes."""
        wishes = list(wishes)
        needs = [wish.need for wish in wishes]
        self.merges = any(need is None or need > limit for need in needs)
        self.cap = limit if self.merges else max((need for need in needs if need is not None), default=0)
        ages = [wish.age for wish in wishes]
        self.age = max(ages) if ages and all(ages) else 0
        self.starts = sorted({wish.start for wish in wishes})

    def insert(self, profile: Profile, event: Event, arrival: int, now: int) -> None:
        """Takes an event in that meets the selector."""
        time = event.time
        times = profile.series.get(self.key)
        if not times:
            profile.series[self.key] = [time]
            return
        if time >= times[-1]:
            times.append(time)
        else:
            insort(times, time)
        over = len(times) > self.cap
        if over and not self.merges:
            del times[0]
        elif over or (self.age and times[0] <= now - self.age):
            self.trim(profile, now)

    def join(self, profile: Profile, now: int) -> None:
        """Told when it has become the union of two users'."""
        self.trim(profile, now)

    def trim(self, profile: Profile, now: int) -> None:
        """Drops what no condition can ever ask again, with its values, and merges what is too much to keep."""
        times = profile.series[self.key]
        values = profile.values.get(self.key) if profile.values else None
        drop = bisect_right(times, now - self.age) if self.age else 0
        if not self.merges:
            drop = max(drop, len(times) - self.cap)
        elif len(times) - drop > self.cap:
            over = drop + merged.chunk(len(times) - drop, self.cap)
            merged.put(profile, self.key, times[drop:over], None if values is None else values[drop:over])
            drop = over
        if drop:
            del times[:drop]
            if values is not None:
                del values[:drop]
        if self.merges and self.age:
            merged.forget(profile, self.key, now - self.age)


class FirstSeries(Series):
    """The first time from each instant on that a condition asks from: one time, mostly."""

    __slots__ = ()

    def insert(self, profile: Profile, event: Event, arrival: int, now: int) -> None:
        insort(profile.series.setdefault(self.key, []), event.time)
        self.trim(profile, now)

    def trim(self, profile: Profile, now: int) -> None:
        times = profile.series[self.key]
        places = {bisect_left(times, start) for start in self.starts}
        profile.series[self.key] = [times[place] for place in sorted(places) if place < len(times)]
