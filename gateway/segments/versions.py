"""How a segment's record changes: made, given another rule or name, brought live, failed. Pure: record in, record out.

Owns versions and their slots. A slot is never given twice: what workers and Redis may still know of a deleted version
under its slot could otherwise be taken for the new one's.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from schemas.segments import FIRST_USER_SLOT, FillRecord, PastVersion, SegmentRecord, SegmentVersion, encode

HIGHEST_SLOT = (1 << 16) - 1
"""Slots are 16 bits wide in a lookup's value."""
LARGEST_RULE = 256 << 10
"""Bytes of JSON. A record holds three rules and what is remembered; Kafka takes a megabyte."""
MOST_PAST = 300 << 10
"""Bytes of JSON of the versions that are remembered."""


def versions_of(record: SegmentRecord) -> list[SegmentVersion]:
    """The live version and the pending one, as far as they are there."""
    return [each for each in (record.live, record.pending) if each is not None]


def newest(record: SegmentRecord) -> SegmentVersion:
    """The version that was asked for last."""
    version = record.pending or record.live
    if version is None:
        raise ValueError(f"segment {record.id} has neither a live nor a pending version")
    return version


def high_water(segments: Iterable[SegmentRecord], fill: FillRecord | None) -> int:
    """The lowest slot that is above every one in use and every one that was ever in a fill.

    The fill's record remembers the mark, since a deleted segment's record cannot. A version that never came into a
    fill is unknown to the workers, so that its slot may be given again.
    """
    mark = fill.next_slot if fill else FIRST_USER_SLOT
    return max([mark, *(each.slot + 1 for record in segments for each in versions_of(record))])


def next_slot(segments: Iterable[SegmentRecord], fill: FillRecord | None) -> int:
    """The slot for a new version. After 65,520 versions the numbers begin anew, with those that are not in use."""
    records = list(segments)
    if (mark := high_water(records, fill)) <= HIGHEST_SLOT:
        return mark
    used = {each.slot for record in records for each in versions_of(record)}
    return next(slot for slot in range(FIRST_USER_SLOT, HIGHEST_SLOT + 1) if slot not in used)


def bare(id: str, name: str, description: str, now: int) -> SegmentRecord:
    """A new segment that has yet to be given its rule."""
    return SegmentRecord(id=id, name=name, description=description, created=now, updated=now)


def with_rule(record: SegmentRecord, rule: dict[str, Any], slot: int, now: int, retention: int) -> SegmentRecord:
    """One more version, pending beside the live one; it takes the place of one that was pending before."""
    number = next_number(record)
    pending = SegmentVersion(version=number, slot=slot, rule=rule, made=now, covers_from=now - retention)
    past = remembered([*record.versions, PastVersion(version=number, at=now, rule=rule)])
    return msgspec.structs.replace(record, pending=pending, versions=past, updated=now)


def next_number(record: SegmentRecord) -> int:
    """The number of the next version."""
    return max((each.version for each in record.versions), default=0) + 1


def remembered(versions: list[PastVersion]) -> list[PastVersion]:
    """The newest versions, as many as a record of the topic has room for; the newest one always."""
    room, first = MOST_PAST, len(versions)
    while first and (room := room - len(encode(versions[first - 1]))) >= 0:
        first -= 1
    return versions[min(first, len(versions) - 1) :]


def with_text(record: SegmentRecord, name: str, description: str, now: int) -> SegmentRecord:
    """Another name or description: nothing has to be filled for it."""
    if (name, description) == (record.name, record.description):
        return record
    return msgspec.structs.replace(record, name=name, description=description, updated=now)


def entering_fill(record: SegmentRecord, fill: int, shared: dict[str, int], limit: int) -> SegmentRecord:
    """The pending version belongs to this fill, but for the series that it shares (selector key → earlier fill).

    `limit`: the lowest `exact_limit` that any of its series was filled under.
    """
    if record.pending is None:
        raise ValueError(f"segment {record.id} has nothing to fill")
    pending = msgspec.structs.replace(record.pending, fill=fill, series=shared, limit=limit)
    return msgspec.structs.replace(record, pending=pending)


def gone_live(record: SegmentRecord) -> SegmentRecord:
    """The pending version answers from now on."""
    if record.pending is None:
        raise ValueError(f"segment {record.id} has nothing that could go live")
    return msgspec.structs.replace(record, live=msgspec.structs.replace(record.pending, status="live"), pending=None)


def failed(record: SegmentRecord, error: str) -> SegmentRecord:
    """The pending version could not be filled; the live one, if any, keeps answering."""
    if record.pending is None:
        raise ValueError(f"segment {record.id} has nothing that could fail")
    pending = msgspec.structs.replace(record.pending, status="failed", error=error)
    return msgspec.structs.replace(record, pending=pending)
