"""Writing a rule's tree back as the JSON of contract section 5, so that parsing it gives the same tree.

Owns the writing only. It is not the text as posted: durations take their largest unit, instants their full form,
booleans their text.
"""

from typing import Any as Json

from schemas.operands import NOTHING
from schemas.operators import positive
from schemas.rules import All, Any, Cmp, Did, Filter, Listed, Not, Ref, Rolling, Rule, Selector, Sequence, User, Window
from schemas.times import format_duration, format_instant


def rule_to_json(rule: Rule) -> dict[str, Json]:
    if isinstance(rule, All):
        return {"all": [rule_to_json(child) for child in rule.rules]}
    if isinstance(rule, Any):
        return {"any": [rule_to_json(child) for child in rule.rules]}
    if isinstance(rule, Not):
        return {"not": rule_to_json(rule.rule)}
    if isinstance(rule, Ref):
        return {"segment": rule.segment}
    if isinstance(rule, Listed):
        return {"static": True}
    if isinstance(rule, User):
        held = {} if rule.held is None else {"for": {rule.held.op: format_duration(rule.held.duration)}}
        return {"user": rule.field, **_asked(rule)} | held
    if isinstance(rule, Sequence):
        within = {} if rule.within is None else {"within": format_duration(rule.within)}
        return {"sequence": [_selector(step) for step in rule.selectors], **within, **_window(rule.window)}
    return _did(rule)


def _did(did: Did) -> dict[str, Json]:
    written = {"did": _selector(did.selector), did.measure.kind: True}
    if did.measure.cmp is not None:
        of = {} if did.measure.of is None else {"of": did.measure.of}
        written[did.measure.kind] = of | _comparison(did.measure.cmp)
    if did.periods is not None:
        every, of_last, at_least = did.periods.every, did.periods.of_last, did.periods.at_least
        written["periods"] = {"every": format_duration(every), "of_last": of_last, "at_least": at_least}
    return written | _window(did.window)


def _selector(selector: Selector) -> dict[str, Json]:
    where = [{"field": filter.field, **_asked(filter)} for filter in selector.where]
    return {"event": selector.event} | ({"where": where} if where else {})


def _asked(asked: Filter | User) -> dict[str, Json]:
    operand = positive(asked.op).operand
    return {"op": asked.op} | ({} if operand is NOTHING else {"value": operand.write(asked.value)})


def _comparison(comparison: Cmp) -> dict[str, Json]:
    if comparison.op == "between":
        return {"between": [comparison.value, comparison.high]}
    return {comparison.op: comparison.value}


def _window(window: Window) -> dict[str, Json]:
    if window is None:
        return {}
    if isinstance(window, Rolling):
        until = {"until": format_duration(window.until)} if window.until else {}
        return {"window": {"last": format_duration(window.last)} | until}
    ends = {"from": window.start, "to": window.end}
    return {"window": {name: format_instant(end) for name, end in ends.items() if end is not None}}
