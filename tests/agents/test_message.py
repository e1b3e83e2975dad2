"""Fetched records cut into batches, of all partitions in turns."""

from pathlib import Path

import pytest
from faust.exceptions import ImproperlyConfigured
from faust.types.tuples import TP
from hypothesis import given
from hypothesis import strategies as st

from agents.transport import BatchSchema
from agents.transport.message import fair_batches, make_message
from tests.agents.harness import GENERATION, SOURCE, Broker, record, worker

_LOGS = st.dictionaries(
    st.integers(0, 3).map(lambda partition: TP("pv", partition)), st.lists(st.integers(0, 30), max_size=30), max_size=4
)


@given(_LOGS, st.integers(1, 7), st.integers(1, 60), st.integers(0, 9))
def test_nothing_is_missing_and_no_batch_is_too_large(
    sizes: dict[TP, list[int]], most: int, most_bytes: int, turn: int
) -> None:
    logs = {
        tp: [record(tp, offset, b"k", bytes(size)) for offset, size in enumerate(values)]
        for tp, values in sizes.items()
    }
    got: dict[TP, list[object]] = {tp: [] for tp in logs}
    for tp, batch in fair_batches(logs, most, most_bytes, turn):
        assert 1 <= len(batch) <= most
        assert len(batch) == 1 or sum(1 + len(each.value) for each in batch) <= most_bytes
        got[tp] += batch
    assert got == logs


def test_partitions_take_turns() -> None:
    a, b = TP("pv", 0), TP("pv", 1)
    logs = {a: [record(a, offset) for offset in range(6)], b: [record(b, 0)]}
    assert [tp for tp, _ in fair_batches(logs, 2, 1000, turn=0)] == [a, b, a, a]
    assert [tp for tp, _ in fair_batches(logs, 2, 1000, turn=1)] == [b, a, a, a]
    assert list(fair_batches({}, 2, 1000, turn=1)) == []


def test_a_message_stands_for_its_records() -> None:
    finished = []
    records = [record(SOURCE, offset) for offset in (4, 7, 9)]
    message = make_message(SOURCE, records, GENERATION, 3, finished.append)
    assert (message.first_offset, message.offset, message.epoch) == (4, 9, 3)
    assert (message.topic, message.partition, message.generation_id) == ("pv", 0, GENERATION)
    assert message.ack(None) is False
    message.finish()
    assert finished == [message]


async def test_topics_of_single_events_are_refused(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 1}), tmp_path) as made:
        made.app.topics.add(made.app.topic("pv", schema=BatchSchema()))
        made.app.topics.add(made.app.topic("single"))
        with pytest.raises(ImproperlyConfigured, match=r"single.*without BatchSchema"):
            await made.consumer.subscribe(["pv", "single"])
