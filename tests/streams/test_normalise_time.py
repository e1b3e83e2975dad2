"""Event time: corrected by the sender's clock, never over an hour ahead of receipt."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.times import HOUR, format_instant, parse_instant
from streams.normalise_time import EARLIEST, corrected, event_time

RECEIVED = 1_795_455_000_000
instants = st.integers(0, 4_000_000_000_000)


def iso(offset: int) -> str:
    return format_instant(RECEIVED + offset)


@pytest.mark.parametrize(
    ("call", "batch", "offset"),
    [
        ({}, None, 0),
        ({"timestamp": None}, None, 0),
        ({"timestamp": "yesterday"}, None, 0),
        ({"timestamp": 1_795_455_000_000}, None, 0),
        ({"timestamp": {"at": 1}}, None, 0),
        ({"timestamp": "2026-13-40T00:00:00Z"}, None, 0),
        ({"timestamp": iso(-5000)}, None, -5000),
        ({"timestamp": iso(-5000), "sentAt": iso(-1000)}, None, -4000),
        ({"timestamp": iso(-5000), "sentAt": iso(+1000)}, None, -6000),
        ({"timestamp": iso(-5000)}, RECEIVED - 2000, -3000),
        ({"timestamp": iso(-5000), "sentAt": iso(-1000)}, RECEIVED - 2000, -4000),
        ({"timestamp": iso(-5000), "sentAt": "soon"}, RECEIVED - 2000, -3000),
        ({"timestamp": iso(-5000), "sentAt": "soon"}, None, -5000),
        ({"timestamp": iso(HOUR)}, None, HOUR),
        ({"timestamp": iso(HOUR + 1)}, None, 0),
        ({"timestamp": iso(2 * HOUR), "sentAt": iso(2 * HOUR)}, None, 0),
        ({"timestamp": iso(2 * HOUR), "sentAt": iso(2 * HOUR + 7)}, None, -7),
        ({"timestamp": iso(0), "sentAt": iso(-HOUR)}, None, HOUR),
        ({"timestamp": iso(1), "sentAt": iso(-HOUR)}, None, 0),
        ({"timestamp": iso(-5000), "receivedAt": iso(-90_000)}, None, -5000),
        ({"originalTimestamp": iso(-5000), "sentAt": iso(-1000)}, None, -4000),
        ({"timestamp": iso(-5000), "originalTimestamp": iso(-7000)}, None, -5000),
        ({"sentAt": iso(-1000)}, None, 0),
    ],
)
def test_event_time(call: dict[str, object], batch: int | None, offset: int) -> None:
    assert event_time(call, RECEIVED, batch) - RECEIVED == offset


@given(instants, instants, st.integers(-(10**9), 10**9))
def test_a_wrong_clock_changes_nothing(true: int, delay: int, skew: int) -> None:
    """Sent `delay` after it happened and received at once: whatever the clock shows, the time is the true one."""
    received = true + delay
    assert corrected(true + skew, received + skew, received) == true


@given(instants, instants | st.none(), instants)
def test_never_over_an_hour_ahead_nor_out_of_the_calendar(time: int, sent_at: int | None, received: int) -> None:
    result = corrected(time, sent_at, received)
    assert EARLIEST <= result <= received + HOUR
    moved = time + (received - sent_at if sent_at is not None else 0)
    assert result == (moved if moved <= received + HOUR else received)


@given(instants, instants)
def test_texts_and_numbers_say_the_same(time: int, sent_at: int) -> None:
    call = {"timestamp": format_instant(time), "sentAt": format_instant(sent_at)}
    assert event_time(call, RECEIVED, None) == corrected(time, sent_at, RECEIVED)


def test_what_no_calendar_has_was_when_it_was_received() -> None:
    assert event_time({"timestamp": "0001-01-01", "sentAt": "9999-12-31"}, RECEIVED, None) == RECEIVED
    assert event_time({"timestamp": "0001-01-01"}, RECEIVED, None) == EARLIEST == parse_instant("0001-01-01")
