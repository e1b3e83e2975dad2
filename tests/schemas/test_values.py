"""Readings of JSON values: as text, as number, as missing."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.values import is_missing, number_of, read_numeral, text_of
from tests.schemas.rule_documents import JSON

TEXTS: list[tuple[Any, str | None]] = [
    ("a", "a"),
    ("", None),
    (None, None),
    (True, "true"),
    (False, "false"),
    (7, "7"),
    (7.0, "7"),
    (-0.0, "0"),
    (0.1, "0.1"),
    (1e-7, "1e-7"),
    (1.5e-10, "1.5e-10"),
    (1e21, "1000000000000000000000"),
    (2**70, "1180591620717411303424"),
    (float("nan"), None),
    (float("inf"), None),
    ([], None),
    ({}, None),
]
NUMBERS: list[tuple[Any, int | float | None]] = [
    (7, 7),
    (7.5, 7.5),
    ("7", 7),
    ("007", 7),
    ("-7.50", -7.5),
    ("1e3", 1000),
    ("1E+3", 1000),
    ("25e-1", 2.5),
    ("9007199254740993", 9007199254740993),
    ("9007199254740993.0", 9007199254740993),
    ("9007199254740992e1", 90071992547409920),
    ("1e400", math.inf),
    ("-1e400", -math.inf),
    ("1e99999999999999999999", math.inf),
    ("0e99999999999999999999", 0.0),
    ("1" * 5_000, math.inf),
    ("+7", None),
    (" 7", None),
    ("7 ", None),
    ("7\n", None),
    ("7.", None),
    (".7", None),
    ("1_000", None),
    ("0x10", None),
    ("٣", None),
    ("NaN", None),
    ("Infinity", None),
    ("", None),
    (True, None),
    (None, None),
    (float("nan"), None),
    ([7], None),
]


@pytest.mark.parametrize(("value", "text"), TEXTS)
def test_text(value: Any, text: str | None) -> None:
    assert text_of(value) == text


@pytest.mark.parametrize(("value", "number"), NUMBERS)
def test_number(value: Any, number: float | None) -> None:
    assert number_of(value) == number


def test_missing_is_null_and_the_empty_text_alone() -> None:
    assert [is_missing(value) for value in (None, "", 0, False, [], {}, " ")] == [True, True] + [False] * 5


def test_a_number_of_any_length_has_a_text() -> None:
    assert text_of(10**5_000) == "1" + "0" * 5_000


@given(JSON)
def test_reading_never_raises(value: object) -> None:
    text_of(value)
    number_of(value)
    is_missing(value)


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_a_numbers_text_is_json_and_a_numeral_of_the_same_number(number: float) -> None:
    text = text_of(number)
    assert text is not None
    assert json.loads(text) == number
    assert read_numeral(text) == number
