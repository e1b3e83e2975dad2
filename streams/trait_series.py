"""What a condition on a trait said of every value that was set, over event time: what `for` is judged by.

Owns what of that is kept: the values set within the longest `for` of any condition, and the one before them, for late
ones may change the past. A trait is set by identify and group calls and by uploads alike. Source: contract section 5,
"for"; section 2 for which value wins.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import chain

from schemas.events import Event
from schemas.profile import Profile
from schemas.rules import Filter, Selector, User
from streams import merged
from streams.operators import predicate
from streams.pairs import columns, put
from streams.paths import dig
from streams.series import Series
from streams.wishes import TRAITS, Wish

TRAIT = "$trait"
"""Stands for the event that sets a trait; no selector can name it."""

_LOOKED_AT = 64
"""Values before the longest `for` among which those are looked for that have to stay."""


def wish_for(rule: User, age: int) -> Wish:
    """What `for` asks to be kept of a condition on a trait."""
    return Wish(Selector(TRAIT, (Filter(rule.field, rule.op, rule.value),)), TRAITS, age=age)


class Condition:
    """A condition on the trait at a PATH. `names` are the traits that it reads: one of the whole path goes first.

    Of each value that is set one number is kept: arrival * 4 + place in `names` * 2 + what the condition says.
    """

    __slots__ = ("_path", "_test", "names", "unset")

    def __init__(self, field: str, op: str, value: object) -> None:
        self._path = field.partition(".")[2]
        self._test = predicate(op, value)  # type: ignore[arg-type]
        first = self._path.partition(".")[0]
        self.names = (self._path,) if first == self._path else (self._path, first)
        self.unset = self._test(None, 0)

    def codes(self, traits: Mapping[str, object], arrival: int) -> Iterator[int]:
        """The numbers to keep of traits that were set at once."""
        for place, name in enumerate(self.names):
            if traits.get(name) is not None:
                yield arrival * 4 + place * 2 + self._test(dig({name: traits[name]}, self._path), 0)

    def newest_first(self, profile: Profile, series: str) -> Iterator[tuple[int, bool]]:
        """(instant, what the condition says from then on) of each time at which the trait was set, from the end."""
        times, codes = columns(profile, series)
        newest = [
            pair for pair in self._newest(profile) if pair > (times[-1] if times else -1, codes[-1] if times else 0)
        ]
        if len(self.names) > 1:
            yield from reversed(self._of_both({*zip(times, codes, strict=True), *self._newest(profile)}))
            return
        before = -1
        for time, code in chain(newest, zip(reversed(times), reversed(codes), strict=True)):
            if time != before:
                yield time, bool(code & 1)
            before = time

    def _newest(self, profile: Profile) -> Iterator[tuple[int, int]]:
        """The values that the user has now: the log that a series was filled from may be younger than they are."""
        for name in self.names:
            if name in profile.traits:
                value, time, arrival = profile.traits[name]
                yield from ((time, code) for code in self.codes({name: value}, arrival))

    def _of_both(self, kept: set[tuple[int, int]]) -> list[tuple[int, bool]]:
        said: list[bool | None] = [None, None]
        runs: dict[int, bool] = {}
        for time, code in sorted(kept):
            said[code >> 1 & 1] = bool(code & 1)
            runs[time] = bool(said[1] if said[0] is None else said[0])
        return list(runs.items())


class TraitSeries(Series):
    """Values set as codes of their condition, by the time at which they were set."""

    __slots__ = ("condition",)

    def __init__(self, key: str, fill: int, wish: Wish) -> None:
        super().__init__(key, fill, wish)
        (asked,) = wish.selector.where
        self.condition = Condition(asked.field, asked.op, asked.value)

    def concerns(self, event: Event) -> bool:
        """Whether an event sets what it is about."""
        return any(event.traits.get(name) is not None for name in self.condition.names)

    def insert(self, profile: Profile, event: Event, arrival: int, now: int) -> None:
        """Takes in the traits that an event sets."""
        for code in self.condition.codes(event.traits, arrival):
            put(profile, self.key, event.time, code)
            self.trim(profile, now)

    def trim(self, profile: Profile, now: int) -> None:
        times, codes = columns(profile, self.key)
        before = bisect_right(times, now - self.age)
        # What was set last before that time stays, of each name.
        bases = {codes[place] >> 1 & 1: place for place in range(max(0, before - _LOOKED_AT), before)}
        first = min(bases.values(), default=0) if len(bases) == len(self.condition.names) else 0
        if len(times) - first > self.cap:
            over = first + merged.chunk(len(times) - first, self.cap)
            merged.put(profile, self.key, times[first:over])
            first = over
        if first:
            del times[:first], codes[:first]
        merged.forget(profile, self.key, now - self.age)
