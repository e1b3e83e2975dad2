"""Instants and durations of the contract's head: ISO 8601 text and `90s`, `7d`, as whole milliseconds."""

import re
from datetime import UTC, datetime, timedelta

SECOND = 1000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

_UNIT = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?",
    re.ASCII,
)


def duration(text):
    """`"90s"` is 90,000."""
    return int(text[:-1]) * _UNIT[text[-1]]


def instant(text):
    """Epoch milliseconds of an ISO 8601 text (a bare date: its midnight UTC); None for everything else."""
    found = _ISO.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        return None
    year, month, day, hour, minute, second, digits, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0), tzinfo=UTC
        )
    except ValueError:
        return None
    milliseconds = (moment - _EPOCH) // timedelta(milliseconds=1) + int(((digits or "") + "000")[:3])
    if zone and zone != "Z":
        away = int(zone[1:3]) * HOUR + int(zone[-2:]) * MINUTE
        milliseconds += -away if zone[0] == "+" else away
    return milliseconds


def iso(milliseconds):
    """`2026-11-23T17:30:00.123Z`."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"
