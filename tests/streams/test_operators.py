"""Every operator, over values of every kind; and that a negative one is exactly the other's complement."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.operators import OPERATORS, positive
from schemas.rules import Value
from schemas.times import DAY, HOUR, parse_instant
from streams.operators import depends_on_time, next_change, predicate
from tests.schemas.rule_documents import JSON, VALUES

NOW = parse_instant("2026-11-23T12:00:00Z") or 0
NEVER = (None, "")
DATES = ("2026-11-20", "2026-11-23T11:59:59.999Z", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00.001Z")
HUGE = 10**400

TABLE: list[tuple[str, Any, tuple[Any, ...], tuple[Any, ...]]] = [
    # operator, its value, fields that it holds for, fields that it does not hold for
    ("is", "a", ("a",), (*NEVER, "A", " a", 7, True, ["a"], {"a": 1}, float("nan"))),
    ("is", "", (), (*NEVER, "a", 0)),
    ("is", "7", ("7", 7, 7.0), ("7.0", "07", 8, True, [7])),
    ("is", 7, ("7", "7.0", "07", "70e-1", 7, 7.0), ("7.01", " 7", "seven", True, [7], *NEVER)),
    ("is", 1, (1, "1", 1.0), (True, "true")),
    ("is", 0, (0, "0", -0.0, "-0"), (False, *NEVER)),
    ("is", True, (True, "true"), (1, "1", "True", False)),
    ("is", "true", (True, "true"), (1, False)),
    ("is", 0.1, (0.1, "0.1", "0.10", "1e-1"), ("0.11", 0.11)),
    ("is", "1e3", ("1e3", 1000, 1000.0), ("1000",)),
    ("is", 2**53 + 1, (2**53 + 1, "9007199254740993", "9007199254740993.0"), (2**53, float(2**53), str(2**53))),
    ("is", "x" * 9, ("x" * 9,), (HUGE, "1e400", float("inf"))),
    ("in", ("a", 7, "8", True), ("a", "7.0", 7, "8", 8, True, "true"), ("8.0", "b", [7], 1, *NEVER)),
    ("in", (7, "7", "7.0"), (7, "7", "7.0", "7.00"), ("8",)),
    ("contains", "7", ("a7", 7, 70, 7.5, "7"), ("a", 6, True, ["7"], {"7": 7}, *NEVER)),
    ("contains", ("tr", "x"), (True, "x", "ax"), (False, "a", ["x"])),
    ("contains", "", ("a", 5, False), (*NEVER, [], {})),
    ("contains", "é", ("café",), ("cafe", "CAFÉ")),
    ("starts_with", "/p", ("/p", "/p/1"), ("/q/p", "/P", ["/p"], *NEVER)),
    ("starts_with", ("/a", "1"), ("/a", 10, 1.5, "1x"), (0.1, "b/a")),
    ("ends_with", ".0", ("7.0",), (7.0, "7.00")),
    ("ends_with", ("e", "5"), (True, 2.5, "e"), ("f", 5.1)),
    ("matches", "^[0-9]+$", (7, 7.0, "7"), ("7.0", True, "x7", "7\n", [7], *NEVER)),
    ("matches", "b.d", ("abcde",), ("abc",)),
    ("matches", ("^a", "z$"), ("ab", "yz"), ("bz1",)),
    ("matches", "(?i)É", ("é",), ("e",)),
    ("matches", "", ("a", 0), (*NEVER, [])),
    ("exists", None, (0, False, [], {}, " ", "a", float("nan")), NEVER),
    ("gt", 7, (8, 7.5, "8", "1e3", 2**70, HUGE, "1e400"), (7, "7", "6", "abc", True, [8], float("nan"), *NEVER)),
    ("gt", 2**53, (2**53 + 1, str(2**53 + 1)), (2**53, float(2**53))),
    ("gte", 7, (7, "7.0", 8), (6.999, False, "7 ", "a")),
    ("lt", 0, (-1, "-0.5", -HUGE, "-1e400"), (0, -0.0, "", False, "a", float("nan"))),
    ("lte", 1.5, (1.5, "1.50", 1), (1.51, "two", True)),
    ("between", (1, 2.5), (1, 2.5, "1.0", "25e-1"), (0.99, 2.51, True, "a", [2], *NEVER)),
    (
        "before",
        "2026-11-23T12:00:00Z",
        DATES[:2],
        (*DATES[2:], 1_600_000_000_000, "2026", "x", True, [DATES[0]], *NEVER),
    ),
    ("after", "2026-11-23T12:00:00Z", DATES[3:], (*DATES[:3], 1_900_000_000_000, "3000-13-01", *NEVER)),
    (
        "before",
        "2026-11-23",
        ("2026-11-22T23:59:59.999Z", "2026-11-23T08:59:59+09:00"),
        ("2026-11-23", "2026-11-23T00:00Z"),
    ),
    (
        "within_last",
        DAY,
        ("2026-11-22T12:00:00.001Z", *DATES[1:3]),
        ("2026-11-22T12:00:00Z", DATES[3], NOW, str(NOW), *NEVER),
    ),
    ("has", "a", (["a"], ["b", "a"]), ("a", [], ["A"], [["a"]], [None], {"a": 1}, *NEVER)),
    ("has", 7, ([7], ["7.0"], [1, 7.0]), (7, "7", [True], [[7]], [""])),
    ("has", "", (), ([""], [None], [])),
    ("has_any", ("a", 7), (["a"], ["7"], [7.0, "z"]), ("a", 7, [], ["b", 8], *NEVER)),
    ("has_all", ("a", 7), (["a", 7], ["7", "b", "a"]), (["a"], [7], "a7", [], {"a": 7}, *NEVER)),
]


def ids(row: tuple[Any, ...]) -> str:
    return f"{row[0]}-{str(row[1])[:20]}"


@pytest.mark.parametrize(("op", "value", "holds", "fails"), TABLE, ids=[ids(row) for row in TABLE])
def test_operator(op: str, value: Any, holds: tuple[Any, ...], fails: tuple[Any, ...]) -> None:
    test = predicate(op, _read(op, value))
    assert [field for field in holds if not test(field, NOW)] == []
    assert [field for field in fails if test(field, NOW)] == []


def test_every_positive_operator_is_in_the_table() -> None:
    assert {row[0] for row in TABLE} == {name for name, row in OPERATORS.items() if row.negates is None}


def _read(op: str, value: Any) -> Value:
    operand = positive(op).operand
    written = list(value) if isinstance(value, tuple) else value
    return None if value is None else operand.read(written if op != "within_last" else f"{value // HOUR}h")


FIELDS = JSON | st.sampled_from([*DATES, HUGE, -HUGE, "1e999", "\ud800", "x" * 100_000, [[]], [{}], ["\ud800"]])
VALUED = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda op: st.tuples(st.just(op), VALUES.get(positive(op).operand.means, st.none()))
)


@settings(max_examples=500)
@given(VALUED, FIELDS)
def test_never_raises_and_a_missing_field_is_nothing(valued: tuple[str, Any], field: object) -> None:
    op, written = valued
    value = positive(op).operand.read(written) if written is not None else None
    test = predicate(op, value)
    assert test(field, NOW) in (True, False)
    complement = OPERATORS[op].negates is not None
    assert test(None, NOW) is complement
    assert test("", NOW) is complement


@settings(max_examples=500)
@given(VALUED.filter(lambda valued: OPERATORS[valued[0]].negates is not None), FIELDS)
def test_a_negative_operator_is_the_complement(valued: tuple[str, Any], field: object) -> None:
    op, written = valued
    value = positive(op).operand.read(written) if written is not None else None
    assert predicate(op, value)(field, NOW) is not predicate(positive(op).name, value)(field, NOW)


@given(st.integers(-3, 3), st.integers(-3, 3), st.sampled_from(["within_last", "not_within_last"]))
def test_next_change_is_the_first_instant_with_another_answer(before: int, after: int, op: str) -> None:
    at = NOW + before
    field = "2026-11-23T12:00:00Z"
    test, span = predicate(op, 2 + after % 2), 2 + after % 2
    answers = {instant: test(field, instant) for instant in range(at, NOW + 10)}
    expected = next((instant for instant, answer in answers.items() if answer is not answers[at]), None)
    assert next_change(op, span, field, at) == expected


def test_what_never_changes_by_time() -> None:
    assert next_change("within_last", DAY, None, NOW) is None
    assert next_change("within_last", DAY, NOW, NOW) is None
    assert next_change("is", "a", "a", NOW) is None
    assert next_change("before", "2030-01-01", "2029-01-01", NOW) is None
    assert next_change("within_last", 10**18, "2026-11-23T11:00:00Z", NOW) is None, "after the year 9999"
    assert [op for op in OPERATORS if depends_on_time(op)] == ["within_last", "not_within_last"]
