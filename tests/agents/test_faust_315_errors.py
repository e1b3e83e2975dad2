"""faust-streaming 315, 527, 189 and 604 before the fork: an event whose agent raised is acked, and so lost.

Streams ack in `finally`. Acks of streams mean nothing for batches: only the agent's `finish` counts, and an agent that
raises ends the process before it takes another event.
"""

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from agents.transport import BatchSchema
from agents.transport.message import make_message
from tests.agents.harness import GENERATION, SOURCE, Broker, Worker, record, worker


class RedisDownError(Exception):
    pass


async def _raise_in_a_stream(made: Worker, topic: Any, message: Any) -> None:
    made.app.flow_control.resume()
    event = await topic.decode(message, propagate=True)
    stream = made.app.stream(topic)
    message.incref()
    await stream.channel.put(event)

    async def agent() -> None:
        async for _ in stream.events():
            raise RedisDownError

    with pytest.raises(RedisDownError):
        await agent()
    gc.collect()  # the loop's generators end, and with them their `finally`
    await asyncio.sleep(0.05)
    await stream.stop()


async def test_stock_faust_acks_what_failed(tmp_path: Path) -> None:
    async with worker("kafka", Broker({SOURCE: 10}), tmp_path) as made:
        message = made.consumer._to_message(SOURCE, record(SOURCE, 0))
        await _raise_in_a_stream(made, made.app.topic("pv", key_serializer="raw", value_serializer="raw"), message)
        assert made.consumer._new_offset(SOURCE) == 1


async def test_a_batch_whose_agent_raised_is_not_committed(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 10}), tmp_path) as made:
        made.consumer._ledgers[SOURCE].deliver(0, 2)
        records = [record(SOURCE, offset) for offset in range(3)]
        message = make_message(SOURCE, records, GENERATION, 0, made.consumer._finish)
        await _raise_in_a_stream(made, made.app.topic("pv", schema=BatchSchema()), message)
        assert made.consumer._new_offset(SOURCE) is None
        assert list(made.consumer.unacked) == [message]


async def test_no_agent_goes_on_after_one_raised(tmp_path: Path, monkeypatch: Any) -> None:
    async with worker("shoal", Broker({SOURCE: 10}), tmp_path) as made:
        crashes = []

        async def crash(error: BaseException) -> None:
            crashes.append(error)

        monkeypatch.setattr(made.app, "crash", crash)
        made.app.flow_control.resume()
        await made.queue.put("a later batch")
        error = RedisDownError()
        agent = asyncio.ensure_future(made.consumer.on_task_error(error))
        await asyncio.sleep(0.05)
        assert crashes == [error]
        assert made.queue.empty()
        assert not made.app.flow_control.is_active()
        assert not agent.done(), "it must not be started again while the process ends"
        assert made.broker.commits == []
        agent.cancel()
