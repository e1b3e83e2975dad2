"""The partition store: what is on disk is the changelog's prefix, whatever the order of staging and confirming."""

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.partitions import PartitionStore
from stores.rocks import DAMAGED, StoreDamagedError, StoreInUseError
from tests.stores.rows import Rows, row


@pytest.fixture
def store(tmp_path: Path) -> Iterator[PartitionStore]:
    made = PartitionStore(tmp_path / "p0")
    yield made
    made.close()


def reopened(store: PartitionStore) -> PartitionStore:
    store.close()
    return PartitionStore(store.path)


def test_staged_rows_are_seen_but_not_kept_until_confirmed(store: PartitionStore) -> None:
    ticket = store.stage({b"ra": row(5, b"one"), b"mx": b"meta"})
    assert store.get(b"ra") == row(5, b"one")
    assert store.offset is None
    assert store.due(100, 10) == []
    again = reopened(store)
    assert again.get(b"ra") is None
    ticket = again.stage({b"ra": row(5, b"one"), b"mx": b"meta"})
    again.confirm(ticket, 7)
    last = reopened(again)
    assert (last.get(b"ra"), last.get(b"mx"), last.offset, last.count()) == (row(5, b"one"), b"meta", 7, 1)
    assert last.due(5, 10) == [(5, b"ra")]
    last.close()


def test_a_confirmed_ticket_is_on_disk_as_it_was_though_a_later_one_is_shown(store: PartitionStore) -> None:
    first = store.stage({b"ra": row(5, b"one")})
    store.stage({b"ra": None})
    store.confirm(first, 3)
    assert store.get(b"ra") is None
    again = reopened(store)
    assert (again.get(b"ra"), again.offset) == (row(5, b"one"), 3)
    again.close()


def test_tickets_are_confirmed_in_order(store: PartitionStore) -> None:
    store.stage({b"ra": row(1)})
    second = store.stage({b"rb": row(1)})
    with pytest.raises(ValueError, match="oldest"):
        store.confirm(second, 1)


@pytest.mark.parametrize(("key", "value"), [(b"d1", b"x"), (b"o", b"x"), (b"", b"x"), (b"ra", b"1234567")])
def test_what_would_break_the_store_is_refused(store: PartitionStore, key: bytes, value: bytes) -> None:
    with pytest.raises(ValueError, match=r"no known kind|without a header"):
        store.stage({key: value})
    with pytest.raises(ValueError, match=r"no known kind|without a header"):
        store.apply([(key, value)], 1)


def test_due_is_earliest_first_and_limited(store: PartitionStore) -> None:
    store.apply([(b"r%d" % i, row(1000 - i)) for i in range(10)] + [(b"rn", row(None))], 10)
    assert store.due(995, 3) == [(991, b"r9"), (992, b"r8"), (993, b"r7")]
    assert store.due(992, 3) == [(991, b"r9"), (992, b"r8")]
    assert store.due(2**63, 100)[-1] == (1000, b"r0")
    assert store.due(990, 3) == []


def test_an_earlier_due_is_found_after_the_index_was_walked(store: PartitionStore) -> None:
    store.apply([(b"ra", row(500))], 0)
    assert store.due(400, 5) == []
    store.confirm(store.stage({b"rb": row(300)}), 1)
    assert store.due(400, 5) == [(300, b"rb")]
    store.confirm(store.stage({b"rb": row(600)}), 2)
    assert store.due(400, 5) == []
    assert store.due(600, 5) == [(500, b"ra"), (600, b"rb")]


def test_a_staged_row_is_not_reported_under_its_old_due(store: PartitionStore) -> None:
    store.apply([(b"ra", row(5)), (b"rb", row(6)), (b"rc", row(7))], 0)
    store.stage({b"ra": row(900), b"rb": None})
    assert store.due(10, 1) == [(7, b"rc")]


def test_scan_walks_rows_as_staged(store: PartitionStore) -> None:
    store.apply([(b"r%02d" % i, row(None, b"disk")) for i in range(0, 20, 2)] + [(b"ix", b"id"), (b"mx", b"m")], 0)
    store.stage({b"r03": row(1, b"new"), b"r04": None, b"r06": row(2, b"changed"), b"r99": row(3), b"iy": b"id"})
    seen: Rows = {}
    after = None
    while page := store.scan(after, 3):
        seen.update(page)
        after = page[-1][0]
    assert list(seen) == [b"r00", b"r02", b"r03", b"r06", b"r08", b"r10", b"r12", b"r14", b"r16", b"r18", b"r99"]
    assert seen[b"r06"] == row(2, b"changed")


