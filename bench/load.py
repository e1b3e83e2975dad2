"""Writing records straight to the topics, in whole batches, as fast as the broker takes them or at a pace.

Owns batching and pacing. Far quicker than one by one, so that the load takes little of the core it shares.
"""

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka import AIOKafkaProducer

from bench.data import Record
from schemas.settings import Settings
from streams.partition import partition_of

_BATCH = 256 * 1024
TICK = 0.01
"""Seconds from one write to the next when paced."""


class Loader:
    """An aiokafka producer with a batch being filled for every partition."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._producer: Any = None
        self._open: dict[tuple[str, int], Any] = {}
        self._sent: set[asyncio.Future[Any]] = set()

    async def __aenter__(self) -> "Loader":
        self._producer = AIOKafkaProducer(bootstrap_servers=self._settings.kafka, acks="all", max_batch_size=_BATCH)
        await self._producer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, records: Iterable[Record]) -> int:
        """Writes all and returns their number once they are acknowledged."""
        count = 0
        for topic, id, value in records:
            at = (topic.named(self._settings.namespace), partition_of(id, self._settings.partitions))
            while not self._append(at, id.encode(), value):
                await self._close(at)
            count += 1
        for at in tuple(self._open):
            await self._close(at)
        for future in self._sent:
            await future
        self._sent.clear()
        return count

    def _append(self, at: tuple[str, int], key: bytes, value: bytes) -> bool:
        if at not in self._open:
            self._open[at] = self._producer.create_batch()
        return self._open[at].append(key=key, value=value, timestamp=None) is not None

    async def _close(self, at: tuple[str, int]) -> None:
        batch = self._open.pop(at)
        batch.close()
        self._sent.add(await self._producer.send_batch(batch, at[0], partition=at[1]))

    async def pace(self, records: Iterator[Record], rate: float, stop: asyncio.Event) -> float:
        """Writes `rate` a second until `stop`; returns the rate that was reached."""
        begun = time.perf_counter()
        sent = 0
        while not stop.is_set():
            due = int((time.perf_counter() - begun) * rate) - sent
            if due > 0:
                sent += await self.send(next(records) for _ in range(due))
            await asyncio.sleep(TICK)
        return sent / (time.perf_counter() - begun)


def write(settings: Settings, *sources: Iterable[Record]) -> int:
    """Writes all records of the sources, one source after the other."""

    async def run() -> int:
        async with Loader(settings) as loader:
            return sum([await loader.send(source) for source in sources])

    return asyncio.run(run())
