"""One partition's way to the broker: what waits is sent as one batch, the next when that one is acknowledged.

Owns order and batching of a partition; what a request waits for over several partitions is a `Delivery`. One batch in
flight a partition keeps the order of records even where the broker has to be asked twice.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka.errors import KafkaError

from gateway.budget import Budget
from schemas.errors import Unavailable
from schemas.topics import Topic

log = logging.getLogger("shoal.gateway")

GivenUp = Callable[[KafkaError], None]


class Record(NamedTuple):
    """What is to be written to one partition."""

    key: bytes | None
    value: bytes


@dataclass(eq=False, slots=True)
class Delivery:
    """The records of one request. `ends`: (topic, partition) → offset after the request's last record there."""

    done: asyncio.Future[None]
    left: int = 0
    ends: dict[tuple[Topic, int], int] = field(default_factory=dict)

    def acknowledge(self, topic: Topic, partition: int, end: int) -> None:
        self.ends[topic, partition] = end
        self.left -= 1
        if not self.left and not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


@dataclass(eq=False, slots=True)
class Chunk:
    """A request's records for one partition, in order; `sent` of them are in a batch already."""

    delivery: Delivery
    records: list[Record]
    size: int
    sent: int = 0


class Lane:
    """The queue of one partition. `producer` is aiokafka's, or whatever has its create_batch and send_batch.

    `given_up` is told of each batch that aiokafka stopped trying to write.
    """

    def __init__(
        self, producer: Any, budget: Budget, given_up: GivenUp, *, topic: Topic, name: str, partition: int
    ) -> None:
        self._producer = producer
        self._budget = budget
        self._given_up = given_up
        self._topic = topic
        self._name = name
        self._partition = partition
        self._waiting: deque[Chunk] = deque()
        self._task: asyncio.Task[None] | None = None
        self.busy_since: float | None = None

    def add(self, chunk: Chunk) -> None:
        """Queues records; they go out in the order of the calls. Their bytes are the budget's until then."""
        self._waiting.append(chunk)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting:
                self.busy_since = asyncio.get_running_loop().time()
                await self._send()
        finally:
            self.busy_since = self._task = None

    async def _send(self) -> None:
        """Sends one batch of what waits, and settles the chunks whose last record is in it."""
        batch, parts = self._fill()
        if not parts:
            return
        try:
            sent = await self._producer.send_batch(batch, self._name, partition=self._partition)
            base = (await sent).offset
        except KafkaError as error:
            log.warning("%s/%d: not written: %r", self._name, self._partition, error)
            self._fail([chunk for chunk, _ in parts], Unavailable("the broker did not take the events", retry_after=2))
            self._given_up(error)
        except Exception as error:  # a bug: everybody is told, nobody waits for ever
            self._fail([*(chunk for chunk, _ in parts), *self._waiting], error)
            raise
        else:
            for chunk, end in parts:
                if chunk.sent == len(chunk.records):
                    chunk.delivery.acknowledge(self._topic, self._partition, base + end)
                    self._budget.give(chunk.size)

    def _fill(self) -> tuple[Any, list[tuple[Chunk, int]]]:
        """A full batch, and of each chunk in it the count of records up to its end. A given-up request is left out."""
        batch, count = self._producer.create_batch(), 0
        parts: list[tuple[Chunk, int]] = []
        while self._waiting:
            chunk = self._waiting[0]
            if chunk.delivery.done.done() and not chunk.sent:
                self._budget.give(self._waiting.popleft().size)
                continue
            full = False
            for record in chunk.records[chunk.sent :]:
                if batch.append(key=record.key, value=record.value, timestamp=None) is None:
                    full = True
                    break
                chunk.sent, count = chunk.sent + 1, count + 1
            if chunk.sent:
                parts.append((chunk, count))
            if full:
                break
            self._waiting.popleft()
        return batch, parts

    def _fail(self, chunks: list[Chunk], error: Exception) -> None:
        failed = dict.fromkeys(chunks)
        for chunk in failed:
            chunk.delivery.fail(error)
            self._budget.give(chunk.size)
        while self._waiting and self._waiting[0] in failed:  # one whose rest did not fit into the batch
            self._waiting.popleft()
