"""The partition store in any order of stage, confirm, apply, read and reopening, held against dictionaries."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from stores.partitions import PartitionStore
from stores.recent import RecentValues
from tests.stores.rows import Rows, row

KEYS = st.sampled_from([b"ra", b"rb", b"rc", b"rd", b"re\xff\xff", b"r", b"ia", b"ib", b"mx"])
DUES = st.one_of(st.none(), st.integers(0, 12), st.just(2**64 - 2))


@st.composite
def changes(draw: st.DrawFn) -> list[tuple[bytes, bytes | None]]:
    keys = draw(st.lists(KEYS, max_size=5))
    return [(key, draw(st.one_of(st.none(), st.builds(row, DUES, st.binary(max_size=2))))) for key in keys]


def opened(path: Path) -> PartitionStore:
    """With a cache so small that every way through it is gone."""
    store = PartitionStore(path)
    store._recent = RecentValues(500)
    return store


class Interleavings(RuleBasedStateMachine):
    """Any order of stage, confirm, apply and reopening against dicts: `disk` is the changelog's prefix."""

    @initialize()
    def begin(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="shoal-store-"))
        self.store = opened(self.directory / "p")
        self.disk: Rows = {}
        self.open: list[tuple[int, Rows]] = []
        self.offset: int | None = None

    def advance(self, rows: Rows, step: int) -> int:
        self.offset = (-1 if self.offset is None else self.offset) + step
        for key, value in rows.items():
            if value is None:
                self.disk.pop(key, None)
            else:
                self.disk[key] = value
        return self.offset

    def shown(self) -> Rows:
        shown = dict(self.disk)
        for _, rows in self.open:
            shown.update(rows)
        return shown

    @rule(rows=changes())
    def stage(self, rows: list[tuple[bytes, bytes | None]]) -> None:
        self.open.append((self.store.stage(dict(rows)), dict(rows)))

    @precondition(lambda self: self.open)
    @rule(step=st.integers(1, 3))
    def confirm(self, step: int) -> None:
        ticket, rows = self.open.pop(0)
        self.store.confirm(ticket, self.advance(rows, step))

    @rule(records=changes(), step=st.integers(1, 3))
    def apply(self, records: list[tuple[bytes, bytes | None]], step: int) -> None:
        self.store.apply(records, self.advance(dict(records), step))

    @rule(key=KEYS)
    def read(self, key: bytes) -> None:
        assert self.store.get(key) == self.shown().get(key)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = opened(self.store.path)
        self.open.clear()

    @rule(after=st.one_of(st.none(), KEYS), limit=st.integers(1, 6))
    def scan(self, after: bytes | None, limit: int) -> None:
        rows = sorted((k, v) for k, v in self.shown().items() if k[0] == ord("r") and v is not None)
        assert self.store.scan(after, limit) == [r for r in rows if after is None or r[0] > after][:limit]

    @rule(until=st.integers(0, 13), limit=st.integers(1, 6))
    def due(self, until: int, limit: int) -> None:
        staged = {key for _, rows in self.open for key in rows}
        found = self.store.due(until, limit)
        truth = sorted((int.from_bytes(v[:8], "big"), k) for k, v in self.disk.items() if v and k[0] == ord("r"))
        truth = [(due, key) for due, key in truth if due <= until]
        assert found == sorted(found)
        assert set(found) <= set(truth)
        sure = [entry for entry in truth if entry[1] not in staged]
        assert len(found) == limit or set(sure) <= set(found)
        assert not found or {e for e in sure if e < found[-1]} <= set(found)

    @invariant()
    def position(self) -> None:
        assert self.store.offset == self.offset
        assert self.store.count() == sum(key[0] == ord("r") for key in self.disk)

    def teardown(self) -> None:
        self.store.destroy()
        shutil.rmtree(self.directory)


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
