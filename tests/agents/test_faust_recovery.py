"""Faust's recovery with its memory store: slow (432, 74), repeated at each rebalance, and standbys that are useless.

Faust's own `Recovery` runs here with our table: what it is told by the store and by the consumer decides.
"""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import faust
from faust.types.tuples import TP

from agents.table import ProfileTable, add_table
from stores.partitions import NEVER, PartitionStore
from tests.agents.harness import CHANGELOG, GENERATION, Broker, Worker, record, worker

OTHER = TP(CHANGELOG.topic, 1)
ROW = NEVER + b"row"


def _table(made: Worker, directory: Path) -> ProfileTable:
    return add_table(made.app, CHANGELOG.topic, 2, directory)


def _assign(made: Worker, actives: Sequence[TP], standbys: Sequence[TP] = ()) -> None:
    assignment: dict[bool, dict[str, list[int]]] = {True: {}, False: {}}
    for tps, active in ((actives, True), (standbys, False)):
        for tp in tps:
            assignment[active].setdefault(tp.topic, []).append(tp.partition)
    made.app.assignor._assignment.actives, made.app.assignor._assignment.standbys = assignment[True], assignment[False]


async def _rebalance(made: Worker, actives: Sequence[TP], standbys: Sequence[TP] = ()) -> None:
    """As the app does it, up to the start of the recovery."""
    _assign(made, actives, standbys)
    assigned = {*actives, *standbys}
    await made.consumer.on_partitions_assigned(assigned, GENERATION)
    for table in made.app.tables.values():
        await table.on_rebalance(assigned, set(), set(), GENERATION)
    await made.recovery.on_rebalance(assigned, set(), set(), GENERATION)
    for tps, offsets, ends in (
        (made.recovery.active_tps, made.recovery.active_offsets, made.recovery.active_highwaters),
        (made.recovery.standby_tps, made.recovery.standby_offsets, made.recovery.standby_highwaters),
    ):
        await made.recovery._build_highwaters(made.consumer, tps, ends, "")
        await made.recovery._build_offsets(made.consumer, tps, offsets, "")
        await made.recovery._seek_offsets(made.consumer, tps, offsets, "")


async def _read(made: Worker, *tps: TP) -> None:
    made.consumer._set_active_tps(set(tps))
    made.app.flow_control.resume()
    made.consumer.resume_flow()
    await made.fetch()
    while any(made.broker.has_more(tp) for tp in tps):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def _log(broker: Broker, tp: TP, rows: int) -> None:
    broker.logs[tp] = [record(tp, offset, b"r%d" % offset, ROW) for offset in range(rows)]


async def _assigned(*_: Any) -> None: ...


async def test_a_fetch_is_applied_at_once(tmp_path: Path, monkeypatch: Any) -> None:
    broker = Broker({CHANGELOG: 0}, per_fetch=500)
    _log(broker, CHANGELOG, 5000)
    async with worker("shoal", broker, tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [CHANGELOG])
        assert made.recovery.active_remaining_total() == 5000
        calls = []
        store = table.partition(0)
        apply = store.apply
        monkeypatch.setattr(store, "apply", lambda rows, offset: (calls.append(len(rows)), apply(rows, offset)))
        await _read(made, CHANGELOG)
        assert calls == [500] * 10
        assert made.app.tables.changelog_queue.qsize() == 10, "Faust looks at one record a fetch"
        assert not made.recovery.need_recovery()
        assert (store.offset, store.count(), store.get(b"r4999")) == (4999, 5000, ROW)
        store.close()


async def test_the_end_of_the_log_is_what_the_fetch_says(tmp_path: Path) -> None:
    """The embedded broker's ListOffsets gives the start of the last batch; also, the log may grow meanwhile."""
    broker = Broker({CHANGELOG: 0}, per_fetch=10)
    _log(broker, CHANGELOG, 30)
    async with worker("shoal", broker, tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [CHANGELOG])
        made.recovery.active_highwaters[CHANGELOG] = 3
        await _read(made, CHANGELOG)
        assert made.recovery.active_highwaters[CHANGELOG] == 29
        assert table.partition(0).offset == 29
        table.partition(0).close()


async def test_stock_faust_replays_a_partition_that_it_has_kept(tmp_path: Path) -> None:
    async with worker("kafka", Broker({CHANGELOG: 100}), tmp_path, store="memory://") as made:
        table: Any = made.app.Table("t", changelog_topic=made.app.topic(CHANGELOG.topic, acks=False), partitions=1)
        table.data.data["k"] = "written live, its changelog record is the 99th"
        _assign(made, [CHANGELOG])
        await made.recovery.on_rebalance({CHANGELOG}, set(), set(), GENERATION)
        await made.recovery._build_highwaters(made.consumer, {CHANGELOG}, made.recovery.active_highwaters, "")
        await made.recovery._build_offsets(made.consumer, {CHANGELOG}, made.recovery.active_offsets, "")
        assert made.recovery.active_remaining_total() == 100


