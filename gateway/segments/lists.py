"""Static lists over HTTP: ids are put on one or taken off it, or another content takes its place.

Owns the order of writing. First the content's definition, so that workers know its slot; then what is said of each id,
to that id's partition; last, up to where that reaches. A content goes live when all of it has arrived, whoever sees to
it: a gateway that ends in between leaves nothing half. One gateway at a time changes a list.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gateway.clock import now
from gateway.collector.intake import Writer
from gateway.errors import Refused
from gateway.lanes import Record
from gateway.ports import Definitions, Lookups
from gateway.position import Ends, Passing, decode_position, encode_position
from gateway.segments import versions
from gateway.segments.drafts import not_found
from gateway.segments.listed import Change, arriving_until, burned, with_content, without_pending
from schemas.errors import Unavailable
from schemas.segments import SegmentRecord, SegmentVersion
from schemas.topics import Topic
from schemas.transfers import Listing, encode
from streams.partition import partition_of

PATIENCE = 10.0
"""Seconds that an answer waits for what it tells of; it comes all the same, with the position to ask after."""
LOOK = 0.02
PORTION = 5000
"""Ids that are written in one go."""


class Lists:
    """All methods but `bring_live` answer with the position that the change reaches; all may raise Unavailable."""

    def __init__(
        self,
        definitions: Definitions,
        lookups: Lookups,
        writer: Writer,
        partitions: int,
        patience: float = PATIENCE,
    ) -> None:
        self._definitions = definitions
        self._lookups = lookups
        self._writer = writer
        self._partitions = partitions
        self._patience = patience
        self._arriving: dict[tuple[str, int, str], Passing] = {}

    async def make(self, record: SegmentRecord, ids: Sequence[str]) -> SegmentVersion:
        """A new static segment, under the definitions' lock; `fill` is to follow, outside of it."""
        return await self._begin(record, live=not ids)

    async def fill(self, id: str, version: SegmentVersion, ids: Sequence[str]) -> str:
        """What is on a new list. If it cannot be written, the segment is gone again."""
        async with self._definitions.changing(id):
            try:
                ends = await self._say(id, version, ids, True)
            except BaseException:
                with suppress(Unavailable):
                    await self._definitions.delete(id)
                raise
        return await self._arrived(id, version, ends)

    async def put(self, id: str, change: Change) -> str:
        """Raises Refused 404, or 409 for a segment by rule."""
        async with self._definitions.changing(id):
            if change.mode in ("append", "remove"):
                version = await self._standing(id)
                ends = await self._say(id, version, change.ids, change.mode == "append")
            else:
                async with self._definitions.writing():
                    version = await self._begin(self._record(id), live=not change.ids)
                ends = await self._say(id, version, change.ids, True)
        return await self._arrived(id, version, ends)

    async def bring_live(self) -> bool:
        """Has contents go live all of which has arrived; whether there are some that have yet to."""
        waiting = {
            (record.id, record.pending.slot, record.pending.position)
            for record in self._definitions.segments.values()
            if record.pending and record.pending.static and record.pending.position
        }
        self._arriving = {each: self._arriving.get(each) or self._passing(each[2]) for each in waiting}
        if not waiting:
            return False
        fields = await self._lookups.fields()
        for each in [each for each, passing in self._arriving.items() if passing.passed(fields)]:
            await self._go_live(each)
        return True

    def _passing(self, position: str) -> Passing:
        return Passing(decode_position(position, self._partitions), 1)

    async def _go_live(self, arrived: tuple[str, int, str]) -> None:
        id, slot, position = arrived
        async with self._definitions.writing():
            record = self._definitions.segments.get(id)
            if record and record.pending and (record.pending.slot, record.pending.position) == (slot, position):
                await self._definitions.write([versions.gone_live(record)])

    def _record(self, id: str) -> SegmentRecord:
        record = self._definitions.segments.get(id)
        if record is None:
            raise not_found(id)
        if not versions.newest(record).static:
            raise Refused(409, "by_rule", f"who is in the segment {id} is decided by its rule")
        return record

    async def _begin(self, record: SegmentRecord, live: bool) -> SegmentVersion:
        fill = self._definitions.fill
        slot = versions.next_slot(self._definitions.segments.values(), fill)
        record = with_content(record, slot, now(), live)
        await self._definitions.write([record], burned(fill, slot))
        return versions.newest(record)

    async def _standing(self, id: str) -> SegmentVersion:
        """The content that is added to: the newest, unless its gateway ended before it was written."""
        record = self._record(id)
        if record.live and record.pending and record.pending.position is None:
            async with self._definitions.writing():
                record = without_pending(self._record(id))
                await self._definitions.write([record])
        return versions.newest(record)

    async def _say(self, id: str, version: SegmentVersion, ids: Sequence[str], on: bool) -> Ends:
        since = self._definitions.changed_at
        ends: dict[tuple[Topic, int], int] = {}
        for start in range(0, len(ids), PORTION):
            lanes: dict[tuple[Topic, int], list[Record]] = {}
            for each in ids[start : start + PORTION]:
                listing = Listing(to=each, sent=each, slot=version.slot, on=on, since=since)
                lane = (Topic.TRANSFERS, partition_of(each, self._partitions))
                lanes.setdefault(lane, []).append(Record(each.encode(), encode(listing)))
            ends |= await self._writer.write(lanes)
        if version.status != "live":
            await self._reach(id, version.slot, ends)
        return ends

    async def _reach(self, id: str, slot: int, ends: Mapping[tuple[Topic, int], int]) -> None:
        async with self._definitions.writing():
            record = self._definitions.segments.get(id)
            if record and record.pending and record.pending.slot == slot:
                before = record.pending.position
                known = decode_position(before, self._partitions) if before else {}
                reach = {lane: max(ends.get(lane, 0), known.get(lane, 0)) for lane in {*ends, *known}}
                await self._definitions.write([arriving_until(record, encode_position(reach))])

    async def _arrived(self, id: str, version: SegmentVersion, ends: Ends) -> str:
        """Returns when all of it counts, or after `patience`."""
        passing, slot = Passing(ends, 1), version.slot
        if not ends:
            return encode_position(ends)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                while not passing.passed(await self._lookups.fields()):  # noqa: ASYNC110  # it is in Redis
                    await asyncio.sleep(LOOK)
                while self._is_pending(id, slot):  # noqa: ASYNC110  # another gateway may see to it
                    await asyncio.sleep(LOOK)
        return encode_position(ends)

    def _is_pending(self, id: str, slot: int) -> bool:
        record = self._definitions.segments.get(id)
        return record is not None and record.pending is not None and record.pending.slot == slot
