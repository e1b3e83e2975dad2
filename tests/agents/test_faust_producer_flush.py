"""Faust's producer: a flush before the commit is no guarantee that the changelog is written.

`ProducerBuffer.flush` gives up after 0.1 s without progress, and a failed send is only logged (`Topic._on_published`).
So a batch is finished after its own futures, which raise.
"""

import asyncio
from pathlib import Path
from time import monotonic
from types import SimpleNamespace

import faust
import pytest
from aiokafka.errors import KafkaTimeoutError

from agents.changelog import Sent, confirmed
from agents.transport.message import make_message
from tests.agents.harness import GENERATION, SOURCE, Broker, record, worker


async def test_stock_faust_ends_its_flush_with_messages_queued() -> None:
    buffer = faust.App("t", broker="kafka://127.0.0.1:1").producer.buffer

    async def stalled(_: object) -> None:
        await asyncio.sleep(0.5)

    buffer._send_pending = stalled
    await buffer.start()
    for each in range(5):
        buffer.pending.put_nowait(each)
    began = monotonic()
    await buffer.flush()
    assert monotonic() - began < 0.4
    assert buffer.size > 0
    while buffer.size:
        buffer.pending.get_nowait()
    await buffer.stop()


async def test_a_batch_is_finished_when_the_broker_has_its_rows(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 10}), tmp_path) as made:
        made.consumer._ledgers[SOURCE].deliver(0, 9)
        records = [record(SOURCE, offset) for offset in range(10)]
        message = make_message(SOURCE, records, GENERATION, 0, made.consumer._finish)
        sent = [Sent(asyncio.get_running_loop().create_future(), 3, 3), Sent(asyncio.Future(), 2, 5)]

        async def end() -> list[int]:
            offsets = await confirmed(sent)
            message.finish()
            return offsets

        ending = asyncio.ensure_future(end())
        await asyncio.sleep(0.3)
        await made.consumer.commit()
        assert made.broker.commits == []
        for each, offset in zip(sent, (50, 53), strict=True):
            each.future.set_result(SimpleNamespace(offset=offset))
        assert await ending == [52, 54]
        await made.consumer.commit()
        assert made.broker.commits == [{SOURCE: 10}]


async def test_a_refused_batch_raises() -> None:
    future: asyncio.Future[object] = asyncio.Future()
    future.set_exception(KafkaTimeoutError())
    with pytest.raises(KafkaTimeoutError):
        await confirmed([Sent(future, 1, 1)])
