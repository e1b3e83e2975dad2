"""Contract section 5, operators: one table a sentence. Each row is (field, operator, value, expected)."""

import pytest

from tests.reference.operators import holds, text
from tests.reference.times import DAY, instant, iso

NOW = instant("2026-11-20T00:00:00Z")
OPERATORS = {
    **dict.fromkeys(("is", "is_not", "contains", "not_contains", "starts_with", "ends_with", "matches", "has"), "x"),
    **dict.fromkeys(("not_matches", "exists", "not_exists"), "x"),
    **{op: ["x", 7] for op in ("in", "not_in", "has_all", "has_any")},
    **dict.fromkeys(("gt", "gte", "lt", "lte"), 7),
    **dict.fromkeys(("before", "after"), "2026-11-20"),
    **dict.fromkeys(("within_last", "not_within_last"), "1d"),
    "between": [1, 7],
}
"""Each with a value that fits."""

AS_NUMBERS = [
    (7, "is", 7.0, True),
    (7, "is", "7.0", True),
    ("7.0", "is", 7, True),
    ("1e1", "is", 10, True),
    ("007", "is", 7, True),
    (7, "in", ["x", "7.0"], True),
    ("7", "not_in", ["x", 7.0], False),
    (["7.0"], "has", 7, True),
]
AS_TEXT = [
    ("7", "is", "7.0", False),
    ("red", "is", "Red", False),
    ("red", "is", "red", True),
    ("red", "in", ["Red", 7], False),
    ("red", "not_in", ["Red", 7], True),
    (["7.0"], "has", "7", False),
    ("b", "gt", 1, False),
    ("b", "lt", 1, False),
    ("x", "between", [1, 2], False),
]
NUMERALS = [
    ("-7", "is", -7, True),
    ("7e-1", "is", 0.7, True),
    ("7E+1", "is", 70, True),
    ("+7", "is", 7, False),
    (".5", "is", 0.5, False),
    ("5.", "is", 5, False),
    (" 7", "is", 7, False),
    ("0x7", "is", 7, False),
    ("\u0667", "is", 7, False),
    ("7\n", "is", 7, False),
]
JSON_TEXT = [
    (True, "is", "true", True),
    ("true", "is", True, True),
    (True, "is", 1, False),
    (1, "is", True, False),
    ([True], "has", "true", True),
    (70.0, "contains", "7", True),
    (70.0, "ends_with", ".0", False),
    (True, "starts_with", "tr", True),
    (42, "matches", "^4", True),
]
WRONG_TYPE = [
    (["red"], "is", "red", False),
    ({"x": 1}, "is_not", "red", True),
    (True, "gte", 0, False),
    (["red"], "contains", "red", False),
    (["red"], "not_contains", "red", True),
    ("red", "has", "red", False),
    ({"red": 1}, "has_any", ["red"], False),
    ([7], "gt", 1, False),
    ([["red"]], "has", "red", False),
]
ORDER = [
    (7, "gt", 6.9, True),
    (7, "gt", 7, False),
    ("7", "gte", 7, True),
    (7, "lt", 7, False),
    (-1, "lte", -1, True),
    (1, "between", [1, 2], True),
    (2, "between", [1, 2], True),
    (2.01, "between", [1, 2], False),
    ("1.5", "between", [1, 2], True),
]
TEXTS = [
    ("red shoes", "contains", "d s", True),
    ("red", "starts_with", "re", True),
    ("red", "starts_with", "ed", False),
    ("red", "ends_with", "ed", True),
    ("red", "contains", "RED", False),
]
PATTERNS = [
    ("a red b", "matches", "r.d", True),
    ("a red b", "matches", "^red", False),
    ("RED", "matches", "(?i)red", True),
    ("\u0663", "matches", r"\d", False),  # RE2: ASCII digits
    ("a", "not_matches", "b", True),
]
ANY_OF_A_LIST = [
    ("red shoes", "contains", ["x", "shoe"], True),
    ("red shoes", "not_contains", ["x", "shoe"], False),
    ("red", "starts_with", ["x", "r"], True),
    ("red", "ends_with", ["x", "ed"], True),
    ("a red b", "matches", ["^x", "b$"], True),
    ("a red b", "not_matches", ["^x", "b$"], False),
]
MISSING = [
    *[(gone, op, value, False) for gone in (None, "") for op, value in [("is", ""), ("contains", "a"), ("lt", 1)]],
    *[(gone, "exists", None, False) for gone in (None, "")],
    *[(gone, "not_exists", None, True) for gone in (None, "")],
    (None, "is_not", "x", True),
    (None, "not_in", ["x"], True),
    ("", "not_matches", "x", True),
    ("", "matches", "^$", False),
    (None, "not_within_last", "1d", True),
    ([None, ""], "has", "", False),
    (0, "exists", None, True),
    (False, "exists", None, True),
    ([], "exists", None, True),
]
DATES = [
    (iso(NOW), "before", "2026-11-20", False),
    (iso(NOW - 1), "before", "2026-11-20", True),
    (iso(NOW), "after", "2026-11-20", False),
    (iso(NOW + 1), "after", "2026-11-20T00:00:00Z", True),
    ("2026-11-20T01:00:00+01:00", "before", "2026-11-20", False),
    ("2026-11-20", "within_last", "1d", True),
    ("soon", "before", "2030-01-01", False),
]
NUMBERS_ARE_NO_DATES = [
    (NOW, "after", "2020-01-01", False),
    (NOW, "within_last", "1d", False),
    (NOW, "not_within_last", "1d", True),
    (20261120, "before", "2030-01-01", False),
]
WITHIN_LAST = [
    (iso(NOW), "within_last", "1d", True),
    (iso(NOW - DAY + 1), "within_last", "1d", True),
    (iso(NOW - DAY), "within_last", "1d", False),
    (iso(NOW + 1), "within_last", "1d", False),
    (iso(NOW - DAY), "not_within_last", "1d", True),
]
LISTS = [
    (["red", 7], "has", "red", True),
    (["red", "7"], "has", 7, True),
    (["red", 7], "has_all", ["red", "7.0"], True),
    (["red", 7], "has_all", ["red", "blue"], False),
    (["red", 7], "has_any", ["x", 7], True),
    ([], "has_any", ["x"], False),
]


