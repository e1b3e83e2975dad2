"""What the parser makes of rules that follow the grammar; and that it takes whatever does not without a crash."""

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.rule_errors import CODES
from schemas.rule_json import rule_to_json
from schemas.rule_parser import MAX_CONDITIONS, MAX_DEPTH, RuleError, RuleErrors, conditions, parse_rule, selectors
from schemas.rules import (
    All,
    Cmp,
    Did,
    Filter,
    Fixed,
    Held,
    Measure,
    Not,
    Periods,
    Ref,
    Rolling,
    Rule,
    Selector,
    Sequence,
    User,
)
from schemas.rules import (
    Any as AnyOf,
)
from schemas.times import DAY, HOUR, parse_instant
from tests.schemas.refusing import RETENTION, deep, did, user, where
from tests.schemas.rule_documents import JSON, RULES

PAGE = Selector("$page")
ONCE = Measure("count", Cmp("gte", 1))


def parsed(document: object) -> Rule:
    return parse_rule(document, retention=RETENTION, exists=lambda segment: segment == "vip")


def test_every_node() -> None:
    assert parsed({"all": [{"any": [{"not": {"segment": "vip"}}]}]}) == All((AnyOf((Not(Ref("vip")),)),))
    assert parsed(did()) == Did(PAGE, ONCE)
    assert parsed(did(first=True, window={"last": "7d"})) == Did(PAGE, Measure("first", None), Rolling(7 * DAY))
    assert parsed(did(count={"between": [1, 2.5]})) == Did(PAGE, Measure("count", Cmp("between", 1, 2.5)))
    assert parsed(did(sum={"of": "properties.price", "gt": 9})) == Did(
        PAGE, Measure("sum", Cmp("gt", 9), "properties.price")
    )
    assert parsed({"sequence": [{"event": "a"}, {"event": "*"}], "within": "1h"}) == Sequence(
        (Selector("a"), Selector("*")), HOUR
    )
    assert parsed(user("traits.a", "is", 5, **{"for": {"gte": "1d"}})) == User("traits.a", "is", 5, Held("gte", DAY))
    assert parsed(did(periods={"every": "7d", "of_last": 4, "at_least": 0})) == Did(
        PAGE, ONCE, periods=Periods(7 * DAY, 4, 0)
    )


def test_windows() -> None:
    assert parsed(did(window={"last": "30d", "until": "7d"})) == Did(PAGE, ONCE, Rolling(30 * DAY, 7 * DAY))
    assert parsed(did(window={"last": "800d"})) == Did(PAGE, ONCE, Rolling(RETENTION))
    start = parse_instant("2026-01-01")
    assert parsed(did(window={"from": "2026-01-01"})) == Did(PAGE, ONCE, Fixed(start, None))
    assert parsed(did(window={"to": "2026-01-01T00:00:00Z"})) == Did(PAGE, ONCE, Fixed(None, start))
    assert parsed(did(window={"from": "2026-01-01", "to": "2026-01-01"})) == Did(PAGE, ONCE, Fixed(start, start))
    # An open end reaches as far back as events are kept, whenever it is asked.
    assert parsed(did(window={"from": "1999-01-01"}))


def test_values_are_normalised_and_hashable() -> None:
    kept = {
        ("is", True): "true",
        ("in", (False, 7, "x")): ("false", 7, "x"),
        ("gt", "1e3"): 1000,
        ("between", ("1", 2)): (1, 2),
        ("within_last", "2w"): 14 * DAY,
        ("before", "2026-01-01"): "2026-01-01",
        ("contains", "a"): "a",
        ("has_all", ("a", 5)): ("a", 5),
    }
    for (op, value), normalised in kept.items():
        document = list(value) if isinstance(value, tuple) else value
        rule = parsed(where("url", op, document))
        assert rule == Did(Selector("$page", (Filter("url", op, normalised),)), ONCE)
        assert isinstance(hash(rule), int)
    assert parsed(where("url", "exists")) == Did(Selector("$page", (Filter("url", "exists", None),)), ONCE)


def test_a_true_and_a_one_stay_apart() -> None:
    """Python's True equals 1; selectors are shared by equality, so that these two must not be equal."""
    assert parsed(where("properties.a", "is", True)) != parsed(where("properties.a", "is", 1))


def test_no_filters_are_as_no_where() -> None:
    assert parsed({"did": {"event": "$page", "where": []}}) == Did(PAGE, ONCE)


def test_what_is_just_allowed() -> None:
    assert parsed(deep(MAX_DEPTH))
    assert parsed({"all": [{"segment": "vip"}] * MAX_CONDITIONS})
    assert parsed(where("landing_page", "exists", event="$visit"))
    assert parsed(did(periods={"every": "200d", "of_last": 4, "at_least": 4}))
    assert parsed({"sequence": [{"event": "a"}] * 5, "within": "800d"})
    assert parsed(where("properties.n", "between", [1, 1]))


@given(RULES)
def test_a_rule_written_back_parses_to_the_same(document: dict[str, Any]) -> None:
    rule = parsed(document)
    written = rule_to_json(rule)
    assert parsed(json.loads(json.dumps(written))) == rule
    assert len(list(conditions(rule))) >= 1
    assert all(isinstance(selector, Selector) for selector in selectors(rule))


@given(JSON)
def test_any_json_is_refused_or_read(document: object) -> None:
    _read_or_refused(document)


@settings(max_examples=300)
@given(RULES, st.data())
def test_a_mutated_rule_is_refused_or_read(document: dict[str, Any], data: st.DataObject) -> None:
    mutated = copy.deepcopy(document)
    places = list(_places(mutated))
    holder, key = data.draw(st.sampled_from(places))
    if isinstance(holder, dict) and data.draw(st.booleans()):
        holder[data.draw(st.sampled_from(["all", "did", "x", "value", "window", "for", "last", "of", "gte"]))] = (
            holder.pop(key)
        )
    else:
        holder[key] = data.draw(JSON)
    _read_or_refused(mutated)


def _places(node: Any) -> Any:
    for key, child in list(node.items() if isinstance(node, dict) else enumerate(node)):
        yield node, key
        if isinstance(child, dict | list):
            yield from _places(child)


def _read_or_refused(document: object) -> None:
    errors: list[RuleError] = []
    try:
        rule = parsed(document)
    except RuleErrors as refused:
        errors = refused.errors
        rule = None
    assert bool(errors) is (rule is None)
    assert all(error.code in CODES and error.message for error in errors)
    assert rule is None or parsed(rule_to_json(rule)) == rule
