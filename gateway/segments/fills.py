"""What has to be done to bring pending versions live: begin a fill, have its rows judged, finish it, fail it.

Pure decisions. One fill at a time, by all partitions; versions that wait meanwhile make up the next. All state is in
the definitions' topic and in Redis, so that any gateway goes on where another stopped. The loop: `coordinator`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from gateway.segments.rulebook import is_readable
from gateway.segments.versions import entering_fill, failed, gone_live, high_water, newest
from schemas.segments import FillRecord, SegmentRecord
from streams.limits import DEFAULTS, Limits
from streams.sharing import filled_under, plan

State = Literal["reading", "read", "judging", "filled", "failed"]
_STATES: dict[str, State] = {
    "reading": "reading",
    "read": "read",
    "judging": "judging",
    "filled": "filled",
    "failed": "failed",
}
_READING = 0.8
"""The part of a fill's progress that reading the log makes up; judging the rows is the rest."""


@dataclass(frozen=True, slots=True)
class PartitionFill:
    """How far one partition is with one fill; `done` and `total` are records of the log, then rows."""

    fill: int
    done: int
    total: int
    state: State
    error: str = ""

    @property
    def part(self) -> float:
        """0–1; short of 1 until it is filled."""
        if self.state == "filled":
            return 1.0
        done = min(self.done / self.total, 1.0) if self.total else 0.0
        if self.state == "judging":
            return _READING + (0.99 - _READING) * done
        return _READING if self.state == "read" else _READING * done


def read_report(field: str | None) -> PartitionFill | None:
    """What a worker reports: `<fill>:<done>:<total>:<state>`, a failure's message after one more colon."""
    parts = (field or "").split(":", 4)
    if len(parts) < 4 or not all(part.isdecimal() for part in parts[:3]):
        return None
    fill, done, total = map(int, parts[:3])
    error = parts[4] if len(parts) > 4 else ""
    state = _STATES.get(parts[3])
    return PartitionFill(fill, done, total, state, error) if state else None


def reports_of(fields: Iterable[Mapping[str, str]], fill: int) -> list[PartitionFill | None]:
    """Each partition's report about this fill, None where it has not begun."""
    read = (read_report(each.get("fill")) for each in fields)
    return [report if report is not None and report.fill == fill else None for report in read]


def progress_of(reports: Sequence[PartitionFill | None]) -> float:
    """Mean over the partitions, 0–1."""
    return sum(report.part for report in reports if report) / len(reports) if reports else 0.0


def under_way(fill: FillRecord | None) -> bool:
    return fill is not None and fill.phase != "done"


def all_read(reports: Sequence[PartitionFill | None], partitions: int) -> bool:
    """Whether every partition has read its log."""
    return len(reports) == partitions and all(it and it.state in ("read", "judging", "filled") for it in reports)


def all_filled(reports: Sequence[PartitionFill | None], partitions: int) -> bool:
    return len(reports) == partitions and all(it and it.state == "filled" for it in reports)


def waiting(segments: Mapping[str, SegmentRecord], fill: FillRecord | None) -> list[SegmentRecord]:
    """Segments with a version that has yet to come into a fill."""
    in_fill = {record.id for record in brought(segments, fill)} if fill and under_way(fill) else set()
    return [
        record
        for record in segments.values()
        if record.pending
        and record.pending.status == "backfilling"
        and not record.pending.static
        and record.id not in in_fill
    ]


def beginning(
    segments: Mapping[str, SegmentRecord], last: FillRecord | None, limits: Limits = DEFAULTS
) -> tuple[list[SegmentRecord], FillRecord]:
    """Records and fill to write so that everything that waits is filled by one pass, but for series that are there.

    A rule that this version cannot read, for another one wrote it, has failed at once.
    """
    number = (last.fill if last else 0) + 1
    waiting_ones = waiting(segments, last)
    waits = [record for record in waiting_ones if is_readable(newest(record))]
    unreadable = [failed(record, "this version cannot read the rule") for record in waiting_ones if record not in waits]
    live = [record.live for record in segments.values() if record.live]
    shared = plan(live, {record.id: record.pending for record in waits if record.pending}, limits)
    records = [
        entering_fill(record, number, series, filled_under(series, live, limits))
        for record in waits
        for series in (shared[record.id],)
    ]
    versions = [(record.id, record.pending.version) for record in records if record.pending]
    return unreadable + records, FillRecord(
        fill=number, versions=versions, next_slot=high_water(segments.values(), last)
    )


def brought(segments: Mapping[str, SegmentRecord], fill: FillRecord) -> list[SegmentRecord]:
    """Segments whose pending version this fill brings: none that was edited, or deleted and made anew meanwhile."""
    return [
        record
        for id, version in fill.versions
        if (record := segments.get(id))
        and (pending := record.pending)
        and (pending.version, pending.fill, pending.status) == (version, fill.fill, "backfilling")
    ]


def judging(fill: FillRecord) -> FillRecord:
    """The fill's next phase."""
    return msgspec.structs.replace(fill, phase="judge")


def finishing(
    segments: Mapping[str, SegmentRecord], fill: FillRecord, references: Mapping[str, Iterable[str]]
) -> tuple[list[SegmentRecord], FillRecord]:
    """Records and fill to write once all partitions are filled: referred ones first."""
    ready = {record.id: record for record in brought(segments, fill)}
    ordered: dict[str, SegmentRecord] = {}

    def add(id: str) -> None:
        if id in ordered or id not in ready:
            return
        record = ready.pop(id)
        for referred in references.get(id, ()):
            add(referred)
        ordered[id] = gone_live(record)

    for id in list(ready):
        add(id)
    return list(ordered.values()), _done(fill)


def failing(
    segments: Mapping[str, SegmentRecord], fill: FillRecord, error: str
) -> tuple[list[SegmentRecord], FillRecord]:
    """Records and fill to write when a partition could not be filled."""
    return [failed(record, error) for record in brought(segments, fill)], _done(fill)


def _done(fill: FillRecord) -> FillRecord:
    return msgspec.structs.replace(fill, phase="done")
