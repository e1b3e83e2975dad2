"""Instants and durations as text: ISO 8601 and `90s`, `7d`; inside, both are whole milliseconds.

Owns reading and writing them, nothing else. Source of the forms: contract, head and section 5.
"""

import re
from datetime import UTC, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}

_DURATION = re.compile(r"([0-9]{1,9})([smhdw])", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
FIRST_INSTANT, LAST_INSTANT = -62_135_596_800_000, 253_402_300_799_999
"""The instants that can be written: of the years 1 to 9999, UTC."""

_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ](?:[01][0-9]|2[0-3]):[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?(?:[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?",
    re.ASCII,
)


def parse_duration(text: object) -> int | None:
    """Milliseconds of `90s`, `15m`, `24h`, `7d`, `2w`; None for anything else."""
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    return int(found[1]) * UNITS[found[2]] if found else None


def format_duration(duration: int) -> str:
    """The shortest text that `parse_duration` reads back as this many milliseconds (a whole number of seconds)."""
    for unit in ("w", "d", "h", "m"):
        if duration and duration % UNITS[unit] == 0:
            return f"{duration // UNITS[unit]}{unit}"
    return f"{duration // SECOND}s"


def parse_instant(text: object) -> int | None:
    """Epoch milliseconds of an ISO 8601 text; a bare date is its midnight, a time without zone is UTC; else None.

    Digits beyond the millisecond are cut off, so that an instant never moves into the future.
    """
    if not isinstance(text, str) or _INSTANT.fullmatch(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(",", "."))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        instant = (moment - _EPOCH) // _MILLISECOND
        return instant if FIRST_INSTANT <= instant <= LAST_INSTANT else None
    except (ValueError, OverflowError):
        return None


def format_instant(instant: int) -> str:
    """`2026-11-23T17:30:00.123Z` of epoch milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=instant)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
