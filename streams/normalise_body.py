"""A request's body as JSON: quick where all is well, forgiving where one event would take the others down with it.

Owns reading only. What orjson refuses is read again by the standard library, so that a lone surrogate, a `NaN`, a
number out of range or an absurd depth is found in its own event, which is then rejected alone.
"""

import json
import re

import orjson

from schemas.errors import Rejected
from streams.normalise_text import UNREADABLE, Unreadable

_KEPT_DEPTH = 200
"""Deeper levels are cut out where the standard library gave up: far over what an event may have."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{}]', re.DOTALL)
_MAX_DIGITS = 400
"""No 64-bit float has more before its point; `int` refuses over 4,300 digits."""


def read_body(body: bytes) -> object:
    """The value of a JSON text. Raises Rejected `bad_json`."""
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return _read_again(body)


def _read_again(body: bytes) -> object:
    try:
        text = body.decode("utf-8-sig", "surrogatepass")
        try:
            return _loads(text)
        except RecursionError:
            return _loads(_shallow(text))
    except ValueError as error:
        raise Rejected("bad_json", f"the body is not JSON: {error}"[:200]) from None


def _loads(text: str) -> object:
    return json.loads(text, parse_int=_whole, parse_float=_float, parse_constant=lambda _: UNREADABLE)


def _whole(digits: str) -> int | float | Unreadable:
    return int(digits) if len(digits) <= _MAX_DIGITS else UNREADABLE


def _float(digits: str) -> float | Unreadable:
    number = float(digits)
    return number if number - number == 0 else UNREADABLE


def _shallow(text: str) -> str:
    """The text without whatever lies deeper than `_KEPT_DEPTH`: the reader recurses, this does not."""
    depth, kept, parts = 0, 0, []
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign in ("[", "{"):
            depth += 1
            if depth == _KEPT_DEPTH:
                parts.append(text[kept : token.end()])
        elif sign in ("]", "}"):
            depth -= 1
            if depth == _KEPT_DEPTH - 1:
                kept = token.start()
    if not parts:
        return text
    parts.append(text[kept:] if depth < _KEPT_DEPTH else "")
    return "".join(parts)
