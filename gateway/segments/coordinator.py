"""The loop that brings pending versions live: begins a fill, watches the workers' reports, ends it.

Owns when; what is to be written is decided in `gateway.segments.fills`. Every gateway runs one: whatever they do is
done under the definitions' lock and decided anew in there, so that two of them do it once.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Literal

from gateway.ports import Definitions, Lookups
from gateway.segments.fills import (
    all_filled,
    all_read,
    beginning,
    failing,
    finishing,
    judging,
    reports_of,
    under_way,
    waiting,
)
from gateway.segments.lists import Lists
from gateway.segments.rulebook import references_of
from gateway.segments.settling import Settling
from gateway.segments.versions import newest, versions_of
from schemas.errors import Unavailable
from schemas.segments import FillRecord, SegmentRecord
from stores.telemetry import counter
from streams.limits import DEFAULTS, Limits

log = logging.getLogger("shoal.gateway.fills")

QUIET = 0.3
"""Seconds without a change after which a fill begins, so that segments made together are filled by one pass."""
MOST_QUIET_SPELLS = 50
"""A fill does not wait longer than so many of these, however many segments come: a hundred, one after another, take 10
seconds on the embedded broker."""
WATCH = 0.05
"""Seconds between two looks at the workers' reports: how long after the last partition a segment goes live."""
IDLE = 2.0
"""Seconds after which a gateway looks again although it was told of no change."""
AGAIN = 1.0
"""Seconds to wait when the broker or Redis is away."""


class Coordinator:
    """Runs until it is cancelled."""

    def __init__(
        self, definitions: Definitions, lookups: Lookups, lists: Lists, partitions: int, limits: Limits = DEFAULTS
    ) -> None:
        self._definitions = definitions
        self._lookups = lookups
        self._lists = lists
        self._partitions = partitions
        self._limits = limits
        self._changed = asyncio.Event()
        self._settling: tuple[int, Settling] | None = None
        self._counted = counter("shoal_fills_total")
        definitions.on_change(self._changed.set)

    async def run(self) -> None:
        while True:
            self._changed.clear()
            try:
                pause = await self.step()
            except Unavailable as away:
                log.warning("segments wait to be filled: %s", away.message)
                pause = AGAIN
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()

    async def step(self) -> float:
        """Does what is due; returns the seconds until there may be something again. Raises Unavailable."""
        arriving = await self._lists.bring_live()
        fill = self._definitions.fill
        if fill is not None and under_way(fill):
            await self._watch(fill)
            return WATCH
        if waiting(self._definitions.segments, fill):
            await self._gather()
            await self._begin()
            return WATCH
        return WATCH if arriving else IDLE

    async def _gather(self) -> None:
        """Returns once no more versions come to those that wait."""
        for _ in range(MOST_QUIET_SPELLS):
            before = self._waiting()
            await asyncio.sleep(QUIET)
            if self._waiting() == before:
                return

    def _waiting(self) -> set[tuple[str, int]]:
        records = waiting(self._definitions.segments, self._definitions.fill)
        return {(record.id, newest(record).version) for record in records}

    async def _begin(self) -> None:
        async with self._definitions.writing():
            segments, last = self._definitions.segments, self._definitions.fill
            if under_way(last) or not waiting(segments, last):
                return
            records, fill = beginning(segments, last, self._limits)
            await self._definitions.write(records, fill)
        log.info("fill %d begins: %s", fill.fill, ", ".join(id for id, _ in fill.versions))

    async def _watch(self, fill: FillRecord) -> None:
        fields = await self._lookups.fields()
        reports = reports_of(fields, fill.fill)
        if failures := [report for report in reports if report and report.state == "failed"]:
            await self._end(fill, "failed", failures[0].error or "the fill failed")
        elif fill.phase == "judge" and all_filled(reports, self._partitions):
            await self._end(fill, "live")
        elif fill.phase == "read" and all_read(reports, self._partitions) and self._settled(fill, fields):
            async with self._definitions.writing():
                if self._definitions.fill == fill:
                    await self._definitions.write([], judging(fill))

    def _settled(self, fill: FillRecord, fields: Sequence[Mapping[str, str]]) -> bool:
        """Whether all that was forwarded between partitions while they read has arrived."""
        if self._settling is None or self._settling[0] != fill.fill:
            self._settling = (fill.fill, Settling(fields))
        return self._settling[1].settled(fields)

    async def _end(self, fill: FillRecord, outcome: Literal["live", "failed"], error: str = "") -> None:
        async with self._definitions.writing():
            if self._definitions.fill != fill:
                return
            segments = self._definitions.segments
            ended = failing(segments, fill, error) if error else finishing(segments, fill, _references(segments))
            await self._definitions.write(*ended)
        self._counted.labels(outcome).inc()
        log.log(logging.ERROR if error else logging.INFO, "fill %d ended: %s %s", fill.fill, outcome, error)


def _references(segments: Mapping[str, SegmentRecord]) -> dict[str, set[str]]:
    """Segment → those that its rules refer to."""
    return {
        id: {ref for version in versions_of(record) for ref in references_of(version.rule)}
        for id, record in segments.items()
    }
