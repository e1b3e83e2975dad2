"""What rules say as sentences."""

import copy
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.measures import MEASURES
from schemas.operators import OPERATORS
from schemas.paths import EVENT_PATHS, USER_PATHS, VISIT_PATHS
from schemas.rule_parser import RuleErrors, parse_rule
from schemas.rule_selectors import SYSTEM_EVENTS
from schemas.rules import MeasureKind, Rule
from schemas.times import DAY, format_instant, parse_duration, parse_instant
from streams import words
from streams.sentences import KINDS, sentence
from tests.schemas.refusing import did, user, where
from tests.schemas.rule_documents import RULES
from tests.strategies import WHOLE
from tests.strategies.cases import segments_of
from tests.strategies.choices import drawn

WITHOUT_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
PYTHON = re.compile(r"None|True|False|[{}\[\]<>=]|\b[A-Z]\w*\(|'")

SAID: list[tuple[dict[str, Any], str]] = [
    (did(), "Users who viewed a page at least once"),
    (did(count={"lt": 3}, window={"last": "2w"}), "Users who viewed a page less than 3 times in the last 14 days"),
    (
        did(count={"between": [1, 5]}, window={"last": "30d", "until": "7d"}),
        "Users who viewed a page between 1 and 5 times between 30 days and 7 days ago",
    ),
    (did(count={"eq": 0}, window={"last": "1h"}), "Users who did not view a page in the last hour"),
    ({"not": did(count={"eq": 0})}, "Users who are not among those who did not view a page"),
    (did(first=True, window={"last": "1d"}), "Users who viewed a page for the first time in the last day"),
    (
        did(window={"from": "2026-01-01", "to": "2026-02-01"}),
        "Users who viewed a page at least once from 2026-01-01T00:00:00.000Z up to 2026-02-01T00:00:00.000Z",
    ),
    (
        did(sum={"of": "properties.price", "gt": 99.5}),
        'Users who viewed a page with the property "price" adding up to more than 99.5',
    ),
    (
        did(avg={"of": "properties.price", "eq": 1}),
        'Users who viewed a page with the property "price" averaging exactly 1',
    ),
    (
        did(distinct={"of": "campaign.name", "between": [2, 3]}),
        "Users who viewed a page with between 2 and 3 different values of the campaign name",
    ),
    (
        did(max={"of": "query.n", "lte": 7}),
        'Users who viewed a page with the largest URL parameter "n" being at most 7',
    ),
    (
        did(periods={"every": "7d", "of_last": 4, "at_least": 3}),
        "Users who viewed a page at least once, in at least 3 of the last 4 periods of 7 days",
    ),
    (
        where("path", "starts_with", ["/p", "/q"], event="add to cart"),
        'Users who did "add to cart" where the path starts with "/p" or "/q", at least once',
    ),
    (
        where("properties.due", "within_last", "1d"),
        'Users who viewed a page where the property "due" is within the last day before then, at least once',
    ),
    (
        {"sequence": [{"event": "$visit"}, {"event": "buy"}], "within": "90m", "window": {"last": "7d"}},
        'Users who made a visit, then did "buy", all within 90 minutes, in the last 7 days',
    ),
    (
        {"not": {"sequence": [{"event": "a"}, {"event": "b"}]}},
        'Users who are not among those who did "a", then did "b"',
    ),
    (user("traits.plan", "in", ["pro", 7]), 'Users whose trait "plan" is one of "pro", 7'),
    (user("visits", "between", [1, 5]), "Users whose number of visits is between 1 and 5"),
    (user("first_seen", "not_within_last", "1h"), "Users whose first event is not within the last hour"),
    (user("user_id", "not_exists"), "Users whose user id does not exist"),
    (
        user("traits.plan", "is", "pro", **{"for": {"gte": "7d"}}),
        'Users whose trait "plan" is "pro" for at least 7 days without a break',
    ),
    (
        {"not": user("traits.plan", "is", "pro", **{"for": {"lt": "7d"}})},
        'Users who are not among those whose trait "plan" is "pro" for less than 7 days so far',
    ),
    (
        user("traits.a", "in", list("abcdefghijkl")),
        'Users whose trait "a" is one of "a", "b", "c", "d", "e", "f", "g", "h", "i", "j" and 2 more',
    ),
    (user("traits.{x}", "is", "{0} {field}"), 'Users whose trait "{x}" is "{0} {field}"'),
    ({"not": {"segment": "vip"}}, 'Users who are not in the segment "vip"'),
    ({"not": did()}, "Users who did not view a page at least once"),
    ({"not": user("traits.plan", "is_not", "pro")}, 'Users whose trait "plan" is "pro"'),
    ({"not": user("traits.age", "gt", 7)}, 'Users who are not among those whose trait "age" is more than 7'),
    ({"not": {"not": {"segment": "vip"}}}, 'Users who are in the segment "vip"'),
    (
        {"all": [{"any": [{"any": [{"segment": "a"}, {"segment": "b"}]}]}, {"segment": "c"}]},
        'Users (who are in the segment "a" or who are in the segment "b") and who are in the segment "c"',
    ),
    (
        {"all": [{"any": [{"segment": "a"}]}, {"segment": "b"}]},
        'Users who are in the segment "a" and who are in the segment "b"',
    ),
    (
        {
            "all": [
                {"segment": "a"},
                {"any": [{"segment": "b"}, {"not": {"all": [{"segment": "c"}, {"segment": "d"}]}}]},
            ]
        },
        'Users who are in the segment "a" and (who are in the segment "b" or who are not among those '
        '(who are in the segment "c" and who are in the segment "d"))',
    ),
]


