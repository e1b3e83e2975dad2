"""Values that do not fit their operator, by name: what is sent, where the mistake is told to be, and its code."""

import pytest

from tests.schemas.refusing import mistakes, where

VALUE = "did.where[0].value"
REFUSED = {
    "exists with a value": (where("url", "exists", True), VALUE, "unexpected_value"),
    "not_exists with null": (where("url", "not_exists", None), VALUE, "unexpected_value"),
    "is without a value": (where("url", "is"), VALUE, "missing_value"),
    "is null": (where("url", "is", None), VALUE, "bad_value"),
    "is a list": (where("url", "is", ["a"]), VALUE, "bad_value"),
    "is an object": (where("url", "is", {}), VALUE, "bad_value"),
    "is NaN": (where("url", "is", float("nan")), VALUE, "bad_value"),
    "is infinite": (where("url", "is_not", float("inf")), VALUE, "bad_value"),
    "is beyond any float": (where("url", "is", 10**400), VALUE, "bad_value"),
    "is half a surrogate pair": (where("url", "is", "\ud800"), VALUE, "bad_value"),
    "is a text of 10 MB": (where("url", "is", "x" * 10_000_000), VALUE, "too_long"),
    "in a text": (where("url", "in", "abc"), VALUE, "bad_value"),
    "in no list at all": (where("url", "not_in", []), VALUE, "empty_list"),
    "in a list with a list": (where("url", "in", ["a", ["b"]]), VALUE + "[1]", "bad_value"),
    "in a list with null": (where("url", "in", ["a", None]), VALUE + "[1]", "bad_value"),
    "in a list of a million": (where("url", "in", ["a"] * 1_000_000), VALUE, "too_long"),
    "contains a number": (where("url", "contains", 5), VALUE, "bad_value"),
    "contains a boolean": (where("url", "not_contains", True), VALUE, "bad_value"),
    "contains any of none": (where("url", "contains", []), VALUE, "empty_list"),
    "starts with a number among texts": (where("url", "starts_with", ["/a", 5]), VALUE + "[1]", "bad_value"),
    "ends with an object": (where("url", "ends_with", {}), VALUE, "bad_value"),
    "matches what does not compile": (where("url", "matches", "("), VALUE, "bad_regex"),
    "matches a look-ahead, which RE2 has not": (where("url", "matches", "(?=a)"), VALUE, "bad_regex"),
    "matches a list of which one does not compile": (
        where("url", "not_matches", ["a", "["]),
        VALUE + "[1]",
        "bad_regex",
    ),
    "matches a number": (where("url", "matches", 5), VALUE, "bad_value"),
    "matches an endless expression": (where("url", "matches", "a" * 1_001), VALUE, "too_long"),
    "gt a word": (where("properties.n", "gt", "many"), VALUE, "bad_value"),
    "gt a boolean": (where("properties.n", "gt", True), VALUE, "bad_value"),
    "gte a list": (where("properties.n", "gte", [1]), VALUE, "bad_value"),
    "lt NaN": (where("properties.n", "lt", float("nan")), VALUE, "bad_value"),
    "lte a numeral beyond any float": (where("properties.n", "lte", "1e400"), VALUE, "bad_value"),
    "between one number": (where("properties.n", "between", [1]), VALUE, "bad_value"),
    "between a number": (where("properties.n", "between", 1), VALUE, "bad_value"),
    "between words": (where("properties.n", "between", [1, "b"]), VALUE + "[1]", "bad_value"),
    "between booleans": (where("properties.n", "between", [False, True]), VALUE + "[0]", "bad_value"),
    "between the wrong way round": (where("properties.n", "between", [2, 1]), VALUE, "wrong_order"),
    "before a number": (where("properties.at", "before", 1_790_000_000_000), VALUE, "bad_instant"),
    "before a word": (where("properties.at", "before", "yesterday"), VALUE, "bad_instant"),
    "after a day that is none": (where("properties.at", "after", "2026-02-30"), VALUE, "bad_instant"),
    "within the last number": (where("properties.at", "within_last", 7), VALUE, "bad_duration"),
    "within the last date": (where("properties.at", "within_last", "2026-11-23"), VALUE, "bad_duration"),
    "within the last month": (where("properties.at", "not_within_last", "1M"), VALUE, "bad_duration"),
    "within the last nothing": (where("properties.at", "within_last", "0d"), VALUE, "zero_duration"),
    "has a list": (where("properties.tags", "has", ["a"]), VALUE, "bad_value"),
    "has all of a text": (where("properties.tags", "has_all", "a"), VALUE, "bad_value"),
    "has any of none": (where("properties.tags", "has_any", []), VALUE, "empty_list"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    document, path, code = REFUSED[name]
    found = mistakes(document)
    assert [(error.path, error.code) for error in found] == [(path, code)]
    assert found[0].message
