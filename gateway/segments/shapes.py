"""How a segment looks over HTTP: the record, its sizes and the progress of its fill, in one object.

Owns the shape of contract section 4 and nothing that decides. What is shown is the version asked for last; the sizes
are the live one's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.answers.overview import figures_of
from gateway.answers.sizes import Snapshot
from gateway.segments.fills import PartitionFill, progress_of, under_way
from gateway.segments.rulebook import sentence_of
from gateway.segments.versions import newest
from schemas.segments import FillRecord, SegmentRecord, SegmentVersion
from schemas.times import format_instant

Reports = tuple[FillRecord | None, Sequence[PartitionFill | None]]
"""The current fill and how far each partition is with it."""

NEARLY = 0.99
"""All is filled and the version is about to go live."""


def shown(record: SegmentRecord, snapshot: Snapshot, reports: Reports, listed: Mapping[int, int]) -> dict[str, Any]:
    """The segment's document. `listed`: slot of a static list → how many ids are on it."""
    version = newest(record)
    document = {
        "id": record.id,
        "name": record.name,
        "description": record.description,
        **_content(record, listed),
        "version": version.version,
        "status": version.status,
        "progress": progress(version, reports),
        "covers_from": format_instant(version.covers_from),
        "created": format_instant(record.created),
        "updated": format_instant(record.updated),
        **figures_of(snapshot, record.id),
        "sentence": sentence_of(version),
    }
    return {**document, "error": version.error} if version.error is not None else document


def _content(record: SegmentRecord, listed: Mapping[int, int]) -> dict[str, Any]:
    """What decides who is in it."""
    version = newest(record)
    if not version.static:
        return {"rule": version.rule}
    return {"static": True, "listed": listed.get((record.live or version).slot, 0)}


def progress(version: SegmentVersion, reports: Reports) -> float:
    """1 once live, below it before; 0 until the version's fill has begun."""
    fill, partitions = reports
    if version.status == "live":
        return 1.0
    filling = fill is not None and version.fill == fill.fill and under_way(fill)
    return round(min(progress_of(partitions), NEARLY), 4) if filling else 0.0


def past(record: SegmentRecord) -> dict[str, Any]:
    """The document of `GET /v1/segments/{id}/versions`, oldest first."""
    versions = ((it, {"static": True} if it.rule is None else {"rule": it.rule}) for it in record.versions)
    return {"versions": [{"version": it.version, "at": format_instant(it.at), **what} for it, what in versions]}
