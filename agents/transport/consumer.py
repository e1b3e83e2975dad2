"""The consumer: hands whole fetched batches to agents and whole fetched changelog records to stores.

Owns delivery, commits and what happens at a rebalance. The rest (subscribing, assignment, heartbeats, recovery's
course, standbys) stays Faust's. Overrides private methods of faust-streaming 0.15: the faults that it avoids stand in
tests/agents, one test each.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic
from typing import Any

import faust
from aiokafka.errors import ConsumerStoppedError
from faust.transport.consumer import ensure_TP
from faust.transport.drivers.aiokafka import Consumer
from faust.types.tuples import TP
from mode.utils.futures import notify

from agents.transport import restore
from agents.transport.fence import SeekFence
from agents.transport.ledger import Ledger
from agents.transport.liveness import Progress
from agents.transport.message import BatchMessage, BatchSchema, Records, fair_batches, make_message, single_message
from agents.transport.thread import BatchConsumerThread
from schemas.errors import EndedError

FETCH_TIMEOUT = 0.1
"""Seconds; a seek waits for the fetch under way."""


class UnfinishedError(EndedError):
    """Partitions are taken away while batches of them are unfinished, and they do not get finished in time."""


class BatchConsumer(Consumer):
    """Reads topics declared with `BatchSchema` and changelogs of `ProfileTable`s, and no others."""

    batch_max_records = 5000
    batch_max_bytes = 4 << 20
    most_batches, most_records = 16, 16_000
    """Of a partition that are delivered and not finished; then the rest waits in the log, where the next fetch finds
    more at once. The last batch may go over it.

    Faust's queues hold thousands, whatever an agent's topic says. A worker that fell behind had them full of batches of
    one or two records, each as dear as one of thousands, and Faust paused partitions for minutes over it (measured).
    """
    finish_timeout = 3.5
    """Seconds that begun batches may take when partitions are revoked or the worker stops."""

    _thread: BatchConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fence = SeekFence()
        self._ledgers: defaultdict[TP, Ledger] = defaultdict(Ledger)
        self._progress = Progress()
        self._works = 0
        self._room = asyncio.Event()
        self._stamp = 0
        self._turn = 0

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    async def subscribe(self, topics: Iterable[str]) -> None:
        """Raises ImproperlyConfigured for a topic of single events: its commits would lose some (issue 606)."""
        for channel in self.app.topics:
            if not isinstance(channel.schema, BatchSchema) and not self._changelogs.issuperset(channel.topics):
                raise faust.exceptions.ImproperlyConfigured(f"{channel.topics} are read without BatchSchema")
        await super().subscribe(topics)

    @property
    def _changelogs(self) -> set[str]:
        changelogs: set[str] = self.app.tables.changelog_topics
        return changelogs

    def _sources(self) -> list[TP]:
        changelogs = self._changelogs
        return [tp for tp in self.assignment() if tp.topic not in changelogs]

    # -- what is finished, and commits

    def _finish(self, message: BatchMessage) -> None:
        self._ledgers[message.tp].finish(message.offset, message.epoch)
        self._room.set()
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        return (tp for tp in list(self._ledgers) if topics is None or tp in topics or tp.topic in topics)

    def _new_offset(self, tp: TP) -> int | None:
        return self._ledgers[tp].committable()

    def _forget(self, partitions: Iterable[TP]) -> None:
        for tp in partitions:
            self._ledgers[tp].forget()
        self._room.set()

    def committed_of(self, partition: int) -> dict[str, int]:
        """Of the source topics in this partition, those that have any: below it all is finished, or was elsewhere."""
        committed = {tp.topic: self._committed_offset[tp] for tp in self._sources() if tp.partition == partition}
        return {topic: offset for topic, offset in committed.items() if offset is not None}

    @contextmanager
    def work(self) -> Iterator[None]:
        """Around work that no batch causes (timers) but that writes: a revocation waits for its end too.

        Raises RuntimeError while partitions are being handed over; ask `may_work` before.
        """
        if not self.may_work():
            raise RuntimeError("partitions are being handed over")
        self._works += 1
        try:
            yield
        finally:
            self._works -= 1
            notify(self._waiting_for_ack)

    def may_work(self) -> bool:
        """Whether the partitions are recovered and ours, so that timers may write."""
        return self.fence.gate.is_set() and not self.app.should_stop

    async def wait_empty(self) -> None:
        """Waits, not longer than `finish_timeout`, for begun batches and works to end, then commits all of it."""
        deadline = monotonic() + self.finish_timeout
        while (self._unacked_messages or self._works) and monotonic() < deadline and not self._ending():
            await self._wait_for_ack(timeout=1)
        while await self.maybe_wait_for_commit_to_finish():
            pass  # that commit may have begun before the last batch was finished
        await self.commit_and_end_transactions()

    def _ending(self) -> bool:
        return self.should_stop or self.crashed or self.app.crashed

    async def on_task_error(self, exc: BaseException) -> None:
        """An agent raised: the process ends, the batch is read again. No agent goes on, not even for a moment.

        Faust commits here, and restarts the agent on the next event (issues 315, 527). A row written from a later
        batch would say that the failed one is contained in it.
        """
        self._halt()
        await self.app.crash(exc)
        await self.app.wait_until_stopped()

    def _halt(self) -> None:
        self.stop_flow()
        self.app.flow_control.suspend()
        self.app.flow_control.clear()

    def commit_age(self, now: float) -> float:
        """Seconds since the slowest partition with a backlog was last committed further; for a watchdog.

        0 while partitions are recovered or handed over. Also 0 with no backlog, however long that lasts.
        """
        sources = self._sources() if self.may_work() else []
        return self._progress.age({tp: (self._committed_offset[tp], self._behind(tp)) for tp in sources}, now)

    def _behind(self, tp: TP) -> bool:
        ledger = self._ledgers[tp]
        upto = ledger.committable()
        uncommitted = upto is not None and upto != self._committed_offset[tp]
        return uncommitted or ledger.batches() > 0 or self._thread.has_more(tp)

    def has_more(self, tp: TP) -> bool:
        """Whether the log of a partition goes on after what was delivered of it."""
        return self._thread.has_more(tp)

    def lags(self) -> dict[TP, int]:
        """Records in the log of each source partition that are not finished yet; for those whose log's end is known."""
        ends = {tp: self._thread.end(tp) for tp in self._sources()} if self.may_work() else {}
        return {tp: max(0, end - self._finished_upto(tp)) for tp, end in ends.items() if end is not None}

    def _finished_upto(self, tp: TP) -> int:
        upto = self._ledgers[tp].committable()
        return (self._committed_offset[tp] or 0) if upto is None else upto

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Nothing: `commit_age` measures the same without false alarms."""

    # -- rebalance

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finishes and commits before the bookkeeping goes; Faust does it the other way round (issue 502).

        The process ends if begun batches do not finish in time: their late writes must not follow the new owner's.
        """
        self._halt()
        if not self.should_stop and not self.app.should_stop:
            await self.wait_empty()
            if self._unacked_messages or self._works:
                left = f"{len(self._unacked_messages)} batches, {self._works} works"
                await self.app.crash(
                    UnfinishedError(f"partitions go elsewhere, and are not finished in {self.finish_timeout} s: {left}")
                )
        self._forget(revoked)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        self.fence.void()
        self._forget(list(self._ledgers))
        for gone in self._ledgers.keys() - assigned:
            del self._ledgers[gone]
        await super().on_partitions_assigned(assigned, generation_id)

    def stop_flow(self) -> None:
        self.fence.void()
        super().stop_flow()

    def resume_flow(self) -> None:
        super().resume_flow()
        self.fence.open_gate(self._sources())

    async def perform_seek(self) -> None:
        """Puts the source partitions where they go on from; changelogs stay where recovery put them."""
        sources = self._sources()
        async with self.fence.seeking(sources):
            committed = await self._thread.seek_sources(sources)
            self._forget(sources)
            for tp in sources:
                self._committed_offset[tp] = self._read_offset[tp] = committed.get(tp)

    async def seek_wait(self, partitions: Mapping[TP, int]) -> None:
        """Recovery's seek of changelogs. The same fence: a fetch under way may bring records of before."""
        async with self.fence.seeking(partitions):
            await super().seek_wait(partitions)

    # -- delivery

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:
        async with self.fence.fetching() as stamp:
            records = await super()._getmany(active_partitions, timeout)
        self._stamp = stamp
        return records

    async def _drain_messages(self, fetcher: Any) -> None:
        try:
            while not (self._stopped.is_set() or fetcher._stopped.is_set()):
                records = await self._fetch()
                await asyncio.sleep(0)
                if records and not self.should_stop:
                    await self._drain({ensure_TP(tp): recs for tp, recs in records.items()}, self._stamp)
        except (asyncio.CancelledError, ConsumerStoppedError):
            if not self.app.should_stop:
                raise

    async def _fetch(self) -> Any:
        """Faust's `_wait_next_records`, but it sleeps a whole second while no partition may be read."""
        if not self.flow_active:
            await self.wait(self.can_resume_flow.wait())
        self._room.clear()
        if active := {tp for tp in self._get_active_partitions() if self._has_room(tp)}:
            return await self._getmany(active, FETCH_TIMEOUT)
        await self.wait_first(self._room.wait(), self.suspend_flow.wait(), timeout=FETCH_TIMEOUT)
        return {}

    def _has_room(self, tp: TP) -> bool:
        ledger = self._ledgers.get(tp)
        if ledger is None:
            return True
        return ledger.batches() < self.most_batches and ledger.records() < self.most_records

    async def _drain(self, records: dict[TP, Records], stamp: int) -> None:
        changelogs = self._changelogs
        for tp in [tp for tp in records if tp.topic in changelogs]:
            await self._restore(tp, records.pop(tp), stamp)
        if not records:
            return
        self._turn += 1
        for tp, batch in fair_batches(records, self.batch_max_records, self.batch_max_bytes, self._turn):
            if self.fence.counts(tp, stamp) and not self.fence.gate.is_set():
                await self.wait_first(self.fence.gate.wait(), self.suspend_flow.wait())
            if self.fence.counts(tp, stamp):
                await self._deliver(tp, batch)

    async def _deliver(self, tp: TP, batch: Records) -> None:
        """To the agents' queues; waits while these are full. Interrupted by a rebalance, the batch is read again."""
        ledger = self._ledgers[tp]
        message = make_message(tp, batch, self.app.consumer_generation_id, ledger.epoch, self._finish)
        ledger.deliver(message.first_offset, message.offset)
        self._read_offset[tp] = message.offset + 1
        self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
        await self.wait_first(self.callback(message), self.suspend_flow.wait())

    async def _restore(self, tp: TP, records: Records, stamp: int) -> None:
        if self.fence.counts(tp, stamp) and restore.apply(self.app.tables, tp, records, self.highwater(tp)):
            # Recovery takes this from its queue, has seen the offset already, and looks only whether all is there.
            last = single_message(tp, records[-1], self.app.consumer_generation_id)
            event = self.app.create_event(None, None, None, last)
            queue: Any = self.app.tables.changelog_queue  # type: ignore[attr-defined]
            await self.wait_first(queue.put(event), self.suspend_flow.wait())
