"""Writing a few records to one partition of a topic, in one batch, acknowledged: for what is rare and must be right.

Owns the connection to the broker, made when first needed. What goes in a thousand times a second has its own producers.
"""

import asyncio
from collections.abc import Sequence

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.producer.message_accumulator import BatchBuilder

from schemas.errors import Unavailable

PATIENCE = 5.0
"""Seconds that a write may take."""

MAX_BATCH = 900_000
"""Bytes; Kafka refuses a batch of more than a mebibyte unless it is told otherwise."""


class Appender:
    """Appends to partition 0 of `topic`."""

    def __init__(self, kafka: str, topic: str) -> None:
        self._kafka = kafka
        self._topic = topic
        self._made: AIOKafkaProducer | None = None
        self._turn = asyncio.Lock()
        self._making = asyncio.Lock()

    async def append(self, records: Sequence[tuple[bytes, bytes | None]]) -> int:
        """Writes the records in their order, as one batch if they fit in one; gives the offset of the last.

        Raises Unavailable when the broker is away or does not answer; they may have been written all the same.
        """
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                return await self._append(records)
        except (KafkaError, TimeoutError) as error:
            raise Unavailable(f"the broker does not answer: {error!r}") from error

    async def reachable(self) -> bool:
        """Whether the broker answers, within a second."""
        try:
            async with asyncio.timeout(1):
                await (await self._producer()).client.fetch_all_metadata()
        except (KafkaError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        if self._made is not None:
            await self._made.stop()

    async def _append(self, records: Sequence[tuple[bytes, bytes | None]]) -> int:
        producer = await self._producer()
        batch = producer.create_batch()
        for key, value in records:
            if batch.append(key=key, value=value, timestamp=None) is None:
                await self._send(producer, batch)
                batch = producer.create_batch()
                if batch.append(key=key, value=value, timestamp=None) is None:
                    raise ValueError(f"a record of {len(value or b'')} bytes is too large")
        return await self._send(producer, batch)

    async def _send(self, producer: AIOKafkaProducer, batch: BatchBuilder) -> int:
        batch.close()
        count: int = batch.record_count()
        written = await producer.send_batch(batch, self._topic, partition=0)
        first: int = (await written).offset
        return first + count - 1

    async def _producer(self) -> AIOKafkaProducer:
        async with self._making:
            if self._made is None:
                self._made = await self._connected()
            return self._made

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka.split(","),
            acks="all",
            max_batch_size=MAX_BATCH,
            max_request_size=2 * MAX_BATCH,
            request_timeout_ms=int(PATIENCE * 1000),
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer
