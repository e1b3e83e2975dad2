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


def insert(timeline: bytes, entry: Entry) -> bytes:
    """The timeline with one more event in its place."""
    count = len(timeline) // SIZE
    place = bisect_right(range(count), (entry.time, entry.arrival), key=lambda i: _order(timeline, i))
    cut = place * SIZE
    return timeline[:cut] + pack_entry(*entry) + timeline[cut:]


def last_order(timeline: bytes) -> tuple[int, int]:
    """(time, arrival) of the last event of a timeline that is not empty."""
    return _order(timeline, len(timeline) // SIZE - 1)


def _order(timeline: bytes, index: int) -> tuple[int, int]:
    time, _, arrival = _ENTRY.unpack_from(timeline, index * SIZE)
    return time, arrival


def begins_visit(time: int, kind: int, source: int, last_end: int, last_source: int, gap: int) -> bool:
    """Whether an event after a visit's last one, at `last_end`, begins a new visit.

    A gap of `gap` ms or more ends a visit; so does a page or screen call whose source is not direct and differs from
    the source of the visit's first page call.
    """
    return time - last_end >= gap or (kind != OTHER and source != DIRECT and last_source not in (-1, source))


def derive(timeline: bytes, gap: int) -> list[Visit]:
    """All visits of the events, oldest first."""
    visits: list[Visit] = []
    start = end = pages = head = 0
    source = -1
    head_kind = OTHER
    landing: int | None = None
    first = True
    for time, code, arrival in _ENTRY.iter_unpack(timeline):
        kind, origin = code & 3, code >> 2
        if first or begins_visit(time, kind, origin, end, source, gap):
            if not first:
                visits.append(Visit(start, end, source, pages, head, landing))
            first = False
            start, pages, head, head_kind, source, landing = time, 0, arrival, kind, -1, None
        elif head_kind == OTHER and kind != OTHER:
            head, head_kind = arrival, kind
        end = time
        if kind != OTHER:
            pages += 1
        if kind == PAGE and landing is None:
            source, landing = origin, arrival
    if not first:
        visits.append(Visit(start, end, source, pages, head, landing))
    return visits


def merge(ours: bytes, theirs: bytes, recode: list[int]) -> bytes:
    """Both timelines in one; `recode[i]` is our number of their source i."""
    mine = list(_ENTRY.iter_unpack(ours))
    mine += [(time, recode[code >> 2] * 4 + (code & 3), arrival) for time, code, arrival in _ENTRY.iter_unpack(theirs)]
    mine.sort(key=lambda entry: (entry[0], entry[2]))
    return b"".join([pack_entry(*entry) for entry in mine])
