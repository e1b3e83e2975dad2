"""The thread that owns the aiokafka consumer: its settings, its seeks, and where a log really ends.

Owns what differs from Faust's thread: the fetch wait, the seek of partitions that were never committed, and end offsets
that are right on the embedded broker too. Which records count is in `fence`.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import aiokafka
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread
from faust.types.tuples import TP
from mode.threads import WorkerThread

FETCH_MAX_WAIT_MS = 50
"""Faust has 1,500 fixed. The embedded broker holds a fetch for all of it: half a second of latency (measured)."""


class _Daemon(WorkerThread):
    """A thread that does not keep a process from ending, as leaving a group does when the broker is away."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.daemon = True

    def stop(self) -> None:
        """Called on the main thread, which stands still meanwhile: Faust waits without end."""
        self.is_stopped.wait(timeout=1.0)


def _as_it_is(_: Any, record: Any) -> Any:
    return record


class BatchConsumerThread(AIOKafkaConsumerThread):
    """Faust's thread with four faults less, and a copy."""

    Worker = _Daemon

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        return consumer

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: Any,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        """Records as they were read: aiokafka copies each into a frozen dataclass, which takes 3 µs."""
        for fetched in consumer._fetcher._records.values():
            if isinstance(fetched, FetchResult) and fetched.has_more():
                fetched._partition_records._consumer_record = _as_it_is
        return await super()._fetch_records(consumer, active_partitions, timeout, max_records)

    async def seek_sources(self, partitions: Iterable[TP]) -> Mapping[TP, int]:
        """Seeks to the committed offsets, to the beginning where there is none; returns those that there are.

        Faust leaves a partition that has none where it is: what was fetched of it before the seek is then lost.
        """
        committed: Mapping[TP, int] = await self.call_thread(self._seek_sources, list(partitions))
        return committed

    async def _seek_sources(self, partitions: list[TP]) -> Mapping[TP, int]:
        consumer = self._ensure_consumer()
        committed = {}
        for tp in partitions:
            kafka_tp = TopicPartition(tp.topic, tp.partition)
            offset = await consumer.committed(kafka_tp)
            if offset is None or offset < 0:
                await consumer.seek_to_beginning(kafka_tp)
            else:
                consumer.seek(kafka_tp, offset)
                committed[tp] = offset
        return committed

    def has_more(self, tp: TP) -> bool:
        """Whether the log of an assigned partition goes on after what was fetched for delivery."""
        state = self._state(tp)
        return state is not None and bool(state.position < state.highwater)

    def end(self, tp: TP) -> int | None:
        """Where the log of an assigned partition ended at the last fetch; None before the first."""
        state = self._state(tp)
        return None if state is None else int(state.highwater)

    def _state(self, tp: TP) -> Any:
        assignment = self._ensure_consumer()._subscription.subscription.assignment
        state = assignment.state_value(TopicPartition(tp.topic, tp.partition))
        return state if state is not None and state.has_valid_position and state.highwater is not None else None

    async def _highwaters(self, partitions: Iterable[TP]) -> Mapping[TP, int]:
        """The ends of the logs, as the broker says beside fetched records too.

        The embedded broker's ListOffsets gives the start of the last batch, so that recovery would miss that batch;
        aiokafka fetches every assigned partition from the start on, so the truth is there within a moment.
        """
        consumer = self._ensure_consumer()
        ends = await consumer.end_offsets(list(partitions))
        found = {}
        async with asyncio.timeout(self.app.conf.broker_request_timeout):
            for tp in partitions:
                while (fetched := consumer.highwater(TopicPartition(tp.topic, tp.partition))) is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
                found[tp] = max(fetched, ends[tp])
        return found
