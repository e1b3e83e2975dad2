"""Contract, head: times are UTC, to the millisecond, ISO 8601; durations a whole number and one of s m h d w."""

import pytest

from tests.reference.times import duration, instant, iso


@pytest.mark.parametrize(
    ("text", "expected"),
    [("90s", 90_000), ("30m", 1_800_000), ("1h", 3_600_000), ("7d", 604_800_000), ("2w", 1_209_600_000)],
)
def test_durations(text, expected):
    assert duration(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-02", 86_400_000),  # a bare date is its midnight UTC
        ("1970-01-01T00:00:01.5Z", 1500),
        ("1970-01-01T00:00:00.0019Z", 1),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1969-12-31T23:00:00-0100", 0),
        ("1970-01-01T00:01", 60_000),
        ("1970-02-30", None),
        ("yesterday", None),
        ("1700000000", None),
        (1700000000, None),  # numbers are no dates
        (None, None),
        (True, None),
    ],
)
def test_instants(text, expected):
    assert instant(text) == expected


def test_iso_is_read_back():
    assert iso(1795132800123) == "2026-11-20T00:00:00.123Z"
    assert instant(iso(1795132800123)) == 1795132800123
