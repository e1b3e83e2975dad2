"""What a condition on a trait said of every value that was set, over event time: what `for` is judged by.

Owns what of that is kept: the values set within the longest `for` of any condition, and the one before them, for late
ones may change the past. A trait is set by identify and group calls and by uploads alike. Source: contract section 5,
"for"; section 2 for which value wins.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter

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

    def runs(self, profile: Profile, series: str) -> Iterator[tuple[int, bool]]:
        """(instant, what the condition says from then on) of each time at which the trait was set, in order."""
        times, codes = columns(profile, series)
        said: list[bool | None] = [None] * len(self.names)
        for time, same in groupby(self._with_newest(profile, times, codes), key=itemgetter(0)):
            for _, code in same:
                said[code >> 1 & 1] = bool(code & 1)
            yield time, next((each for each in said if each is not None), self.unset)

    def _with_newest(self, profile: Profile, times: list[int], codes: list[int]) -> list[tuple[int, int]]:
        """What is kept, and the values that the user has now: the log may be younger than they are."""
        kept = list(zip(times, codes, strict=True))
        for name in self.names:
            if name in profile.traits:
                value, time, arrival = profile.traits[name]
                kept += [(time, code) for code in self.codes({name: value}, arrival)]
        return sorted(set(kept))


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
        base: dict[int, int] = {}
        for place, (time, code) in enumerate(zip(times, codes, strict=True)):
            if time > now - self.age:
                break
            base[code >> 1 & 1] = place
        first = min(base.values(), default=0)
        if len(times) - first > self.cap:
            over = first + merged.chunk(self.cap)
            merged.put(profile, self.key, times[first:over])
            first = over
        if first:
            del times[:first], codes[:first]
        merged.forget(profile, self.key, now - self.age)
