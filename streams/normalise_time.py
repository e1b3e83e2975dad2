"""When an event happened, by a clock that may be wrong: corrected by what that clock showed when it was sent.

Source: contract section 2, "Event time".
"""

from typing import Any

from schemas.times import HOUR, parse_instant

MAX_AHEAD = HOUR
"""An event further ahead of its receipt than this happened when it was received."""
EARLIEST = -62_135_596_800_000
"""The first instant that ISO 8601 can write, 0001-01-01."""


def event_time(call: dict[str, Any], received: int, batch_sent_at: int | None) -> int:
    """The call's time in ms.

    `originalTimestamp` is what RudderStack's browser SDK calls `timestamp`. An unreadable `sentAt` is as none.
    """
    time = parse_instant(call.get("timestamp"))
    if time is None:
        time = parse_instant(call.get("originalTimestamp"))
    if time is None:
        return received
    own = parse_instant(call.get("sentAt"))
    return corrected(time, batch_sent_at if own is None else own, received)


def corrected(time: int, sent_at: int | None, received: int) -> int:
    """`time` moved by `received - sent_at`; `received` for one over an hour ahead, or that no calendar has."""
    if sent_at is not None:
        time += received - sent_at
    return time if EARLIEST <= time <= received + MAX_AHEAD else received