async def test_a_kept_partition_needs_no_replay(tmp_path: Path) -> None:
    broker = Broker({CHANGELOG: 0, OTHER: 0})
    async with worker("shoal", broker, tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [CHANGELOG, OTHER])
        store = table.partition(0)
        store.confirm(store.stage({b"r1": ROW}), 99)
        _log(broker, CHANGELOG, 100)
        await _rebalance(made, [CHANGELOG])
        assert table.partition(0) is store
        assert not made.recovery.need_recovery()
        assert list(table.data.open) == [0], "the other one is closed, another worker may open it"
        store.close()


async def test_stock_faust_throws_the_rows_of_standbys_away(tmp_path: Path) -> None:
    async with worker("kafka", Broker({CHANGELOG: 0}), tmp_path, store="memory://") as made:
        table: faust.Table[str, str] = made.app.Table("t", partitions=1)
        store: Any = table.data
        store.data["k"] = "from the standby's changelog"
        store._key_partition["k"] = 0
        await store.on_recovery_completed(set(), {TP("t", 0)})
        assert store.data == {}


async def test_a_standby_takes_over_without_a_restore(tmp_path: Path) -> None:
    broker = Broker({CHANGELOG: 0}, per_fetch=50)
    _log(broker, CHANGELOG, 100)
    async with worker("shoal", broker, tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [], standbys=[CHANGELOG])
        await _read(made, CHANGELOG)
        await table.on_recovery_completed(set(), {CHANGELOG})
        assert made.recovery.standby_remaining_total() == 0
        assert (table.partition(0).count(), table.active_partitions()) == (100, [])
        made.consumer.stop_flow()
        await _rebalance(made, [CHANGELOG])
        assert not made.recovery.need_recovery()
        assert (table.partition(0).count(), table.active_partitions()) == (100, [0])
        table.partition(0).close()


async def test_standby_rows_fetched_while_the_sources_are_sought_are_kept(tmp_path: Path) -> None:
    """Recovery starts the standbys before it seeks the sources: voiding all fetches then would make a gap."""
    broker = Broker({CHANGELOG: 0}, per_fetch=5)
    _log(broker, CHANGELOG, 400)
    async with worker("shoal", broker, tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [], standbys=[CHANGELOG])
        reading = asyncio.ensure_future(_read(made, CHANGELOG))
        while not reading.done():
            await made.consumer.perform_seek()
        assert table.partition(0).count() == 400
        table.partition(0).close()


async def test_records_of_before_a_seek_do_not_count(tmp_path: Path) -> None:
    async with worker("shoal", Broker({CHANGELOG: 0}), tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [CHANGELOG])
        stamp = made.consumer.fence._clock
        await made.consumer.seek_wait({CHANGELOG: 0})
        await made.consumer._drain({CHANGELOG: [record(CHANGELOG, 5, b"rx", ROW)]}, stamp)
        assert table.partition(0).offset is None
        table.partition(0).close()


async def test_an_error_in_a_callback_of_recovery_ends_the_process(tmp_path: Path, monkeypatch: Any) -> None:
    """Faust would go on as if it had been called."""
    async with worker("shoal", Broker({CHANGELOG: 0}), tmp_path) as made:
        crashes = []

        async def crash(error: BaseException) -> None:
            crashes.append(error)

        monkeypatch.setattr(made.app, "crash", crash)
        table = _table(made, tmp_path)

        @table.on_recover
        async def rebuild() -> None:
            raise LookupError

        await table.on_recovery_completed(set(), set())
        assert [type(error) for error in crashes] == [LookupError]


async def test_what_is_held_is_written_out_when_asked(tmp_path: Path) -> None:
    """Standbys too: a crash afterwards needs only what the changelog got since."""
    async with worker("shoal", Broker({CHANGELOG: 0, OTHER: 0}), tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [CHANGELOG], [OTHER])
        for store in table.data.open.values():
            store.confirm(store.stage({b"r1": ROW}), 99)
        await table.flush()
        for partition, store in table.data.open.items():
            left = tmp_path / "crashed" / str(partition)
            shutil.copytree(tmp_path / str(partition), left, ignore=shutil.ignore_patterns("LOCK"))
            reopened = PartitionStore(left)
            assert reopened.offset == 99
            reopened.close()
            store.close()
