"""The measures: the number that each makes of the events in a window, and what must be kept of them for that.

Owns one small class a measure and their table; windows are `streams.windowed`'s, what is kept `streams.pairs`'s. Values
come as they were read when they were kept: numbers, or texts. Source: contract section 5, "Measure".
"""

import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from math import fsum
from typing import Any

from schemas.profile import Bucket
from schemas.rules import Cmp
from streams import wishes

Number = int | float

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

    `counts`: it is a number of things that are kept, so that as many of the newest settle a comparison.
    """

    keeps: str
    open: str
    counts = False

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        """The number; None where there is none. `merged`: events that are not kept one by one."""
        raise NotImplementedError


class Count(Measure):
    """Its values are the times."""

    keeps = open = wishes.TIMES
    counts = True

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number:
        return len(values) + sum(each.number for each in merged)


class Sum(Measure):
    keeps = open = wishes.NUMBERS

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number:
        return total([*values, *(each.total for each in merged)] if merged else values, 1)


class Avg(Measure):
    keeps = open = wishes.NUMBERS

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        count = len(values) + sum(each.number for each in merged)
        return total([*values, *(each.total for each in merged)], count) if count else None


class Min(Measure):
    keeps, open = wishes.NUMBERS, wishes.LEAST

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        return min([*values, *(each.low for each in merged)], default=None)


class Max(Measure):
    keeps, open = wishes.NUMBERS, wishes.GREATEST

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number | None:
        return max([*values, *(each.high for each in merged)], default=None)


class Distinct(Measure):
    keeps, open = wishes.TEXTS, wishes.NEWEST
    counts = True

    def of(self, values: Sequence[Any], merged: Sequence[Bucket]) -> Number:
        return len(set(values)) + sum(each.number for each in merged)


MEASURES: dict[str, Measure] = {
    "count": Count(),
    "sum": Sum(),
    "avg": Avg(),
    "min": Min(),
    "max": Max(),
    "distinct": Distinct(),
}


def total(values: Sequence[Number], count: int) -> float:
    """The sum of all, rounded once, whatever their order, over `count`; no larger than the largest float."""
    try:
        return fsum(values) / count
    except OverflowError:
        exact = sum(map(Fraction, values)) / count
        return float(max(-_LARGEST, min(_LARGEST, exact)))


_LARGEST = Fraction(sys.float_info.max)
