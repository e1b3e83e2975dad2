"""Segment definitions as the compacted `segments` topic keeps them: one record a segment, one for the current fill.

Owns the records; the HTTP shape of a segment is made from them in the gateway. A version that is being filled stands
beside the live one, each with a slot of its own: the number of its bit in profiles, bitmaps and lookups.
"""

from typing import Any, Literal

import msgspec

SLOT_KNOWN = 0
SLOT_ACTIVE_7D = 1
SLOT_NEW_7D = 2
FIRST_USER_SLOT = 16
FILL_KEY = "$fill"


class SegmentVersion(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One version of a segment's rule. `rule` is the JSON as posted; `made` (ms) fixes how far back "ever" reaches.

    `covers_from` = made - retention. `fill` is the fill that brings it, 0 until one is given. `series`: selector key →
    the earlier fill whose series of that selector it shares; selectors not named there are filled anew. `limit`: the
    lowest `exact_limit` that any of its series was filled under; 0: not known.

    A `static` one has no rule but a list of ids, kept with the users. It is pending until all that was put on it has
    arrived: up to `position`, None as long as the gateway is still writing.
    """

    version: int
    slot: int
    rule: dict[str, Any]
    made: int
    covers_from: int
    status: Literal["backfilling", "live", "failed"] = "backfilling"
    fill: int = 0
    series: dict[str, int] = {}
    limit: int = 0
    error: str | None = None
    static: bool = False
    position: str | None = None


class PastVersion(msgspec.Struct, kw_only=True):
    """What `GET /v1/segments/{id}/versions` tells of a version; a static one has no rule."""

    version: int
    at: int
    rule: dict[str, Any] | None


class SegmentRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """A segment. `live` answers lookups, `pending` is being filled; one of them is always there."""

    id: str
    name: str
    created: int
    updated: int
    description: str = ""
    live: SegmentVersion | None = None
    pending: SegmentVersion | None = None
    versions: list[PastVersion] = []


class FillRecord(msgspec.Struct, kw_only=True):
    """The latest fill: its number, growing by one, and the (segment id, version) it brings.

    `phase`: workers read the log, then, once all that was forwarded has arrived, judge their rows; `done`: it is over.
    Every slot below `next_slot` has been in a fill, so that workers may know it; it is never given again.
    """

    fill: int
    versions: list[tuple[str, int]]
    phase: Literal["read", "judge", "done"] = "read"
    next_slot: int = FIRST_USER_SLOT


encode = msgspec.json.Encoder().encode
decode_segment = msgspec.json.Decoder(SegmentRecord).decode
decode_fill = msgspec.json.Decoder(FillRecord).decode
