"""Rules as sentences: what a rule, or any node of one, says, for those who read segments rather than write them.

Owns the wording of rules, measures and windows; an operator's words stand in its row of `schemas.operators`, so that
what is shown cannot drift from what is judged.
"""

import json

from schemas.operands import DURATION
from schemas.operators import OPERATORS, positive
from schemas.rules import (
    All,
    Any,
    Cmp,
    Did,
    Filter,
    Fixed,
    Measure,
    Not,
    Ref,
    Rule,
    Scalar,
    Selector,
    Sequence,
    User,
    Window,
)
from schemas.times import UNITS, format_duration, format_instant
from schemas.values import text_of

EVENT_WORDS = {
    "*": "did anything",
    "$page": "viewed a page",
    "$click": "clicked",
    "$experience": "saw an experience",
    "$identify": "identified",
    "$visit": "visited",
}
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
MEASURE_WORDS = {
    "sum": "with a sum of {} of",
    "avg": "with an average {} of",
    "min": "with a least {} of",
    "max": "with a greatest {} of",
    "distinct": "with a number of different values of {} of",
}
SHOWN_VALUES = 5
SHOWN_CHARACTERS = 80


def sentence(rule: Rule) -> str:
    """What the rule says of a user, without an end mark: `viewed a page at least 3 times in the last 7 days`."""
    if isinstance(rule, All | Any):
        joint = " and " if isinstance(rule, All) else " or "
        return joint.join(_within(child) for child in rule.rules)
    if isinstance(rule, Not):
        return f"not ({sentence(rule.rule)})"
    if isinstance(rule, Ref):
        return f"is in the segment {rule.segment}"
    if isinstance(rule, User):
        held = "" if rule.held is None else f" for {_span(rule.held.op, rule.held.duration)}"
        return asked(rule) + held
    if isinstance(rule, Sequence):
        within = "" if rule.within is None else f" within {duration(rule.within)}"
        return " then ".join(map(selected, rule.selectors)) + within + _window(rule.window)
    return _did(rule)


def asked(condition: Filter | User) -> str:
    """What a filter says of an event, or a user's condition of a user's field."""
    value = _shown_values(condition)
    return OPERATORS[condition.op].sentence.format(field=condition.field, value=value)


def selected(selector: Selector) -> str:
    """What a selector says was done."""
    done = EVENT_WORDS.get(selector.event) or f"did {_shown(selector.event)}"
    where = " and ".join(map(asked, selector.where))
    return f"{done} where {where}" if where else done


def duration(span: int) -> str:
    """`7 days`, `1 hour`."""
    text = format_duration(span)
    number, unit = text[:-1], text[-1]
    if unit == "w":
        number, unit = str(span // UNITS["d"]), "d"
    return f"{number} {UNIT_WORDS[unit]}{'' if number == '1' else 's'}"


def _within(rule: Rule) -> str:
    """A rule as part of another: in brackets where its own joints could be read as the other's."""
    return f"({sentence(rule)})" if isinstance(rule, All | Any) and len(rule.rules) > 1 else sentence(rule)


def _did(did: Did) -> str:
    periods = did.periods
    if periods is None:
        in_time = _window(did.window)
    else:
        in_time = f", in at least {periods.at_least} of the last {periods.of_last} periods of {duration(periods.every)}"
    comma = "," if did.selector.where else ""
    return f"{selected(did.selector)}{comma}{_measure(did.measure)}{in_time}"


def _measure(measure: Measure) -> str:
    if measure.cmp is None:
        return " for the first time"
    compared = _compared(measure.cmp)
    if measure.kind != "count":
        return f" {MEASURE_WORDS[measure.kind].format(measure.of)} {compared}"
    if measure.cmp.value == 1 and measure.cmp.high is None:
        return f" {CMP_WORDS[measure.cmp.op].format('once')}"
    return f" {compared} times"


def _compared(comparison: Cmp) -> str:
    return CMP_WORDS[comparison.op].format(text_of(comparison.value), text_of(comparison.high))


def _span(op: str, span: int) -> str:
    return CMP_WORDS[op].format(duration(span))


def _window(window: Window) -> str:
    if window is None:
        return ""
    if isinstance(window, Fixed):
        start = "" if window.start is None else f" from {format_instant(window.start)}"
        return start + ("" if window.end is None else f" up to {format_instant(window.end)}")
    if window.until:
        return f" between {duration(window.last)} and {duration(window.until)} ago"
    return f" in the last {duration(window.last)}"


def _shown_values(condition: Filter | User) -> str:
    operand, value = positive(condition.op).operand, condition.value
    if value is None:
        return ""
    if operand is DURATION and isinstance(value, int):
        return duration(value)
    if not isinstance(value, tuple):
        return _shown(value)
    more = f" and {len(value) - SHOWN_VALUES} more" if len(value) > SHOWN_VALUES else ""
    return operand.joint.join(map(_shown, value[:SHOWN_VALUES])) + more


def _shown(value: Scalar) -> str:
    if not isinstance(value, str):
        return text_of(value) or ""
    short = value if len(value) <= SHOWN_CHARACTERS else value[:SHOWN_CHARACTERS] + "…"
    return json.dumps(short, ensure_ascii=False)
