"""Records of a step, and those of them that are refused.

Owns the shape of a batch and how a refusal names its record; what is refused, `streams.intake` decides.
"""

from collections.abc import Iterable, Sequence
from typing import Protocol

from schemas.events import MARK
from schemas.topics import EVENT_TOPICS, Topic
from streams.intake import Arrived, RefusedError
from streams.outcome import Outcome, Refused


class Record(Protocol):
    """What is read of a Kafka record."""

    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...


Batch = tuple[Topic, Sequence[Record]]


def refuse(outcome: Outcome, topic: Topic, record: Record, refusal: RefusedError) -> None:
    """A mark is no record of any schema, and was not meant as one."""
    if record.key is not None or record.value != MARK:
        outcome.refused.append(_refused(topic, record, refusal))


def _refused(topic: Topic, record: Record, refusal: RefusedError) -> Refused:
    return Refused(topic, record.offset, record.key, record.value, refusal.code, str(refusal))


def refused_event(each: Arrived, refusal: RefusedError) -> Refused:
    topic, key = EVENT_TOPICS[each.topic], each.event.id.encode()
    return Refused(topic, each.offset, key, each.data, refusal.code, str(refusal))


def refuse_oversized(outcome: Outcome, batches: Iterable[Batch]) -> None:
    keys = {id.encode() for id in outcome.oversized}
    reason = RefusedError("profile_too_large", "with this event the user's profile would outgrow a record")
    for topic, records in batches:
        outcome.refused += [_refused(topic, record, reason) for record in records if record.key in keys]
