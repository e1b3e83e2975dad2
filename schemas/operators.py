"""The operator table: one row an operator, all that is known of it.

Owns names, what value each takes, how it reads the field, what must hold, and the sentence a reader is shown. How a
reading is carried out fast is in `streams.operators`. A negative operator has no comparison of its own: its row names
the positive one, of which it is the complement, missing fields included. Source: contract section 5, "OPs".
"""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from schemas.equality import EqualTable
from schemas.operands import DURATION, INSTANT, NOTHING, NUMBER, PATTERNS, RANGE, SCALAR, SCALARS, TEXTS, Operand


class Reads(Enum):
    """What an operator reads the field as; where that cannot be, it is false.

    The comment: what `holds` is then called with, (the field so read, the value made ready).
    """

    PRESENCE = "anything"  # (anything but missing, None)
    SAME = "something to equal"  # (anything but missing, a table of the values)
    TEXT = "text"  # (text, tuple of texts)
    PATTERN = "text to search"  # (UTF-8, tuple of compiled patterns)
    ITEMS = "list"  # (list, tuple of tables of one value each)
    NUMBER = "number"  # (number, number or pair of them)
    INSTANT = "instant"  # (instant, instant)
    AGE = "age"  # (milliseconds from the field's instant to now, duration)


@dataclass(frozen=True, slots=True)
class Operator:
    """`sentence` has {field} and {value}. A row with `negates` takes reading, value and comparison from that one."""

    name: str
    sentence: str
    reads: Reads = Reads.PRESENCE
    operand: Operand = NOTHING
    holds: Callable[[Any, Any], bool] | None = None
    negates: str | None = None


def _equals(field: object, values: EqualTable[bool]) -> bool:
    return values.find(field) != ()


def _contains(text: str, parts: tuple[str, ...]) -> bool:
    for part in parts:  # noqa: SIM110 - any() over a generator takes four times as long
        if part in text:
            return True
    return False


def _matches(text: bytes, patterns: tuple[Any, ...]) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _has_all(items: list[object], wanted: tuple[EqualTable[bool], ...]) -> bool:
    return all(any(map(one.find, items)) for one in wanted)


def _has_any(items: list[object], wanted: tuple[EqualTable[bool], ...]) -> bool:
    return any(any(map(one.find, items)) for one in wanted)


def _between(number: float, ends: tuple[float, float]) -> bool:
    return ends[0] <= number <= ends[1]


def _younger(age: int, duration: int) -> bool:
    """Like a rolling window, (now - duration, now]: open at its old end, and nothing from the future."""
    return 0 <= age < duration


_ROWS = (
    Operator("is", "{field} is {value}", Reads.SAME, SCALAR, _equals),
    Operator("is_not", "{field} is not {value}", negates="is"),
    Operator("in", "{field} is one of {value}", Reads.SAME, SCALARS, _equals),
    Operator("not_in", "{field} is none of {value}", negates="in"),
    Operator("contains", "{field} contains {value}", Reads.TEXT, TEXTS, _contains),
    Operator("not_contains", "{field} does not contain {value}", negates="contains"),
    Operator("starts_with", "{field} starts with {value}", Reads.TEXT, TEXTS, str.startswith),
    Operator("ends_with", "{field} ends with {value}", Reads.TEXT, TEXTS, str.endswith),
    Operator("matches", "{field} matches {value}", Reads.PATTERN, PATTERNS, _matches),
    Operator("not_matches", "{field} does not match {value}", negates="matches"),
    Operator("exists", "{field} exists", Reads.PRESENCE, NOTHING, operator.is_not),
    Operator("not_exists", "{field} does not exist", negates="exists"),
    Operator("gt", "{field} is more than {value}", Reads.NUMBER, NUMBER, operator.gt),
    Operator("gte", "{field} is at least {value}", Reads.NUMBER, NUMBER, operator.ge),
    Operator("lt", "{field} is less than {value}", Reads.NUMBER, NUMBER, operator.lt),
    Operator("lte", "{field} is at most {value}", Reads.NUMBER, NUMBER, operator.le),
    Operator("between", "{field} is between {value}", Reads.NUMBER, RANGE, _between),
    Operator("before", "{field} is before {value}", Reads.INSTANT, INSTANT, operator.lt),
    Operator("after", "{field} is after {value}", Reads.INSTANT, INSTANT, operator.gt),
    Operator("within_last", "{field} is within the last {value}", Reads.AGE, DURATION, _younger),
    Operator("not_within_last", "{field} is not within the last {value}", negates="within_last"),
    Operator("has", "{field} has {value}", Reads.ITEMS, SCALAR, _has_any),
    Operator("has_all", "{field} has all of {value}", Reads.ITEMS, SCALARS, _has_all),
    Operator("has_any", "{field} has any of {value}", Reads.ITEMS, SCALARS, _has_any),
)

OPERATORS = {row.name: row for row in _ROWS}


def positive(name: str) -> Operator:
    """The row whose comparison `name` is asked by: its own, or that of the operator it is the complement of."""
    row = OPERATORS[name]
    return row if row.negates is None else OPERATORS[row.negates]
