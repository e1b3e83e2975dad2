"""Record batches of our own making: cut to size with room for the trailer, in order, without holes."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from aiokafka.producer.message_accumulator import BatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from agents.changelog import BatchProducer, RowTooLargeError, confirmed

LIMIT = 2000


class Broker:
    """In place of an AIOKafkaProducer: real batch builders, futures that the test resolves."""

    def __init__(self) -> None:
        self.batches: list[tuple[BatchBuilder, asyncio.Future[Any]]] = []
        self.end = 100
        self.at_once = True

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(LIMIT, 0)

    async def send_batch(self, builder: BatchBuilder, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        self.batches.append((builder, asyncio.get_running_loop().create_future()))
        if self.at_once:
            self.answer()
        return self.batches[-1][1]

    def answer(self) -> None:
        builder, future = self.batches[-1]
        future.set_result(type("Metadata", (), {"offset": self.end}))
        self.end += builder.record_count()


class Recording(BatchProducer):
    """Keeps what each record batch was built of."""

    def _build(self, records: Any) -> Any:
        self.built = [*getattr(self, "built", []), list(records)]
        return super()._build(records)


_ROWS = st.lists(
    st.tuples(st.binary(min_size=1, max_size=40), st.none() | st.integers(0, 1500).map(bytes)), max_size=40
)


@given(_ROWS, st.integers(0, 300))
def test_rows_are_cut_in_order_with_a_trailer_each(rows: list[tuple[bytes, bytes | None]], size: int) -> None:
    async def run() -> None:
        broker = Broker()
        producer = Recording(broker, "rows", LIMIT)  # type: ignore[arg-type]
        sent = await producer.send(0, rows, lambda _, n: [(b"meta", b"%d" % n + bytes(size % (n + 2) * 3))])
        assert len(sent) == len(broker.batches) == len(producer.built)
        assert [row for built in producer.built for row in built[:-1]] == rows
        upto = 0
        for each, built, (builder, _) in zip(sent, producer.built, broker.batches, strict=True):
            upto += len(built) - 1
            assert (each.rows, each.records) == (upto, len(built))
            assert built[-1][1].rstrip(b"\0") == b"%d" % upto
            assert builder.size() <= LIMIT
        assert (await confirmed(sent))[-1:] == [broker.end - 1][: len(sent)]

    asyncio.run(run())


async def test_no_rows_are_the_trailer_alone() -> None:
    producer = Recording(Broker(), "rows", LIMIT)  # type: ignore[arg-type]
    await producer.send(0, [], lambda _, n: [(b"meta", b"%d" % n)])
    assert producer.built == [[(b"meta", b"0")]]
    assert await producer.send(0, []) == []


async def test_a_row_over_the_limit_is_named_before_anything_is_sent() -> None:
    broker = Broker()
    producer = BatchProducer(broker, "rows", LIMIT)  # type: ignore[arg-type]
    rows = [(b"a", b"1"), (b"large", bytes(LIMIT)), (b"b", b"2")]
    with pytest.raises(RowTooLargeError, match=r"row b'large' of 2037 bytes is over the 2000"):
        await producer.send(0, rows)
    assert broker.batches == []
    with pytest.raises(RowTooLargeError, match=r"row b'full'"):
        await producer.send(0, [(b"full", bytes(LIMIT - 120))], lambda *_: [(b"meta", bytes(50))])
    assert broker.batches == []


async def test_calls_of_a_partition_keep_their_order_and_partitions_do_not_wait_for_each_other() -> None:
    broker = Broker()
    broker.at_once = False
    producer = Recording(broker, "rows", LIMIT)  # type: ignore[arg-type]
    await producer.send(0, [(b"a", b"1")])
    later = [asyncio.ensure_future(producer.send(0, [(key, b"")])) for key in (b"b", b"c")]
    await asyncio.sleep(0)
    assert len(broker.batches) == 1
    await producer.send(1, [(b"other", b"")])
    broker.batches[0][1].set_result(None)
    await asyncio.sleep(0.01)
    assert [built[0][0] for built in producer.built] == [b"a", b"other", b"b"]
    broker.answer()
    await asyncio.gather(*later)
    assert producer.built[-1][0][0] == b"c"


async def test_nothing_is_written_after_a_refused_batch() -> None:
    """Otherwise the log would have a hole, and the trailer after it would speak of rows that are not there."""
    broker = Broker()
    broker.at_once = False
    producer = BatchProducer(broker, "rows", LIMIT)  # type: ignore[arg-type]
    sent = await producer.send(0, [(b"a", b"1")])
    broker.batches[0][1].set_exception(KafkaTimeoutError())
    with pytest.raises(KafkaTimeoutError):
        await confirmed(sent)
    for _ in range(2):
        with pytest.raises(KafkaTimeoutError):
            await producer.send(0, [(b"b", b"2")])
    assert len(broker.batches) == 1