def test_an_open_store_is_refused_and_left_alone(store: PartitionStore) -> None:
    store.confirm(store.stage({b"ra": row(1)}), 1)
    with pytest.raises(StoreInUseError):
        PartitionStore(store.path)
    assert store.get(b"ra") == row(1)


def test_closing_lets_go_at_once(store: PartitionStore) -> None:
    for _ in range(5):
        store = reopened(store)
    store.close()
    store.close()


def test_destroyed_is_gone(store: PartitionStore) -> None:
    store.destroy()
    assert not store.path.exists()


def test_a_store_that_cannot_be_opened_is_emptied_and_said_so(
    store: PartitionStore, caplog: pytest.LogCaptureFixture
) -> None:
    store.apply([(b"ra", row(1))], 4)
    store.close()
    for manifest in store.path.glob("MANIFEST-*"):
        manifest.write_bytes(b"garbage")
    again = PartitionStore(store.path)
    assert (again.offset, again.get(b"ra")) == (None, None)
    assert "recovered from its changelog" in caplog.text
    again.close()


def damage(store: PartitionStore, start: float, end: float) -> None:
    """Flips bytes in the closed store's tables, between two fractions of each."""
    store.apply([(b"r%06d" % i, row(i, os.urandom(100))) for i in range(20_000)], 9)
    store.close()
    for table in store.path.glob("*.sst"):
        data = bytearray(table.read_bytes())
        for at in range(int(len(data) * start), int(len(data) * end), 100):
            data[at] ^= 0xFF
        table.write_bytes(data)


def test_damage_found_at_the_first_read_empties_the_store(store: PartitionStore) -> None:
    damage(store, 0, 0.9)
    again = PartitionStore(store.path)
    assert (again.offset, again.count(), again.get(b"r000001")) == (None, 0, None)
    again.close()


def test_damage_found_later_empties_the_store_at_the_next_opening(store: PartitionStore) -> None:
    damage(store, 0.6, 0.8)
    again = PartitionStore(store.path)
    assert again.offset == 9
    with pytest.raises(StoreDamagedError):
        again.scan(None, 20_000)
    assert (again.path / DAMAGED).exists()
    again.close()
    last = PartitionStore(store.path)
    assert (last.offset, last.count()) == (None, 0)
    last.close()


def _write_until_killed(path: Path, ready: "multiprocessing.connection.Connection") -> None:
    store = PartitionStore(path)
    for offset in range(1_000_000):
        rows: Rows = {b"r%d" % (offset % 50): row(offset, b"x" * 4000), b"r-at": row(None, b"%d" % offset)}
        store.confirm(store.stage(rows), offset)
        if offset == 6000:
            ready.send(True)


def test_killed_it_holds_a_prefix_of_the_changelog(tmp_path: Path) -> None:
    mine, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_write_until_killed, args=(tmp_path / "p0", theirs))
    process.start()
    assert mine.poll(60)
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    store = PartitionStore(tmp_path / "p0")
    assert store.offset is not None and store.offset > 0
    at = store.offset
    assert store.get(b"r-at") == row(None, b"%d" % at)
    expected = sorted((o, b"r%d" % (o % 50)) for o in range(max(0, at - 49), at + 1))
    assert store.due(10**9, 1000) == expected
    assert store.count() == 51
    store.close()


def test_recovery_of_an_empty_store_counts_and_indexes_beyond_its_memory_of_headers(
    store: PartitionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.partitions._MOST_HEADERS", 50)
    chance = random.Random(7)
    truth: Rows = {}
    for batch in range(40):
        rows = [(b"r%d" % chance.randrange(200), row(chance.randrange(1000))) for _ in range(20)]
        rows[0] = (rows[0][0], None)
        store.apply(rows, batch)
        truth.update(rows)
        store.get(rows[1][0])
    live = {k: v for k, v in truth.items() if v is not None}
    assert dict(store.scan(None, 1000)) == live
    assert store.count() == len(live)
    assert store.due(1000, 1000) == sorted((int.from_bytes(v[:8], "big"), k) for k, v in live.items())
