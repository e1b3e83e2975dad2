"""The words that rules are told in, below the rule: fields, values, comparisons, spans of time, events and filters.

Owns wording only. An operator's words stand in its row of `schemas.operators`, a measure's in `schemas.measures`, a
field's in `schemas.paths`, so that what is shown cannot drift from what is judged. Texts of users are always quoted.
"""

import json

from schemas.operands import DURATION
from schemas.operators import OPERATORS, positive
from schemas.paths import row_of
from schemas.rules import Cmp, Filter, Fixed, Scalar, Selector, User, Window
from schemas.times import UNITS, format_duration, format_instant
from schemas.values import text_of

EVENT_WORDS = {
    "*": ("did anything", "do anything"),
    "$page": ("viewed a page", "view a page"),
    "$click": ("clicked", "click"),
    "$experience": ("saw an experience", "see an experience"),
    "$identify": ("identified themselves", "identify themselves"),
    "$visit": ("made a visit", "make a visit"),
}
"""What was done, as told of the past, and after `did not`."""

CMP_WORDS = {
    "eq": "exactly {}",
    "ne": "other than {}",
    "gt": "more than {}",
    "gte": "at least {}",
    "lt": "less than {}",
    "lte": "at most {}",
    "between": "between {} and {}",
}
UNIT_WORDS = {"s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week"}
SHOWN_VALUES = 10
SHOWN_CHARACTERS = 120
"""Longer lists and texts are cut: a rule may have 10,000 values of 32,768 characters."""


def field(path: str) -> str:
    """A PATH: `trait "plan"`, `first campaign source`, `page title`."""
    row, rest = row_of(path)
    if rest is None:
        return row.words
    return f"{row.words} {rest if row.keys else quoted(rest)}"


def quoted(text: str) -> str:
    """A user's text in quotation marks, cut where it is very long."""
    short = text if len(text) <= SHOWN_CHARACTERS else text[:SHOWN_CHARACTERS] + "…"
    return json.dumps(short, ensure_ascii=False)


def value(found: object) -> str:
    """Any JSON value: texts quoted, numbers as their shortest text."""
    if isinstance(found, str):
        return quoted(found)
    text = text_of(found)
    if text is not None:
        return text
    document = json.dumps(found, ensure_ascii=False, default=str)
    return document if len(document) <= SHOWN_CHARACTERS else document[:SHOWN_CHARACTERS] + "…"


def duration(span: int) -> str:
    """`7 days`, `1 hour`."""
    text = format_duration(span)
    number, unit = text[:-1], text[-1]
    if unit == "w":
        number, unit = str(span // UNITS["d"]), "d"
    return f"{number} {UNIT_WORDS[unit]}{'' if number == '1' else 's'}"


def last(span: int) -> str:
    """What comes after `the last`: `7 days`, `hour`."""
    return duration(span).removeprefix("1 ")


def window(over: Window) -> str:
    """When, with the blank before it; nothing for ever."""
    if over is None:
        return ""
    if isinstance(over, Fixed):
        start = "" if over.start is None else f" from {format_instant(over.start)}"
        return start + ("" if over.end is None else f" up to {format_instant(over.end)}")
    if over.until:
        return f" between {duration(over.last)} and {duration(over.until)} ago"
    return f" in the last {last(over.last)}"


def compared(comparison: Cmp) -> str:
    """`at least 3`, `between 1 and 5`."""
    return CMP_WORDS[comparison.op].format(text_of(comparison.value), text_of(comparison.high))


def done(selector: Selector) -> str:
    """What a selector says was done: `viewed a page where the path is "/cart"`."""
    known = EVENT_WORDS.get(selector.event)
    return (f"did {quoted(selector.event)}" if known is None else known[0]) + _where(selector)


def do(selector: Selector) -> str:
    """The same after `did not`."""
    known = EVENT_WORDS.get(selector.event)
    return (f"do {quoted(selector.event)}" if known is None else known[1]) + _where(selector)


def asked(condition: User, op: str) -> str:
    """What operator `op` with the condition's value says of its field: `trait "plan" is "pro"`."""
    return OPERATORS[op].sentence.format(field=field(condition.field), value=_values(condition, ""))


def _where(selector: Selector) -> str:
    filters = " and ".join(map(_filtered, selector.where))
    return f" where {filters}" if filters else ""


def _filtered(condition: Filter) -> str:
    # Of an event's field, `within_last` is measured from the event's own time.
    text = _values(condition, " before then")
    return OPERATORS[condition.op].sentence.format(field=f"the {field(condition.field)}", value=text)


def _values(condition: Filter | User, after_span: str) -> str:
    operand, given = positive(condition.op).operand, condition.value
    if given is None:
        return ""
    if operand is DURATION and isinstance(given, int):
        return last(given) + after_span
    if not isinstance(given, tuple):
        return _scalar(given)
    more = f" and {len(given) - SHOWN_VALUES} more" if len(given) > SHOWN_VALUES else ""
    return operand.joint.join(map(_scalar, given[:SHOWN_VALUES])) + more


def _scalar(given: Scalar) -> str:
    return quoted(given) if isinstance(given, str) else text_of(given) or ""


def number(of: float) -> str:
    """A number as it is told: no more digits than a reader can use."""
    return text_of(round(of, 9)) or ""
