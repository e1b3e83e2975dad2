"""What rules say as sentences."""

from typing import Any

import pytest
from hypothesis import given

from schemas.operators import OPERATORS
from schemas.rule_parser import parse_rule
from schemas.times import DAY
from streams.sentences import EVENT_WORDS, sentence
from tests.schemas.refusing import did, user, where
from tests.schemas.rule_documents import RULES

SAID: list[tuple[dict[str, Any], str]] = [
    (did(), "viewed a page at least once"),
    (did(count={"lt": 3}, window={"last": "2w"}), "viewed a page less than 3 times in the last 14 days"),
    (
        did(count={"between": [1, 5]}, window={"last": "30d", "until": "7d"}),
        "viewed a page between 1 and 5 times between 30 days and 7 days ago",
    ),
    (did(first=True, window={"last": "1d"}), "viewed a page for the first time in the last 1 day"),
    (
        did(window={"from": "2026-01-01", "to": "2026-02-01"}),
        "viewed a page at least once from 2026-01-01T00:00:00.000Z up to 2026-02-01T00:00:00.000Z",
    ),
    (
        did(sum={"of": "properties.price", "gt": 99.5}),
        "viewed a page with a sum of properties.price of more than 99.5",
    ),
    (
        did(periods={"every": "7d", "of_last": 4, "at_least": 3}),
        "viewed a page at least once, in at least 3 of the last 4 periods of 7 days",
    ),
    (
        where("path", "starts_with", ["/p", "/q"], event="add to cart"),
        'did "add to cart" where path starts with "/p" or "/q", at least once',
    ),
    (
        {"sequence": [{"event": "$visit"}, {"event": "buy"}], "within": "90m"},
        'visited then did "buy" within 90 minutes',
    ),
    (user("traits.plan", "in", ["pro", 7]), 'traits.plan is one of "pro", 7'),
    (user("visits", "between", [1, 5]), "visits is between 1 and 5"),
    (user("first_seen", "not_within_last", "1h"), "first_seen is not within the last 1 hour"),
    (user("user_id", "not_exists"), "user_id does not exist"),
    (user("traits.plan", "is", "pro", **{"for": {"gte": "7d"}}), 'traits.plan is "pro" for at least 7 days'),
    (user("traits.a", "in", list("abcdefg")), 'traits.a is one of "a", "b", "c", "d", "e" and 2 more'),
    (user("traits.{x}", "is", "{0} {field}"), 'traits.{x} is "{0} {field}"'),
    ({"not": {"segment": "vip"}}, "not (is in the segment vip)"),
    (
        {
            "all": [
                {"segment": "a"},
                {"any": [{"segment": "b"}, {"not": {"all": [{"segment": "c"}, {"segment": "d"}]}}]},
            ]
        },
        "is in the segment a and (is in the segment b or not (is in the segment c and is in the segment d))",
    ),
]


def said(document: object) -> str:
    return sentence(parse_rule(document, retention=800 * DAY, exists=bool))


@pytest.mark.parametrize(("document", "expected"), SAID)
def test_said(document: object, expected: str) -> None:
    assert said(document) == expected


def test_every_operator_names_its_field_and_value() -> None:
    for row in OPERATORS.values():
        assert "{field}" in row.sentence
        assert ("{value}" in row.sentence) is (not row.name.endswith("exists"))


def test_system_events_have_words() -> None:
    assert {"*", "$page", "$click", "$experience", "$identify", "$visit"} == EVENT_WORDS.keys()


@given(RULES)
def test_every_rule_has_a_sentence(document: dict[str, Any]) -> None:
    assert said(document)
