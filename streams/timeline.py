"""The events of a user that visits follow from, and the visits that follow from them.

Owns the packed timeline of a profile (18 bytes an event, ordered by event time, then arrival) and the rule of contract
section 2, "Visits". Derives visits anew from the events, so that a late event or a joined history gives what it would
have given in time. Does not know rules or conditions.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from schemas.profile import Visit

OTHER, PAGE, SCREEN = 0, 1, 2
DIRECT = 0

_ENTRY = struct.Struct("<qHq")
pack_entry = _ENTRY.pack
SIZE = _ENTRY.size


class Entry(NamedTuple):
    """`code` is source index * 4 + kind; source 0 is direct."""

    time: int
    code: int
    arrival: int


def entries(timeline: bytes) -> Iterator[tuple[int, int, int]]:
    """(time, code, arrival) of every event, in order."""
    return _ENTRY.iter_unpack(timeline)


def place_of(timeline: bytes, entry: Entry) -> int:
    """The index at which an event belongs; sought from the end, for most late events are late by little."""
    order = (entry.time, entry.arrival)
    high = len(timeline) // SIZE
    low, step = max(0, high - 4), 8
    while low and _order(timeline, low) > order:
        high, low, step = low, max(0, low - step), 4 * step
    return bisect_right(range(high), order, low, key=lambda index: _order(timeline, index))


def insert(timeline: bytes, place: int, entry: Entry) -> bytes:
    """The timeline with one more event, at index `place`."""
    cut = place * SIZE
    return timeline[:cut] + pack_entry(*entry) + timeline[cut:]


def run_around(timeline: bytes, place: int, gap: int) -> tuple[int, int]:
    """The events [begin, end) around index `place` that one more event there can matter to: up to the next gaps."""
    begin = end = place
    count = len(timeline) // SIZE
    while begin > 0 and (begin == place or _time(timeline, begin) - _time(timeline, begin - 1) < gap):
        begin -= 1
    while end < count and (end == place or _time(timeline, end) - _time(timeline, end - 1) < gap):
        end += 1
    return begin, end


def last_order(timeline: bytes) -> tuple[int, int]:
    """(time, arrival) of the last event of a timeline that is not empty."""
    return _order(timeline, len(timeline) // SIZE - 1)


def _order(timeline: bytes, index: int) -> tuple[int, int]:
    time, _, arrival = _ENTRY.unpack_from(timeline, index * SIZE)
    return time, arrival


def _time(timeline: bytes, index: int) -> int:
    time: int = _ENTRY.unpack_from(timeline, index * SIZE)[0]
    return time


def begins_visit(time: int, kind: int, source: int, last_end: int, last_source: int, gap: int) -> bool:
    """Whether an event after a visit's last one, at `last_end`, begins a new visit.

    A gap of `gap` ms or more ends a visit; so does a page or screen call whose source is not direct and differs from
    the source of the visit's first page call.
    """
    return time - last_end >= gap or (kind != OTHER and source != DIRECT and last_source not in (-1, source))


def derive(timeline: bytes, gap: int) -> list[Visit]:
    """All visits of the events, oldest first."""
    visits: list[Visit] = []
    last: Visit | None = None
    for time, code, arrival in _ENTRY.iter_unpack(timeline):
        kind, source = code & 3, code >> 2
        if last is None or begins_visit(time, kind, source, last.end, last.source, gap):
            if last is not None:
                visits.append(last)
            last = Visit(time, time, -1, 0, arrival, time, None, 0)
        last = lengthen(last, time, kind, source, arrival)
    if last is not None:
        visits.append(last)
    return visits


def lengthen(visit: Visit, time: int, kind: int, source: int, arrival: int) -> Visit:
    """The visit with one more event at its end."""
    start, _, origin, pages, head, head_at, landing, landing_at = visit
    if kind != OTHER:
        if not pages:
            head, head_at = arrival, time
        pages += 1
    if kind == PAGE and landing is None:
        origin, landing, landing_at = source, arrival, time
    return Visit(start, time, origin, pages, head, head_at, landing, landing_at)


def merge(ours: bytes, theirs: bytes, recode: list[int]) -> bytes:
    """Both timelines in one; `recode[i]` is our number of their source i."""
    mine = list(_ENTRY.iter_unpack(ours))
    mine += [(time, recode[code >> 2] * 4 + (code & 3), arrival) for time, code, arrival in _ENTRY.iter_unpack(theirs)]
    mine.sort(key=lambda entry: (entry[0], entry[2]))
    return b"".join([pack_entry(*entry) for entry in mine])
