"""Instants and durations as text, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import FIRST_INSTANT, LAST_INSTANT, format_duration, format_instant, parse_duration, parse_instant

NOON = 1_795_435_200_000
INSTANTS = {
    "2026-11-23T12:00:00Z": NOON,
    "2026-11-23T12:00:00.000z": NOON,
    "2026-11-23t12:00": NOON,
    "2026-11-23 12:00:00": NOON,
    "2026-11-23": NOON - 12 * 3_600_000,
    "2026-11-23T21:00+09:00": NOON,
    "2026-11-23T21:00:00+0900": NOON,
    "2026-11-23T21:00:00+09": NOON,
    "2026-11-23T12:00:00.1239999Z": NOON + 123,
    "2026-11-23T12:00:00,5Z": NOON + 500,
    "0001-01-01": FIRST_INSTANT,
    "9999-12-31T23:59:59.999Z": LAST_INSTANT,
}
NO_INSTANTS = [
    "",
    "2026",
    "2026-11",
    "20261123",
    "2026-W48-1",
    "2026-02-30",
    "2026-11-23T24:00",
    "2026-11-23T12",
    "2026-11-23T12:60",
    "2026-11-23T12:00:60Z",
    "2026-11-23T12:00Z ",
    "2026-11-23T12:00Z\n",
    "2026-11-23T12:00+25:00",
    "٢٠٢٦-11-23",
    "0001-01-01T00:00+14:00",
    "9999-12-31T23:59:59.999-14:00",
    "-2026-11-23",
    NOON,
    None,
    True,
    ["2026-11-23"],
]
DURATIONS = {"90s": 90_000, "15m": 900_000, "24h": 86_400_000, "7d": 604_800_000, "2w": 1_209_600_000, "0d": 0}
NO_DURATIONS = [
    "",
    "7",
    "d",
    "7 d",
    "7D",
    "7days",
    "-7d",
    "+7d",
    "1.5d",
    "7d ",
    "7d\n",
    "٧d",
    "1" * 20 + "d",
    7,
    None,
    ["7d"],
]


@pytest.mark.parametrize("text", INSTANTS)
def test_instant(text: str) -> None:
    assert parse_instant(text) == INSTANTS[text]


@pytest.mark.parametrize("value", NO_INSTANTS)
def test_no_instant(value: object) -> None:
    assert parse_instant(value) is None


@pytest.mark.parametrize("text", DURATIONS)
def test_duration(text: str) -> None:
    assert parse_duration(text) == DURATIONS[text]


@pytest.mark.parametrize("value", NO_DURATIONS)
def test_no_duration(value: object) -> None:
    assert parse_duration(value) is None


@given(st.integers(FIRST_INSTANT, LAST_INSTANT))
def test_an_instant_written_is_read_as_the_same(instant: int) -> None:
    assert parse_instant(format_instant(instant)) == instant


@given(st.integers(0, 10**9 - 1))
def test_a_duration_written_is_read_as_the_same(seconds: int) -> None:
    assert parse_duration(format_duration(seconds * 1000)) == seconds * 1000
