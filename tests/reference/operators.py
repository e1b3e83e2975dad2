"""Contract section 5, the operators: is a value (of an event or a user) what the rule asks for?

`at` is the instant from which `within_last` looks back: an event's own time, or now for a user.
"""

import json
import re

import re2

from tests.reference.times import duration, instant

_NUMERAL = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")

# A negative operator is exactly the complement of its positive one.
_COMPLEMENT = {
    "is_not": "is",
    "not_in": "in",
    "not_contains": "contains",
    "not_matches": "matches",
    "not_exists": "exists",
    "not_within_last": "within_last",
}


def holds(op, field, value, at):
    """Whether `field op value`, e.g. holds("gt", 7, 5, at)."""
    if op in _COMPLEMENT:
        return not holds(_COMPLEMENT[op], field, value, at)
    if missing(field):
        return False
    if op == "exists":
        return True
    return _POSITIVE[op](field, value, at)


def missing(field):
    return field is None or field == ""


def is_number(x):
    """A JSON number (true and false are none)."""
    return isinstance(x, (int, float)) and not isinstance(x, bool)


def number(x):
    """The number that a JSON number or a numeral is, else None."""
    if is_number(x):
        return x
    if isinstance(x, str) and _NUMERAL.fullmatch(x):
        return float(x)
    return None


def text(x):
    """How text operators read a value: numbers and booleans as their shortest JSON text; None for lists and objects."""
    if isinstance(x, str):
        return x
    if isinstance(x, float) and x.is_integer():
        return str(int(x))
    if isinstance(x, (bool, int, float)):
        return json.dumps(x)
    return None


def same(a, b):
    """As numbers where at least one is a JSON number and the other a number or numeral, else as text."""
    if (is_number(a) or is_number(b)) and number(a) is not None and number(b) is not None:
        return number(a) == number(b)
    return text(a) is not None and text(a) == text(b)


def _any_of(test):
    """A list as value means any of them."""

    def judge(field, value, at):
        values = value if isinstance(value, list) else [value]
        return text(field) is not None and any(test(text(field), text(one)) for one in values)

    return judge


def _numbers(test):
    def judge(field, value, at):
        values = [number(one) for one in (value if isinstance(value, list) else [value])]
        return number(field) is not None and None not in values and test(number(field), *values)

    return judge


def _dates(test):
    def judge(field, value, at):
        return instant(field) is not None and test(instant(field), value, at)

    return judge


def _has(field, one):
    return isinstance(field, list) and any(same(element, one) for element in field if not missing(element))


_POSITIVE = {
    "is": lambda field, value, at: same(field, value),
    "in": lambda field, value, at: any(same(field, one) for one in value),
    "contains": _any_of(lambda field, one: one in field),
    "starts_with": _any_of(lambda field, one: field.startswith(one)),
    "ends_with": _any_of(lambda field, one: field.endswith(one)),
    "matches": _any_of(lambda field, one: re2.search(one, field) is not None),
    "gt": _numbers(lambda field, value: field > value),
    "gte": _numbers(lambda field, value: field >= value),
    "lt": _numbers(lambda field, value: field < value),
    "lte": _numbers(lambda field, value: field <= value),
    "between": _numbers(lambda field, low, high: low <= field <= high),
    "before": _dates(lambda field, value, at: field < instant(value)),
    "after": _dates(lambda field, value, at: field > instant(value)),
    "within_last": _dates(lambda field, value, at: at - duration(value) < field <= at),
    "has": lambda field, value, at: _has(field, value),
    "has_all": lambda field, value, at: all(_has(field, one) for one in value),
    "has_any": lambda field, value, at: any(_has(field, one) for one in value),
}
