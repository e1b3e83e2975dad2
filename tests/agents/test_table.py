"""The table's stores: whose partition it is, what they are given, and what a store that fails leads to."""

from pathlib import Path
from typing import Any

import pytest

from agents.table import NotOursError
from stores.partitions import NEVER
from tests.agents.harness import CHANGELOG, Broker, record, worker
from tests.agents.test_faust_recovery import ROW, _assigned, _log, _read, _rebalance, _table


async def test_a_store_that_fails_in_recovery_ends_the_process(tmp_path: Path, monkeypatch: Any) -> None:
    broker = Broker({CHANGELOG: 0})
    _log(broker, CHANGELOG, 10)
    async with worker("shoal", broker, tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        await _rebalance(made, [CHANGELOG])

        def damaged(*_: Any) -> None:
            raise OSError("disk")

        monkeypatch.setattr(table.partition(0), "apply", damaged)
        await _read(made, CHANGELOG)
        assert made.app.crashed
        assert isinstance(made.app.crash_reason, OSError)
        table.partition(0).close()


async def test_records_that_a_store_contains_are_passed_over(tmp_path: Path) -> None:
    async with worker("shoal", Broker({CHANGELOG: 0}), tmp_path) as made:
        made.consumer._on_partitions_assigned = _assigned
        table = _table(made, tmp_path)
        with pytest.raises(NotOursError):
            table.partition(0)
        await _rebalance(made, [CHANGELOG])
        store = table.partition(0)
        store.confirm(store.stage({b"r1": NEVER + b"new"}), 5)
        old, newer = record(CHANGELOG, 4, b"r1", NEVER + b"old"), record(CHANGELOG, 6, b"r2", ROW)
        table.data.apply_records(0, [old])
        assert (store.offset, store.get(b"r1")) == (5, NEVER + b"new")
        table.data.apply_records(0, [old, newer])
        assert (store.offset, store.get(b"r1"), store.get(b"r2")) == (6, NEVER + b"new", ROW)
        store.close()
