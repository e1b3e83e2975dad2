"""Writing to the topics: all records of a request in one go, acknowledged by every replica, or refused as a whole.

Owns the connection to the broker and what a request waits for. The records of a request are handed over with no await
between them, so that each partition has them in the order of the requests. aiokafka's idempotence stays off: one batch
a partition is in flight, so order holds without it, and a batch that had to be sent twice is told apart by messageId.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from gateway.budget import Budget
from gateway.lanes import Chunk, Delivery, Lane, Record
from gateway.position import Ends
from schemas.errors import Unavailable
from schemas.settings import Settings
from schemas.topics import Topic

log = logging.getLogger("shoal.gateway")

Lanes = Mapping[tuple[Topic, int], Sequence[Record]]

PATIENCE = 5.0
"""Seconds that a request waits for the broker; a partition whose batch waits longer takes no more meanwhile."""
GIVE_UP_MS = 10_000
"""aiokafka stops trying to write a batch after this long."""
_MENDED = (KafkaTimeoutError, KafkaError)
"""Errors that aiokafka does not try again after, but that a new connection may mend; the bare one is its own crash."""
STOP_SECONDS = 3.0
RECORD_OVERHEAD = 100
"""Bytes of memory that a waiting record takes beside its key and value."""
MAX_BATCH = 1 << 20


class Producer:
    """Writes to the topics of a namespace. `patience` in seconds."""

    def __init__(
        self,
        settings: Settings,
        budget: Budget,
        patience: float = PATIENCE,
        make: Callable[..., Any] = AIOKafkaProducer,
    ) -> None:
        self._settings = settings
        self._budget = budget
        self._patience = patience
        self._make = make
        self._lanes: dict[tuple[Topic, int], Lane] = {}
        self._kafka: Any = None
        self._connecting: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to connect and returns; until that is done, and whenever the broker is away, `write` refuses."""
        self._connecting = asyncio.create_task(self._connect())

    async def stop(self) -> None:
        """Gives what is under way a moment, then closes the connection."""
        if self._connecting is not None:
            self._connecting.cancel()
            with suppress(asyncio.CancelledError):
                await self._connecting
        if self._kafka is not None:
            kafka, self._kafka = self._kafka, None
            await _close(kafka)

    async def connected(self, seconds: float) -> bool:
        """Whether there is a connection, at the latest after this long."""
        if self._connecting is not None:
            await asyncio.wait([self._connecting], timeout=seconds)
        return self._kafka is not None

    async def write(self, lanes: Lanes) -> Ends:
        """Writes records by (topic, partition); returns the offset after the last one of each, once all are kept.

        Raises Unavailable before anything is handed over where the broker is away or too much waits, and after
        `patience` where it does not answer; then some may have been written, and the sender sends all again.
        """
        if not lanes:
            return {}
        delivery = self._hand_over(lanes)
        await asyncio.wait([delivery.done], timeout=self._patience)
        delivery.fail(Unavailable("the broker does not answer", retry_after=2))
        delivery.done.result()
        return delivery.ends

    def _hand_over(self, lanes: Lanes) -> Delivery:
        loop = asyncio.get_running_loop()
        targets = [self._lane(topic, partition) for topic, partition in lanes]
        if any(lane.busy_since is not None and loop.time() - lane.busy_since > self._patience for lane in targets):
            raise Unavailable("the broker does not answer", retry_after=2)
        delivery = Delivery(done=loop.create_future(), left=len(targets))
        chunks = [_chunk(delivery, records) for records in lanes.values()]
        self._budget.take(sum(chunk.size for chunk in chunks))
        for lane, chunk in zip(targets, chunks, strict=True):
            lane.add(chunk)
        return delivery

    def _lane(self, topic: Topic, partition: int) -> Lane:
        if self._kafka is None:
            raise Unavailable("the broker is not reachable yet", retry_after=2)
        lane = self._lanes.get((topic, partition))
        if lane is None:
            name = topic.named(self._settings.namespace)
            lane = Lane(self._kafka, self._budget, self._given_up, topic=topic, name=name, partition=partition)
            self._lanes[topic, partition] = lane
        return lane

    def _given_up(self, error: KafkaError) -> None:
        """A broker that was away for long, or an aiokafka that broke, is met with a new connection."""
        if self._kafka is not None and (error.retriable or type(error) in _MENDED):
            old, self._kafka = self._kafka, None
            self._lanes = {}
            self._connecting = asyncio.create_task(self._connect(old))

    async def _connect(self, old: Any = None) -> None:
        if old is not None:
            await _close(old)
        while self._kafka is None:
            kafka = self._make(
                bootstrap_servers=str(self._settings.kafka).split(","),
                client_id="shoal-gateway",
                acks="all",
                max_batch_size=MAX_BATCH,
                request_timeout_ms=GIVE_UP_MS,
            )
            try:
                await kafka.start()
                self._kafka = kafka
            except KafkaError as error:
                log.warning("the broker is not reachable: %r", error)
                await kafka.stop()
                await asyncio.sleep(1)


async def _close(kafka: Any) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(kafka.stop(), STOP_SECONDS)


def _chunk(delivery: Delivery, records: Sequence[Record]) -> Chunk:
    held = sum(len(record.value) + RECORD_OVERHEAD for record in records)
    return Chunk(delivery, list(records), held)