def rows(table):
    return pytest.mark.parametrize(("field", "op", "value", "expected"), table)


@rows(AS_NUMBERS)
def test_as_numbers_where_at_least_one_side_is_a_json_number(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(AS_TEXT)
def test_else_as_text_case_sensitive(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(NUMERALS)
def test_what_a_numeral_is(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(JSON_TEXT)
def test_numbers_and_booleans_are_read_as_their_json_text(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(WRONG_TYPE)
def test_a_value_of_the_wrong_type_is_false(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(ORDER)
def test_order_of_numbers_and_numerals_ends_included(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(TEXTS)
def test_texts(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(PATTERNS)
def test_patterns_anywhere_in_the_text(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(ANY_OF_A_LIST)
def test_a_list_as_value_means_any_of_them(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(MISSING)
def test_a_missing_field(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(DATES)
def test_iso_dates_a_bare_one_is_its_midnight(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(NUMBERS_ARE_NO_DATES)
def test_numbers_are_no_dates(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(WITHIN_LAST)
def test_within_last(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@rows(LISTS)
def test_lists(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


@pytest.mark.parametrize("field", [None, "", "x", "7", 7, 7.5, True, [], {}, ["x"], [["x"]], {"a": 1}, "2026-11-20"])
@pytest.mark.parametrize("op", OPERATORS)
def test_nothing_raises(op, field):
    assert holds(op, field, OPERATORS[op], NOW) in (True, False)


def test_a_negative_operator_is_the_complement():
    pairs = [("is", "is_not"), ("contains", "not_contains"), ("matches", "not_matches")]
    for field in (None, "", "x", 7, True, [], {}, ["x"], {"a": 1}):
        for positive, negative in pairs:
            assert holds(positive, field, "x", NOW) is not holds(negative, field, "x", NOW)
        assert holds("exists", field, None, NOW) is not holds("not_exists", field, None, NOW)
        assert holds("in", field, ["x", 7], NOW) is not holds("not_in", field, ["x", 7], NOW)
        assert holds("within_last", field, "1d", NOW) is not holds("not_within_last", field, "1d", NOW)


@pytest.mark.parametrize(
    ("value", "expected"), [(7.0, "7"), (7, "7"), (0.5, "0.5"), (-1, "-1"), (True, "true"), ("x", "x")]
)
def test_text_is_the_shortest_json_text(value, expected):
    assert text(value) == expected
