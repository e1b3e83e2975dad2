"""The events of a user that visits follow from, and the visits that follow from them.

Owns the packed timeline of a profile (18 bytes an event, ordered by event time, then arrival) and the rule of contract
section 2, "Visits". Derives visits anew from the events, so that a late event or a joined history gives what it would
have given in time. Does not know rules or conditions.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.profile import Visit

OTHER, PAGE, SCREEN = 0, 1, 2
DIRECT = 0

_ENTRY = struct.Struct("<qHq")
pack_entry = _ENTRY.pack
SIZE = _ENTRY.size

Packed = bytes | bytearray


class Entry(NamedTuple):
    """`code` is source index * 4 + kind; source 0 is direct."""

    time: int
    code: int
    arrival: int


def entries(timeline: Packed) -> Iterator[tuple[int, int, int]]:
    """(time, code, arrival) of every event, in order."""
    return _ENTRY.iter_unpack(timeline)


def place_of(timeline: Packed, entry: Entry) -> int:
    """The index at which an event belongs; sought from the end, for most late events are late by little."""
    order = (entry.time, entry.arrival)
    high = len(timeline) // SIZE
    low, step = max(0, high - 4), 8
    while low and _order(timeline, low) > order:
        high, low, step = low, max(0, low - step), 4 * step
    return bisect_right(range(high), order, low, key=lambda index: _order(timeline, index))


def insert(timeline: bytearray, place: int, entry: Entry) -> None:
    """Puts one more event into the timeline, at index `place`."""
    cut = place * SIZE
    timeline[cut:cut] = pack_entry(*entry)


def run_around(timeline: Packed, place: int, gap: int) -> tuple[int, int]:
    """The events [begin, end) around index `place` that one more event there can matter to: up to the next gaps."""
    begin = end = place
    count = len(timeline) // SIZE
    while begin > 0 and (begin == place or _time(timeline, begin) - _time(timeline, begin - 1) < gap):
        begin -= 1
    while end < count and (end == place or _time(timeline, end) - _time(timeline, end - 1) < gap):
        end += 1
    return begin, end


def last_order(timeline: Packed) -> tuple[int, int]:
    """(time, arrival) of the last event of a timeline that is not empty."""
    return _order(timeline, len(timeline) // SIZE - 1)


def _order(timeline: Packed, index: int) -> tuple[int, int]:
    time, _, arrival = _ENTRY.unpack_from(timeline, index * SIZE)
    return time, arrival


def _time(timeline: Packed, index: int) -> int:
    time: int = _ENTRY.unpack_from(timeline, index * SIZE)[0]
    return time


def begins_visit(time: int, kind: int, source: int, last_end: int, last_source: int, gap: int) -> bool:
    """Whether an event after a visit's last one, at `last_end`, begins a new visit.

    A gap of `gap` ms or more ends a visit; so does a page or screen call whose source is not direct and differs from
    the source of the visit's first page call.
    """
    return time - last_end >= gap or (kind != OTHER and source != DIRECT and last_source not in (-1, source))


def derive(timeline: Packed, gap: int) -> list[Visit]:
    """All visits of the events, oldest first."""
    visits: list[Visit] = []
    last: Visit | None = None
    for time, code, arrival in _ENTRY.iter_unpack(timeline):
        kind, source = code & 3, code >> 2
        if last is None or begins_visit(time, kind, source, last.end, last.source, gap):
            last = begin(time, arrival)
            visits.append(last)
        lengthen(last, time, kind, source, arrival)
    return visits


def begin(time: int, arrival: int) -> Visit:
    """A visit that begins with this event, before the event is in it."""
    return Visit(time, time, -1, 0, arrival, time, None, 0)


def lengthen(visit: Visit, time: int, kind: int, source: int, arrival: int) -> None:
    """Puts one more event at the end of a visit."""
    visit.end = time
    if kind == OTHER:
        return
    if not visit.pages:
        visit.head, visit.head_at = arrival, time
    visit.pages += 1
    if kind == PAGE and visit.landing is None:
        visit.source, visit.landing, visit.landing_at = source, arrival, time


def merge(ours: Packed, theirs: Packed, recode: list[int]) -> bytearray:
    """Both timelines in one; `recode[i]` is our number of their source i."""
    mine = list(_ENTRY.iter_unpack(ours))
    mine += [(time, recode[code >> 2] * 4 + (code & 3), arrival) for time, code, arrival in _ENTRY.iter_unpack(theirs)]
    mine.sort(key=lambda entry: (entry[0], entry[2]))
    return pack(mine)


def pack(entries: Iterable[tuple[int, int, int]]) -> bytearray:
    """The timeline of events that are in order."""
    return bytearray().join([pack_entry(*entry) for entry in entries])
