"""What a step of a partition comes to: rows to keep, views to show, transfers to send, records refused.

Owns the shape, and what a batch of the rows ends with: rows go to the changelog in batches that are each written whole
or not at all, and each batch ends with the changes of memberships that its rows brought, which are yet to be told, and
with the meta record that is true for the rows up to there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import msgspec

from schemas.changes import Change, encode_outbox, outbox_key
from schemas.profile import META_KEY, Meta, encode_part
from schemas.times import HOUR
from schemas.topics import EVENT_TOPICS, Topic
from schemas.views import View
from streams.live import KEPT_HOURS
from streams.visits import Hours

Row = tuple[bytes, bytes | None]
"""Key and value of a record of the changelog; without a value it deletes."""


@dataclass(frozen=True, slots=True)
class RowWrite:
    """One record of the changelog and the store; a value of None deletes.

    `hours`, `listed`: what the partition's sums (see `Meta`) change by with it.
    """

    key: bytes
    value: bytes | None
    hours: Hours = field(default_factory=dict)
    listed: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that does not follow its topic's schema: kept in the dead letters, stops nothing."""

    topic: Topic
    offset: int
    key: bytes | None
    value: bytes | None
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Sending:
    """A record for the transfers topic."""

    partition: int
    key: bytes
    value: bytes


@dataclass(slots=True)
class Outcome:
    """`settled`: ids whose moved profile is among the transfers; once those are confirmed, say so (`Shard.settle`).

    `applied`: events that were new, by topic; `received`: their
    times of receipt. `oversized`: ids whose row would have grown over what the broker takes, and so stayed as it was.
    `sums`, `listed`: the partition's hours, and its counts of static lists, before this step. `changes` of memberships,
    each with the number of rows up to the one that it came with; `told`: keys of changes of earlier steps that need not
    be kept any more.
    """

    meta: Meta
    now: int
    rows: list[RowWrite] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    transfers: list[Sending] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    applied: list[int] = field(default_factory=lambda: [0] * len(EVENT_TOPICS))
    oversized: list[str] = field(default_factory=list)
    sums: Hours = field(default_factory=dict)
    listed: dict[int, int] = field(default_factory=dict)
    changes: list[tuple[int, Change]] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)

    def close(self) -> None:
        """All rows are there: takes what they change into the partition's sums."""
        self.sums = {hour: counts[:] for hour, counts in self.meta.hours.items()}
        self.listed = dict(self.meta.listed)
        for row in self.rows:
            add_hours(self.meta.hours, row.hours)
            add_listed(self.meta.listed, row.listed)
        prune(self.meta.hours, self.now)

    def trailer(self, start: int, end: int) -> list[Row]:
        """What a batch of the rows from `start` to before `end` ends with."""
        ending: list[Row] = [(key, None) for key in self.told] if start == 0 else []
        if changes := self.changes_of(start, end):
            ending.append((outbox_key(changes[0].n[1]), encode_outbox(self.now, changes)))
        ending.append(self.meta_row(end))
        return ending

    def changes_of(self, start: int, end: int) -> list[Change]:
        """The changes that these rows brought."""
        return [change for count, change in self.changes if start < count <= end]

    def outbox_keys(self, ends: Iterable[int]) -> list[bytes]:
        """The keys under which the changes wait, of batches whose rows end there."""
        starts = [0, *ends]
        batches = [self.changes_of(start, end) for start, end in pairwise(starts)]
        return [outbox_key(changes[0].n[1]) for changes in batches if changes]

    def meta_row(self, count: int) -> tuple[bytes, bytes]:
        """The meta record, key and value, as of the first `count` rows."""
        if count == len(self.rows):
            return META_KEY, encode_part(self.meta)
        sums, listed = {hour: counts[:] for hour, counts in self.sums.items()}, dict(self.listed)
        for row in self.rows[:count]:
            add_hours(sums, row.hours)
            add_listed(listed, row.listed)
        prune(sums, self.now)
        return META_KEY, encode_part(msgspec.structs.replace(self.meta, hours=sums, listed=listed))


def add_hours(sums: Hours, changes: Hours) -> None:
    for hour, counts in changes.items():
        known = sums.get(hour)
        if known is None:
            sums[hour] = counts[:]
        else:
            for what, count in enumerate(counts):
                known[what] += count


def add_listed(sums: dict[int, int], changes: dict[int, int]) -> None:
    for slot, count in changes.items():
        if now := sums.get(slot, 0) + count:
            sums[slot] = now
        else:
            sums.pop(slot, None)


def prune(hours: Hours, now: int) -> None:
    """Drops the hours that the rolling counters no longer reach."""
    oldest = now // HOUR - KEPT_HOURS
    for hour in [hour for hour in hours if hour <= oldest]:
        del hours[hour]
