"""The values that operators take: reading one from a rule's JSON, refusing what does not fit, and writing it back.

Owns the kinds of value, one row a kind; which operator takes which is in `schemas.operators`. What is read is
hashable: lists become tuples, durations milliseconds, booleans their JSON text (True would hash like 1).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import re2

from schemas.rules import Scalar, Value
from schemas.times import format_duration, parse_duration, parse_instant
from schemas.values import read_numeral

MAX_TEXT = 32_768
"""Characters. An event is at most 32 KB, so that no longer text could ever be found in one."""

MAX_LIST = 10_000

MAX_PATTERN = 1_000
"""Characters. Such a one compiles, or is found too large, in 20 ms at the worst; one of 24,000 took a second."""

MAX_PATTERNS = 100
"""In a whole rule."""

_PATTERN_BYTES = 1 << 20


class Misfit(Exception):
    """A value that its operator cannot take; `at` is the index of the list's element that is meant, if one is."""

    def __init__(self, code: str, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at


@dataclass(frozen=True, slots=True)
class Operand:
    """A kind of value: `read` takes JSON, raises Misfit; `write` gives JSON that reads the same.

    `joint` is what stands between the elements of a list in a sentence.
    """

    means: str
    read: Callable[[object], Value]
    write: Callable[[Value], object]
    joint: str = ", "


def compile_pattern(pattern: str) -> "re2._Regexp":
    """RE2 on UTF-8 bytes without captures: 0.7 µs a search, where searching text takes 1.4 to 4.3. Raises re2.error."""
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _PATTERN_BYTES
    return re2.compile(pattern.encode(), options)


def finite(value: object) -> int | float | None:
    """A JSON number within the range of a float; None for anything else, booleans among it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(float(value)) else None
    except OverflowError:
        return None


def _scalar(value: object) -> Scalar:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    number = finite(value)
    if number is None:
        raise Misfit("bad_value", "needs a text, a number or a boolean")
    return number


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise Misfit("bad_value", "needs a text")
    if len(value) > MAX_TEXT:
        raise Misfit("too_long", f"is longer than {MAX_TEXT} characters")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise Misfit("bad_value", "has half a surrogate pair, which is no text")
    return value


def _number(value: object) -> int | float:
    number = finite(read_numeral(value) if isinstance(value, str) else value)
    if number is None:
        raise Misfit("bad_value", "needs a number")
    return number


def _pattern(value: object) -> str:
    pattern = _text(value)
    if len(pattern) > MAX_PATTERN:
        raise Misfit("too_long", f"is longer than {MAX_PATTERN} characters")
    try:
        compile_pattern(pattern)
    except re2.error as error:
        reason = error.args[0].decode(errors="replace")[:200]
        raise Misfit("bad_regex", f"is no RE2 regular expression: {reason}") from None
    return pattern


def _instant(value: object) -> str:
    if not isinstance(value, str) or parse_instant(value) is None:
        raise Misfit("bad_instant", "needs an ISO 8601 date or time, such as 2026-11-23 or 2026-11-23T17:30:00Z")
    return value


def _duration(value: object) -> int:
    duration = parse_duration(value)
    if duration is None:
        raise Misfit("bad_duration", "needs a duration, such as 90s or 7d")
    if duration == 0:
        raise Misfit("zero_duration", "needs a duration of more than zero")
    return duration


def _list_of(one: Callable[[object], Scalar], value: object, most: int = MAX_LIST) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple):
        raise Misfit("bad_value", "needs a list")
    if not value:
        raise Misfit("empty_list", "needs at least one element")
    if len(value) > most:
        raise Misfit("too_long", f"has more than {most} elements")
    read: list[Scalar] = []
    for index, element in enumerate(value):
        try:
            read.append(one(element))
        except Misfit as misfit:
            raise Misfit(misfit.code, misfit.message, index) from None
    return tuple(read)


def _one_or_list_of(one: Callable[[object], Scalar], value: object, most: int = MAX_LIST) -> Value:
    return _list_of(one, value, most) if isinstance(value, list | tuple) else one(value)


def _range(value: object) -> Value:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise Misfit("bad_value", "needs a list of two numbers")
    low, high = _list_of(_number, value)
    if number_pair_reversed(low, high):
        raise Misfit("wrong_order", "needs the lower number first")
    return low, high


def number_pair_reversed(low: object, high: object) -> bool:
    return isinstance(low, int | float) and isinstance(high, int | float) and low > high


def _nothing(value: object) -> Value:
    raise Misfit("unexpected_value", "takes no value")


def _same(value: Value) -> object:
    return list(value) if isinstance(value, tuple) else value


def _written_duration(value: Value) -> object:
    return format_duration(value) if isinstance(value, int) else value


NOTHING = Operand("no value", _nothing, _same)
SCALAR = Operand("a text, number or boolean", _scalar, _same)
SCALARS = Operand("a list of texts, numbers or booleans", partial(_list_of, _scalar), _same)
TEXTS = Operand("a text, or a list of texts of which any will do", partial(_one_or_list_of, _text), _same, " or ")
PATTERNS = Operand(
    "an RE2 expression, or a list of which any will do",
    partial(_one_or_list_of, _pattern, most=MAX_PATTERNS),
    _same,
    " or ",
)
NUMBER = Operand("a number", _number, _same)
RANGE = Operand("a list of two numbers, the lower first", _range, _same, " and ")
INSTANT = Operand("an ISO 8601 date or time", _instant, _same)
DURATION = Operand("a duration", _duration, _written_duration)
