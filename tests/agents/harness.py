"""A Faust app that never connects: its consumer reads logs that are lists, so that its faults can be looked at.

`Broker` stands for the consumer thread of both Faust's consumer and ours; the recovery, the conductor's queue, the
fetcher and the flow control are Faust's own.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import faust
from aiokafka.structs import ConsumerRecord
from faust.types.tuples import TP

from agents.transport import register

SOURCE = TP("pv", 0)
CHANGELOG = TP("rows", 0)
GENERATION = 7


def record(tp: TP, offset: int, key: bytes = b"k", value: bytes | None = b"v") -> ConsumerRecord:
    size = len(value or b"")
    return ConsumerRecord(tp.topic, tp.partition, offset, 0, 0, key, value, None, len(key), size, ())


class Broker:
    """Logs, committed offsets, and where the one consumer stands. A seek of sources takes `slow` seconds."""

    def __init__(self, ends: Mapping[TP, int], committed: Mapping[TP, int] = {}, per_fetch: int = 10) -> None:
        self.logs = {tp: [record(tp, offset) for offset in range(end)] for tp, end in ends.items()}
        self.committed: dict[TP, int] = dict(committed)
        self.positions = {tp: self.committed.get(tp, 0) for tp in ends}
        self.per_fetch = per_fetch
        self.slow = 0.05
        self.commits: list[dict[TP, int]] = []

    def assignment(self) -> set[TP]:
        return set(self.logs)

    def highwater(self, tp: TP) -> int:
        return len(self.logs[tp])

    def has_more(self, tp: TP) -> bool:
        return self.positions[tp] < self.highwater(tp)

    async def highwaters(self, *tps: TP) -> dict[TP, int]:
        return {tp: self.highwater(tp) for tp in tps}

    async def earliest_offsets(self, *tps: TP) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def getmany(self, active: set[TP] | None, timeout: float) -> dict[TP, list[ConsumerRecord]]:
        await asyncio.sleep(0.001)
        found = {}
        for tp in sorted(active or ()):
            at = self.positions[tp]
            if records := self.logs[tp][at : at + self.per_fetch]:
                found[tp] = records
                self.positions[tp] += len(records)
        if not found:
            await asyncio.sleep(0.005)
        return found

    async def seek_to_committed(self) -> dict[TP, int | None]:
        """As aiokafka has it: without a committed offset the position stays."""
        await asyncio.sleep(self.slow)
        self.positions |= {tp: offset for tp, offset in self.committed.items() if offset}
        return {tp: self.committed.get(tp) for tp in self.logs}

    async def seek_sources(self, tps: Iterable[TP]) -> dict[TP, int]:
        await asyncio.sleep(self.slow)
        self.positions |= {tp: self.committed.get(tp, 0) for tp in tps}
        return {tp: self.committed[tp] for tp in tps if tp in self.committed}

    async def seek_wait(self, offsets: Mapping[TP, int]) -> None:
        await asyncio.sleep(0.001)
        self.positions |= offsets

    async def commit(self, offsets: Mapping[TP, int]) -> bool:
        self.committed |= offsets
        self.commits.append(dict(offsets))
        return True


class Worker:
    """An app, its consumer over `broker`, and `queue`: what Faust's streams take events from."""

    def __init__(self, app: faust.App, broker: Broker) -> None:
        self.app, self.broker = app, broker
        self.consumer: Any = app.consumer
        self.consumer._thread = broker
        app.consumer_generation_id = GENERATION
        app.topics._acking_topics.add(SOURCE.topic)
        self.queue: Any = app.FlowControlQueue(maxsize=100, clear_on_resume=True)
        self.consumer.callback = self.queue.put
        self.recovery: Any = app.tables.recovery
        app.producer.flush = _nothing  # type: ignore[method-assign]

    def take(self) -> Any:
        """The next message, begun as a stream begins it; None when there is none."""
        if self.queue.empty():
            return None
        message = self.queue.get_nowait()
        message.incref()
        self.consumer._unacked_messages.add(message)
        return message

    async def taken(self, wait: float = 0.3) -> list[Any]:
        """All messages that come until nothing came for `wait` seconds."""
        messages = []
        deadline = asyncio.get_running_loop().time() + wait
        while asyncio.get_running_loop().time() < deadline:
            if (message := self.take()) is not None:
                messages.append(message)
                deadline = asyncio.get_running_loop().time() + wait
            await asyncio.sleep(0.001)
        return messages

    async def fetch(self) -> None:
        await self.app._fetcher.maybe_start()


async def _nothing(*_: Any) -> None: ...


@asynccontextmanager
async def worker(scheme: str, broker: Broker, directory: Path, **settings: Any) -> AsyncIterator[Worker]:
    """`scheme` is kafka for Faust's consumer, shoal for ours."""
    register()
    app = faust.App("t", broker=f"{scheme}://127.0.0.1:1", datadir=directory, topic_disable_leader=True, **settings)
    made = Worker(app, broker)
    try:
        yield made
    finally:
        made.consumer._stopped.set()
        await app._fetcher.stop()