def parse(document: object) -> Rule:
    return parse_rule(document, retention=800 * DAY, exists=bool)


def said(document: object) -> str:
    return sentence(parse(document))


@pytest.mark.parametrize(("document", "expected"), SAID)
def test_said(document: object, expected: str) -> None:
    assert said(document) == expected


def test_every_operator_names_its_field_and_value() -> None:
    for row in OPERATORS.values():
        assert "{field}" in row.sentence
        assert ("{value}" in row.sentence) is (not row.name.endswith("exists"))


def test_system_events_have_words() -> None:
    assert {"*", *SYSTEM_EVENTS} == words.EVENT_WORDS.keys()


def test_every_kind_measure_and_path_has_words() -> None:
    assert set(get_args(Rule)) == KINDS.keys()
    assert set(get_args(MeasureKind)) == MEASURES.keys()
    assert all(row.words for row in (*EVENT_PATHS, *VISIT_PATHS, *USER_PATHS))


@given(RULES)
def test_every_rule_has_a_sentence(document: dict[str, Any]) -> None:
    text = said(document)
    assert re.match(r"Users \(*who", text)
    assert PYTHON.search(WITHOUT_QUOTED.sub("", text)) is None, text
    for id in _texts(document):
        assert json.dumps(id, ensure_ascii=False) in text


@given(drawn(lambda choices: segments_of(choices, WHOLE, 1, 3)), st.integers(0, 1000))
def test_another_number_or_value_is_another_sentence(segments: dict[str, Any], pick: int) -> None:
    for document in segments.values():
        other = copy.deepcopy(document)
        if places := list(_numbers_and_values(other)):
            holder, key = places[pick % len(places)]
            holder[key] = _another(holder[key])
            with suppress(RuleErrors):
                assert parse(document) == parse(other) or said(document) != said(other)


def _texts(node: Any) -> Iterator[str]:
    """The names of events and segments that a rule has."""
    if isinstance(node, dict):
        for key, child in node.items():
            if key == "segment" or (key == "event" and child not in words.EVENT_WORDS):
                yield child
            elif key != "value":
                yield from _texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from _texts(child)


def _numbers_and_values(node: Any) -> Iterator[tuple[Any, Any]]:
    """Where a rule has a number, an instant, a length or a value that may be another one."""
    pairs = list(node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ())
    for key, child in pairs:
        if isinstance(child, dict | list):
            yield from _numbers_and_values(child)
        elif key in ("from", "to", "last", "within", "every", "gte", "lt", "value", "event", "segment", "eq"):
            yield node, key


def _another(value: Any) -> Any:
    """A value of the same kind, further away from whatever stands beside it."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if parse_duration(value) is not None:
        return f"{parse_duration(value) // 1000 + 1}s"
    instant = parse_instant(value)
    if instant is not None:
        return format_instant(instant + 1)
    return "$click" if value.startswith(("$", "*")) else value + "x"
