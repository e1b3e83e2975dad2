"""Ids for a static list as a caller posted them, and how a static segment's record changes. Pure.

Owns the reading of `users` and `mode`. Each content of a list that takes another's place is a version with a slot of
its own, so that a list is emptied or replaced at one instant. Source: contract section 4.
"""

from typing import Any, NamedTuple

import msgspec

from gateway.errors import invalid
from gateway.segments.versions import next_number, remembered
from schemas.errors import Rejected
from schemas.segments import FIRST_USER_SLOT, FillRecord, PastVersion, SegmentRecord, SegmentVersion
from streams.normalise_ids import read_id

MOST_IDS = 100_000
"""Ids of one call; a longer list is made by several."""
MOST_MISTAKES = 100
MODES = ("append", "replace", "remove", "clear")


class Change(NamedTuple):
    mode: str
    ids: list[str]


def read_change(body: dict[str, Any]) -> Change:
    """The body of PUT `/v1/segments/{id}/users`. Raises Refused 422."""
    unknown = [(key, "unknown_key", f"no such key: {key[:80]}") for key in body.keys() - {"mode", "users"}]
    if unknown:
        raise invalid(*unknown)
    mode = body.get("mode")
    if mode not in MODES:
        raise invalid(("mode", "bad_mode", f"`mode` is one of {', '.join(MODES)}"))
    if mode == "clear":
        if body.get("users"):
            raise invalid(("users", "not_wanted", "nobody is named where everybody is taken off"))
        return Change(mode, [])
    return Change(mode, read_ids(body.get("users")))


def read_ids(users: object) -> list[str]:
    """The ids of a list, each once; numbers are taken as text. Raises Refused 422."""
    if not isinstance(users, list):
        raise invalid(("users", "not_a_list", "`users` has to be a list of ids"))
    if len(users) > MOST_IDS:
        raise invalid(("users", "too_many", f"at most {MOST_IDS:,} ids a call: append the rest"))
    ids: dict[str, None] = {}
    mistakes = []
    for index, value in enumerate(users):
        try:
            id = read_id(f"users[{index}]", value)
        except Rejected as refused:
            id = None
            mistakes.append((f"users[{index}]", refused.code, refused.message))
        else:
            if id is None:
                mistakes.append((f"users[{index}]", "bad_id", "an id has at least one character"))
        if id is not None:
            ids[id] = None
        if len(mistakes) == MOST_MISTAKES:
            break
    if mistakes:
        raise invalid(*mistakes)
    return list(ids)


def with_content(record: SegmentRecord, slot: int, now: int, live: bool) -> SegmentRecord:
    """One more content, empty as yet: pending beside the one that answers, or at once in its place."""
    number = next_number(record)
    version = SegmentVersion(version=number, slot=slot, rule={}, made=now, covers_from=now, static=True)
    past = remembered([*record.versions, PastVersion(version=number, at=now, rule=None)])
    record = msgspec.structs.replace(record, versions=past, updated=now)
    if live:
        version.status = "live"
        return msgspec.structs.replace(record, live=version, pending=None)
    return msgspec.structs.replace(record, pending=version)


def arriving_until(record: SegmentRecord, position: str) -> SegmentRecord:
    """All that was put on the pending list reaches up to there."""
    assert record.pending is not None
    return msgspec.structs.replace(record, pending=msgspec.structs.replace(record.pending, position=position))


def without_pending(record: SegmentRecord) -> SegmentRecord:
    """The content whose writing was broken off is given up."""
    return msgspec.structs.replace(record, pending=None)


def burned(fill: FillRecord | None, slot: int) -> FillRecord:
    """The slot is never given again: rows may know it for longer than the definitions do."""
    last = fill or FillRecord(fill=0, versions=[], phase="done", next_slot=FIRST_USER_SLOT)
    return msgspec.structs.replace(last, next_slot=max(last.next_slot, slot + 1))
