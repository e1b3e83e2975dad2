"""faust-streaming 606: offsets are committed past an event in flight, which a crash then loses.

With nothing committed yet there is no check at all, later it is off by one. And the arithmetic itself, by hypothesis:
whatever the order of finishes, commits, late finishes and rebalances, no commit passes an unfinished batch.
"""

from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from agents.transport.ledger import Ledger
from agents.transport.message import make_message
from tests.agents.harness import GENERATION, SOURCE, Broker, record, worker


async def test_stock_faust_commits_past_events_in_flight(tmp_path: Path) -> None:
    async with worker("kafka", Broker({SOURCE: 3000}), tmp_path) as made:
        consumer = made.consumer
        consumer._acked[SOURCE], consumer._acked_index[SOURCE] = [40, 41, 42], {40, 41, 42}
        assert consumer._new_offset(SOURCE) == 43, "0 … 39 were in flight"
        consumer._committed_offset[SOURCE] = 2585
        consumer._acked[SOURCE], consumer._acked_index[SOURCE] = [2586, 2587], {2586, 2587}
        assert consumer._new_offset(SOURCE) == 2588, "2585 was in flight"


async def test_only_the_finished_prefix_is_committed(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 30}), tmp_path) as made:
        consumer = made.consumer
        messages = []
        for first in (0, 10, 20):
            records = [record(SOURCE, offset) for offset in range(first, first + 10)]
            messages.append(make_message(SOURCE, records, GENERATION, 0, consumer._finish))
            consumer._ledgers[SOURCE].deliver(first, first + 9)
        messages[1].finish()
        await consumer.commit()
        assert made.broker.commits == []
        messages[0].finish()
        await consumer.commit()
        assert made.broker.commits == [{SOURCE: 20}]
        await consumer.commit()
        messages[2].finish()
        messages[2].finish()
        await consumer.commit()
        assert made.broker.commits == [{SOURCE: 20}, {SOURCE: 30}]


def test_batches_come_in_order() -> None:
    ledger = Ledger()
    ledger.deliver(5, 9)
    with pytest.raises(ValueError, match=r"batch 9…12 after 9"):
        ledger.deliver(9, 12)


def test_a_finish_of_before_a_rebalance_does_not_count() -> None:
    """The same end may then stand for more records: these are the second half of what is delivered again."""
    ledger = Ledger()
    ledger.deliver(0, 4)
    ledger.deliver(5, 9)
    epoch = ledger.epoch
    ledger.forget()
    ledger.deliver(0, 9)
    assert not ledger.finish(9, epoch)
    assert ledger.committable() is None


class Partition(RuleBasedStateMachine):
    """One partition's life: `done` are the offsets whose effects are durable, `open` the batches handed out."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.position = self.committed = 0
        self.done: set[int] = set()
        self.open: list[tuple[int, int, int]] = []
        self.unfinished: set[tuple[int, int, int]] = set()

    @rule(size=st.integers(1, 5), gap=st.integers(0, 2))
    def deliver(self, size: int, gap: int) -> None:
        first, last = self.position + gap, self.position + gap + size - 1
        self.done.update(range(self.position, first))  # compacted away: nothing there to be done
        self.ledger.deliver(first, last)
        self.open.append((first, last, self.ledger.epoch))
        self.unfinished.add(self.open[-1])
        self.position = last + 1

    @precondition(lambda self: self.open)
    @rule(data=st.data(), again=st.booleans())
    def finish(self, data: st.DataObject, again: bool) -> None:
        first, last, epoch = batch = data.draw(st.sampled_from(self.open))
        if not again:
            self.open.remove(batch)
        self.unfinished.discard(batch)
        if self.ledger.finish(last, epoch):
            self.done.update(range(first, last + 1))

    @rule()
    def commit(self) -> None:
        if (upto := self.ledger.committable()) is not None:
            self.committed = max(self.committed, upto)
            if not any(epoch == self.ledger.epoch for *_, epoch in self.unfinished):
                assert self.committed == self.position

    @rule()
    def rebalance(self) -> None:
        self.ledger.forget()
        self.position = self.committed

    @invariant()
    def nothing_is_lost(self) -> None:
        assert set(range(self.committed)) <= self.done


TestPartition = Partition.TestCase
TestPartition.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
