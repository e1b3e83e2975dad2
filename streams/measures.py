"""The measures: the number that each makes of the events in a window, and what must be kept of them for that.

Owns one small class a measure and their table; windows are `streams.windowed`'s, what is kept `streams.pairs`'s. Values
come as they were read when they were kept: numbers, or texts. Source: contract section 5, "Measure".
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import accumulate
from math import fsum
from typing import Any

from schemas.profile import Bucket
from schemas.rules import Cmp
from streams import wishes

Number = int | float

_LARGEST = Fraction(sys.float_info.max)

_ACCEPTS: dict[str, Callable[[Number, Cmp], bool]] = {
    "eq": lambda number, cmp: number == cmp.value,
    "ne": lambda number, cmp: number != cmp.value,
    "gt": lambda number, cmp: number > cmp.value,
    "gte": lambda number, cmp: number >= cmp.value,
    "lt": lambda number, cmp: number < cmp.value,
    "lte": lambda number, cmp: number <= cmp.value,
    "between": lambda number, cmp: cmp.value <= number <= (cmp.value if cmp.high is None else cmp.high),
}


def accepts(cmp: Cmp, number: Number | None) -> bool:
    """Whether a comparison holds; it never does for no number at all."""
    return number is not None and _ACCEPTS[cmp.op](number, cmp)


class Measure:
    """`keeps`: the series it needs for any window; `open`: for windows that are open at their end (`streams.wishes`).

    `plain`: it is the number of events, whatever they hold. `counts`: it is a number of things that are kept, so that
    as many of the newest settle a comparison. `grows`: the comparisons that one more event can only make true.
    """

    keeps: str
    open: str
    counts = False
    plain = False
    grows: tuple[str, ...] = ()

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        """The number; None where there is none. `merged`: events that are not kept one by one."""
        raise NotImplementedError

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number | None]:
        """The numbers of what is left from each of these places on, when the values before it have gone."""
        return (self.of(values[place:], ()) for place in places)


class Count(Measure):
    """Its values are the times."""

    keeps = open = wishes.TIMES
    plain = counts = True
    grows = ("gte", "gt")

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number:
        return len(values) + sum(each.number for each in merged)

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number]:
        return (len(values) - place for place in places)


class Sum(Measure):
    keeps = open = wishes.NUMBERS

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number:
        return total([*values, *(each.total for each in merged)] if merged else values, 1)

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number]:
        return _sums_from(values, places)


class Avg(Measure):
    keeps = open = wishes.NUMBERS

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        count = len(values) + sum(each.number for each in merged)
        return total([*values, *(each.total for each in merged)], count) if count else None

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number | None]:
        counts = (len(values) - place for place in places)
        sums = _sums_from(values, places)
        return (whole / count if count else None for whole, count in zip(sums, counts, strict=True))


class Min(Measure):
    keeps, open = wishes.NUMBERS, wishes.LEAST
    grows = ("lte", "lt")

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        return min([*values, *(each.low for each in merged)], default=None)

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number | None]:
        return _extremes_from(values, places, min)


class Max(Measure):
    keeps, open = wishes.NUMBERS, wishes.GREATEST
    grows = ("gte", "gt")

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        return max([*values, *(each.high for each in merged)], default=None)

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number | None]:
        return _extremes_from(values, places, max)


class Distinct(Measure):
    keeps, open = wishes.TEXTS, wishes.NEWEST
    counts = True
    grows = ("gte", "gt")

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number:
        return len(set(values)) + sum(each.number for each in merged)

    def without(self, values: Sequence[Any], places: range) -> Iterable[Number]:
        seen = set(values[places.stop - 1 :])
        counts = [len(seen)]
        for place in reversed(places[:-1]):
            seen.add(values[place])
            counts.append(len(seen))
        return reversed(counts)


MEASURES: dict[str, Measure] = {
    "count": Count(),
    "sum": Sum(),
    "avg": Avg(),
    "min": Min(),
    "max": Max(),
    "distinct": Distinct(),
}


def _sums_from(values: Sequence[Number], places: range) -> Iterable[float]:
    """The sum from each place on, each rounded once: built up from the end as floats that add up to it exactly."""
    try:
        parts = _exactly(values[places.stop - 1 :])
        sums = [fsum(parts)]
        for place in reversed(places[:-1]):
            parts = _exactly([*parts, values[place]])
            sums.append(fsum(parts))
    except OverflowError:
        return [total(values[place:], 1) for place in places]
    return reversed(sums)


def _exactly(numbers: Sequence[Number]) -> list[float]:
    """The few floats, the largest first, whose sum is exactly that of all numbers."""
    parts: list[float] = []
    rest = list(numbers)
    while part := fsum(rest):
        parts.append(part)
        rest.append(-part)
    return parts


def _extremes_from(values: Sequence[Number], places: range, which: Callable[..., Number]) -> Iterable[Number | None]:
    found: list[Number | None] = [*accumulate(reversed(values[places.start :]), which)]
    return [*reversed(found), None][: len(places)]


def total(values: Sequence[Number], count: int) -> float:
    """The sum of all, rounded once, whatever their order, over `count`; no larger than the largest float."""
    try:
        return fsum(values) / count
    except OverflowError:
        exact = sum(map(Fraction, values)) / count
        return float(max(-_LARGEST, min(_LARGEST, exact)))
