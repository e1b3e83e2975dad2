"""Values of a posted event as text and numbers, and an event made fit to be stored: size, depth, broken characters.

Owns no meaning of any field.
"""

import re
from typing import Any

import orjson

from schemas.calls import MAX_DEPTH, MAX_EVENT_BYTES
from schemas.errors import Rejected

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_INT64 = range(-(1 << 63), 1 << 64)
"""Whole numbers outside are read as floats, as orjson does."""


class Unreadable:
    """Stands for a number that is none (`NaN`, `1e999`): whoever finds it in an event rejects that event alone."""


UNREADABLE = Unreadable()
_NO_NUMBER = "a number that JSON or a 64-bit float cannot hold"


def number_text(number: int | float) -> str:
    """The shortest JSON text: 7.0 is `7`, 1e-07 is `1e-7`."""
    if isinstance(number, int):
        return str(number)
    if number.is_integer() and int(number) in _INT64:
        return str(int(number))
    return re.sub(r"e([+-]?)0*", lambda found: "e" + found[1].replace("+", ""), str(number))


def text(value: object) -> str | None:
    """A text that is not empty, or a number's text; None for all else."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return number_text(value)
    return None


def record(value: object) -> dict[str, Any]:
    """A JSON object; an empty one for all else."""
    return value if isinstance(value, dict) else {}


def fitting(call: dict[str, Any]) -> dict[str, Any]:
    """The call with every lone surrogate replaced by U+FFFD. Raises Rejected: `too_large`, `too_deep`, `bad_number`."""
    try:
        compact = orjson.dumps(call)
    except TypeError:  # lone surrogates, numbers over 64 bits or unreadable, more than 254 levels
        call = _mended(call, 1)
        compact = orjson.dumps(call)
    if len(compact) > MAX_EVENT_BYTES:
        raise Rejected("too_large", f"an event has at most {MAX_EVENT_BYTES} bytes as compact JSON, not {len(compact)}")
    if compact.count(b"{") + compact.count(b"[") > MAX_DEPTH:  # cannot be deeper than it has brackets
        _check_depth(call, 1)
    return call


def _mended(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, dict):
        _refuse_below(depth)
        return {_mended(name, depth): _mended(each, depth + 1) for name, each in value.items()}
    if isinstance(value, list):
        _refuse_below(depth)
        return [_mended(each, depth + 1) for each in value]
    if isinstance(value, Unreadable):
        raise Rejected("bad_number", _NO_NUMBER)
    if isinstance(value, int) and value not in _INT64:
        return _as_float(value)
    return value


def _as_float(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        raise Rejected("bad_number", _NO_NUMBER) from None


def _check_depth(value: Any, depth: int) -> None:
    if isinstance(value, dict | list):
        _refuse_below(depth)
        for each in value.values() if isinstance(value, dict) else value:
            _check_depth(each, depth + 1)


def _refuse_below(depth: int) -> None:
    if depth > MAX_DEPTH:
        raise Rejected("too_deep", f"objects and lists may be {MAX_DEPTH} levels deep")
