"""What the tests of refusals share: short ways to write a rule, and to see what is wrong with it."""

from typing import Any

import pytest

from schemas.rule_parser import RuleError, RuleErrors, parse_rule
from schemas.times import DAY

RETENTION = 800 * DAY
LEAF = {"segment": "vip"}


def mistakes(document: object) -> list[RuleError]:
    with pytest.raises(RuleErrors) as caught:
        parse_rule(document, retention=RETENTION, exists=lambda segment: segment == "vip")
    return caught.value.errors


def did(**more: Any) -> dict[str, Any]:
    return {"did": {"event": "$page"}, **more}


def where(field: object, op: object, *value: object, event: str = "$page") -> dict[str, Any]:
    filled = {"field": field, "op": op} | ({"value": value[0]} if value else {})
    return {"did": {"event": event, "where": [filled]}}


def user(field: object, op: object, *value: object, **more: Any) -> dict[str, Any]:
    return {"user": field, "op": op} | ({"value": value[0]} if value else {}) | more


def deep(levels: int) -> dict[str, Any]:
    rule: dict[str, Any] = LEAF
    for _ in range(levels - 1):
        rule = {"not": rule}
    return rule
