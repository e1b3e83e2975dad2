"""How a JSON value reads as text, as a number or as missing: the ground that operators and measures stand on.

Owns these readings, no comparison. None of them raises, whatever the value. Source: contract section 5 (missing fields,
numerals, "a number by its shortest JSON text").
"""

import math
import re
from decimal import Decimal

NUMERAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)

_EXACT = 2.0**53
"""Below it every whole number is a float of its own, so that a float reads such a numeral exactly."""

_DIGITS = 4300
"""As many digits as Python turns into an int, and back, by itself; longer ones would raise."""


def is_missing(value: object) -> bool:
    return value is None or value == ""


def text_of(value: object) -> str | None:
    """The text of a string, number or boolean; None for a missing one and for what has no text.

    A number gives its shortest JSON text, so that equal numbers have one text: 7.0 gives `7`, 1e-7 `1e-7`.
    """
    if isinstance(value, str):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return _whole(value)
    if isinstance(value, float) and math.isfinite(value):
        return _whole(int(value)) if value.is_integer() else repr(value).replace("e-0", "e-")
    return None


def number_of(value: object) -> int | float | None:
    """The number of a JSON number or of a numeral; None for all else, booleans and NaN among it."""
    if isinstance(value, str):
        return read_numeral(value)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def read_numeral(text: str) -> int | float | None:
    """The number a numeral stands for; None for other text. Whole numbers are exact up to the range of a float.

    Beyond that range it is an infinity: it orders rightly against every number that a rule may name and equals none.
    """
    form = NUMERAL.fullmatch(text)
    if form is None:
        return None
    if form[1] is None and form[2] is None and len(text) <= _DIGITS:
        return int(text)
    number = float(text)
    if -_EXACT < number < _EXACT or math.isinf(number):
        return number
    exact = Decimal(text)
    return int(exact) if exact == exact.to_integral_value() else number


def _whole(number: int) -> str:
    try:
        return str(number)
    except ValueError:
        return str(Decimal(number))
