"""Contract section 5, operators: one table a sentence. Each row is (field, operator, value, expected)."""

import pytest

from tests.reference.operators import holds, text
from tests.reference.times import DAY, instant, iso

NOW = instant("2026-11-20T00:00:00Z")

COMPARISON = [
    # `is` as numbers where at least one side is a JSON number and the other a number or numeral
    (7, "is", 7.0, True),
    (7, "is", "7.0", True),
    ("7.0", "is", 7, True),
    ("1e1", "is", 10, True),
    ("007", "is", 7, True),
    ("+7", "is", 7, False),
    (".5", "is", 0.5, False),
    # else as text, case-sensitive
    ("7", "is", "7.0", False),
    ("red", "is", "Red", False),
    ("red", "is", "red", True),
    # numbers and booleans are read as their JSON text
    (True, "is", "true", True),
    ("true", "is", True, True),
    (True, "is", 1, False),
    (1, "is", True, False),
    # the wrong type
    (["red"], "is", "red", False),
    ({"x": 1}, "is_not", "red", True),
    (7, "in", ["x", "7"], True),
    ("red", "in", ["Red", 7], False),
    ("red", "not_in", ["Red", 7], True),
    # numbers only
    (7, "gt", 6.9, True),
    (7, "gt", 7, False),
    ("7", "gte", 7, True),
    (7, "lt", 7, False),
    (-1, "lte", -1, True),
    ("b", "gt", 1, False),
    (True, "gte", 0, False),
    (1, "between", [1, 2], True),
    (2, "between", [1, 2], True),
    (2.01, "between", [1, 2], False),
    ("1.5", "between", [1, 2], True),
    ("x", "between", [1, 2], False),
]
TEXTS = [
    ("red shoes", "contains", "d s", True),
    ("red shoes", "contains", ["x", "shoe"], True),
    ("red shoes", "not_contains", ["x", "shoe"], False),
    ("red", "starts_with", "re", True),
    ("red", "starts_with", "ed", False),
    ("red", "ends_with", ["x", "ed"], True),
    (70.0, "contains", "7", True),
    (True, "starts_with", "tr", True),
    (["red"], "contains", "red", False),
    (["red"], "not_contains", "red", True),
    ("a red b", "matches", "r.d", True),
    ("a red b", "matches", "^red", False),
    ("a red b", "matches", ["^x", "b$"], True),
    ("RED", "matches", "(?i)red", True),
    ("٣", "matches", r"\d", False),  # RE2: ASCII digits
    (42, "matches", "^4", True),
    ("a", "not_matches", "b", True),
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
    (NOW, "after", "2020-01-01", False),
    ("soon", "before", "2030-01-01", False),
    (iso(NOW), "within_last", "1d", True),
    (iso(NOW - DAY + 1), "within_last", "1d", True),
    (iso(NOW - DAY), "within_last", "1d", False),
    (iso(NOW + 1), "within_last", "1d", False),
    (iso(NOW - DAY), "not_within_last", "1d", True),
]
LISTS = [
    (["red", 7], "has", "red", True),
    (["red", "7"], "has", 7, True),
    (["7.0"], "has", "7", False),
    ([True], "has", "true", True),
    ("red", "has", "red", False),
    (["red", 7], "has_all", ["red", "7.0"], True),
    (["red", 7], "has_all", ["red", "blue"], False),
    (["red", 7], "has_any", ["x", 7], True),
    ([], "has_any", ["x"], False),
]


@pytest.mark.parametrize(("field", "op", "value", "expected"), [*COMPARISON, *TEXTS, *MISSING, *DATES, *LISTS])
def test_operator(field, op, value, expected):
    assert holds(op, field, value, NOW) is expected


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
