"""The records of one request, by the partition that each goes to, in the order of its calls.

Owns which record is written where, and which identity records may be left out.
"""

import json
from typing import Any

import orjson

from gateway.collector.known import Fact, Known, fact_of
from gateway.lanes import Record
from gateway.position import Ends
from schemas import dead_letters, events
from schemas.calls import Accepted
from schemas.errors import Rejected
from schemas.events import IdentityRecord
from schemas.topics import Topic
from streams.partition import partition_of


class Bundle:
    """What a request writes. `known_ends`: where records are that it left out, since they were written lately."""

    def __init__(self, known: Known, partitions: int, received: int) -> None:
        self._known = known
        self._generation = known.generation
        self._partitions = partitions
        self._received = received
        self._told: dict[Fact, int] = {}
        self.lanes: dict[tuple[Topic, int], list[Record]] = {}
        self.known_ends: dict[tuple[Topic, int], int] = {}

    def accept(self, accepted: Accepted) -> None:
        for record in accepted.identity:
            self._add_identity(record)
        if accepted.event is not None and accepted.topic is not None:
            self._add(accepted.topic, accepted.event.id, events.encode(accepted.event))

    def reject(self, call: object, index: int, rejected: Rejected) -> None:
        letter = dead_letters.make(
            rejected.code,
            rejected.message,
            received=self._received,
            source="collector",
            record=as_text(call),
            index=index,
        )
        lane = (Topic.DEAD_LETTERS, (self._received + index) % self._partitions)
        self.lanes.setdefault(lane, []).append(Record(None, dead_letters.encode(letter)))

    def ends(self, written: Ends) -> Ends:
        """How far everything that the request says reaches, once it has been written up to `written`."""
        return {lane: max(written.get(lane, 0), self.known_ends.get(lane, 0)) for lane in {*written, *self.known_ends}}

    def acknowledged(self, written: Ends) -> None:
        """Remembers what need not be told again."""
        told = {fact: written[Topic.IDENTITY, partition] for fact, partition in self._told.items()}
        self._known.add(told, self._received, self._generation)

    def _add_identity(self, record: IdentityRecord) -> None:
        fact = fact_of(record)
        if fact is not None:
            if fact in self._told:
                return
            partition = partition_of(record.id, self._partitions)
            end = self._known.end(fact, self._received)
            if end is not None:
                lane = (Topic.IDENTITY, partition)
                self.known_ends[lane] = max(end, self.known_ends.get(lane, 0))
                return
            self._told[fact] = partition
        self._add(Topic.IDENTITY, record.id, events.encode(record))

    def _add(self, topic: Topic, id: str, value: bytes) -> None:
        lane = (topic, partition_of(id, self._partitions))
        self.lanes.setdefault(lane, []).append(Record(id.encode(), value))


def as_text(call: Any) -> str:
    """A rejected call as JSON text, whatever it holds: half characters as escapes, what is no JSON as a word."""
    try:
        return orjson.dumps(call).decode()
    except TypeError:
        pass
    try:
        return json.dumps(call, default=lambda _: "unreadable number")
    except RecursionError:
        return '"nested too deeply to be written down"'
