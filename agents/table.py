"""The table of profile rows as Faust sees it: a changelog topic, and one store for each partition held here.

Owns when partitions are opened (active and standby alike) and closed, and what recovery is told of them. Rows are read
and staged on the partition's own store (`stores.partitions`), never through Faust's mapping: that would write one
changelog record a key through a producer buffer whose flush is no guarantee. `agents.changelog` writes them.
"""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import faust
from faust.stores import base as faust_stores
from faust.tables.manager import TableManager
from faust.types.tuples import TP

from agents.transport.message import Records
from stores.partitions import PartitionStore

Opener = Callable[[Path], PartitionStore]


class NotOursError(KeyError):
    """The partition is not open here: it belongs to another worker."""


class PartitionedStore(faust_stores.Store):  # type: ignore[type-arg]
    """One `PartitionStore` a partition, each in the subdirectory of its number."""

    def __init__(self, table: "ProfileTable", directory: Path, opener: Opener) -> None:
        super().__init__("shoal-store:", table.app, table, table_name=table.name)
        self.data: dict[Any, Any] = {}
        self.open: dict[int, PartitionStore] = {}
        self._directory = directory
        self._opener = opener

    def persisted_offset(self, tp: TP) -> int | None:
        store = self.open.get(tp.partition)
        return None if store is None else store.offset

    def apply_records(self, partition: int, records: Records) -> None:
        """Puts changelog records into the partition's store; those that it contains already are passed over."""
        store = self.open[partition]
        contained = -1 if store.offset is None else store.offset
        fresh = [(r.key or b"", r.value) for r in records if r.offset > contained]
        if fresh:
            store.apply(fresh, records[-1].offset)

    def apply_changelog_batch(self, batch: Iterable[Any], to_key: Any, to_value: Any) -> None:
        """Faust's own way: events one by one. The transport does not take it."""
        for event in batch:
            self.apply_records(event.message.partition, [event.message])

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Closes what is held no more and opens what is new. What stays, stays open and needs no replay."""
        held = {tp.partition for tp in assigned if tp.topic == self.table.changelog_topic.get_topic_name()}
        self._close(self.open.keys() - held)
        for partition in sorted(held - self.open.keys()):
            self.open[partition] = self._opener(self._directory / str(partition))

    async def on_stop(self) -> None:
        self._close(self.open.keys())

    def reset_state(self) -> None:
        """Deletes the rows held here; they are recovered from the changelog at the next start."""
        for store in self.open.values():
            store.destroy()
        self.open.clear()

    def _clear(self) -> None:
        raise NotImplementedError("rows are deleted one by one, through the changelog")

    def _close(self, partitions: Iterable[int]) -> None:
        for partition in list(partitions):
            self.open.pop(partition).close()

    async def backup_partition(self, tp: Any, flush: bool = True, purge: bool = False, keep: int = 1) -> None:
        raise NotImplementedError("the changelog is the backup")

    def restore_backup(self, tp: Any, latest: bool = True, backup_id: int = 0) -> None:
        raise NotImplementedError("the changelog is the backup")


class ProfileTable(faust.Table):  # type: ignore[type-arg]
    """Rows of bytes by key of bytes, in partitions. Iterating it or indexing it is not for us: ask a partition."""

    data: PartitionedStore

    def __init__(self, app: faust.App, *, directory: Path, opener: Opener, **kwargs: Any) -> None:
        super().__init__(app, **kwargs)
        self._directory, self._opener = directory, opener

    def _new_store(self) -> PartitionedStore:
        return PartitionedStore(self, self._directory, self._opener)

    def partition(self, partition: int) -> PartitionStore:
        """The store of a partition that is assigned to this worker. Raises NotOursError."""
        try:
            return self.data.open[partition]
        except KeyError:
            raise NotOursError(partition) from None

    def active_partitions(self) -> list[int]:
        """Numbers of the partitions that this worker works on (not those that it only keeps a copy of)."""
        recovery = self.app.tables.recovery  # type: ignore[attr-defined]
        return sorted(tp.partition for tp in recovery.active_tps if tp.partition in self.data.open)

    async def flush(self) -> None:
        """Writes out what the stores have in memory, standbys too; other work gets a turn between two partitions."""
        for partition in list(self.data.open):
            if (store := self.data.open.get(partition)) is not None:
                store.flush()
            await asyncio.sleep(0)

    async def on_recovery_completed(self, active_tps: set[TP], standby_tps: set[TP]) -> None:
        """Faust would go on after an error in a callback, without a word."""
        try:
            await super().on_recovery_completed(active_tps, standby_tps)
        except Exception as error:
            await self.app.crash(error)

    async def on_start(self) -> None:
        """Faust would declare the changelog topic here, with its own idea of a configuration."""
        await self.add_runtime_dependency(self.data)


class Tables(TableManager):
    """Faust's, without the second that it sleeps at every start."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


def add_table(
    app: faust.App, changelog: str, partitions: int, directory: Path, opener: Opener = PartitionStore
) -> ProfileTable:
    """Declares the table of `app`; `changelog` is the topic's full name, `directory` where the partitions lie."""
    topic = app.topic(
        changelog, key_serializer="raw", value_serializer="raw", partitions=partitions, acks=False, allow_empty=True
    )
    table = ProfileTable(
        app,
        name="profiles",
        partitions=partitions,
        changelog_topic=topic,
        key_type=bytes,
        value_type=bytes,
        directory=directory,
        opener=opener,
    )
    app.tables.add(table)
    return table
