"""What an agent gets instead of single events: one Faust event a fetched batch of records of one partition.

Owns the message, the schema that marks a topic as one of batches, and the cutting of fetched records into batches.
The event's value is the list of aiokafka's records; nothing of them is decoded here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import faust
from faust.types.tuples import TP, ConsumerMessage


class Record(Protocol):
    """What is read of a record: aiokafka gives its own, or a copy with more in it."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int | None: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


Records = Sequence[Record]


class BatchMessage(ConsumerMessage):
    """Stands for the records `first_offset` … `offset` of one partition.

    Acks by Faust's streams mean nothing here: a stream acks in `finally`, also when the agent raised (issues 315, 604),
    and acks what it skips during a rebalance. Only `finish`, the agent's own word, lets the offsets be committed.
    """

    __slots__ = ("epoch", "first_offset", "on_finish", "records")

    records: Records
    first_offset: int
    epoch: int
    on_finish: Callable[["BatchMessage"], None]

    def finish(self) -> None:
        """To be called once everything that the batch causes is durable. A late or second call does nothing."""
        self.on_finish(self)

    def ack(self, consumer: Any, n: int = 1) -> bool:
        """Nothing: see the class."""
        return False


class BatchSchema(faust.Schema):  # type: ignore[type-arg]
    """Marks a topic as one of batches: `app.topic(…, schema=BatchSchema(), maxsize=8)`; maxsize counts batches."""

    def compile(
        self,
        app: Any,
        *,
        on_key_decode_error: Any = None,
        on_value_decode_error: Any = None,
        default_propagate: bool = False,
    ) -> Any:
        create_event = app.create_event

        async def decode(message: BatchMessage, *, propagate: bool = default_propagate) -> Any:
            return create_event(None, message.records, None, message)

        return decode


def make_message(
    tp: TP, records: Records, generation: int, epoch: int, on_finish: Callable[[BatchMessage], None]
) -> BatchMessage:
    """The message for `records` (not empty) of `tp`. `acked` is set from the start so that no stream acks it."""
    first, last = records[0], records[-1]
    message = BatchMessage(
        tp.topic,
        tp.partition,
        last.offset,
        (last.timestamp or 0) / 1000.0,
        last.timestamp_type,
        None,
        None,
        None,
        None,
        0,
        0,
        tp,
        generation_id=generation,
    )
    message.acked = True
    message.records, message.first_offset = records, first.offset
    message.epoch, message.on_finish = epoch, on_finish
    return message


def single_message(tp: TP, record: Record, generation: int) -> ConsumerMessage:
    """The message that Faust's recovery gets for a record; its own way asks for what only aiokafka's copy has."""
    return ConsumerMessage(
        tp.topic,
        tp.partition,
        record.offset,
        (record.timestamp or 0) / 1000.0,
        record.timestamp_type,
        None,
        record.key,
        record.value,
        None,
        tp=tp,
        generation_id=generation,
    )


def _cuts(records: Records, max_records: int, max_bytes: int) -> Iterator[Records]:
    """`records` in runs of at most `max_records`, and of at most `max_bytes` unless one record alone is more."""
    start, size = 0, 0
    for i, record in enumerate(records):
        weight = len(record.key or b"") + len(record.value or b"")
        if i > start and (i - start >= max_records or size + weight > max_bytes):
            yield records[start:i]
            start, size = i, 0
        size += weight
    if start < len(records):
        yield records[start:]


def fair_batches(
    records: Mapping[TP, Records], max_records: int, max_bytes: int, turn: int
) -> Iterator[tuple[TP, Records]]:
    """Batches of all partitions in turns, so that none waits for another's backlog; `turn` moves who is first."""
    partitions = list(records)
    shift = turn % len(partitions) if partitions else 0
    waiting = [(tp, _cuts(records[tp], max_records, max_bytes)) for tp in partitions[shift:] + partitions[:shift]]
    while waiting:
        later = []
        for tp, cuts in waiting:
            if (batch := next(cuts, None)) is not None:
                yield tp, batch
                later.append((tp, cuts))
        waiting = later
