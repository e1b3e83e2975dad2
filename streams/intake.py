"""What may come in through the event topics: records of the documented schema, and nothing else.

Owns the check of a record, whoever wrote it, and its reasons: the collector's own always pass, another producer's may
not. A record that fails is the sender's fault: it is refused with a code, never retried.
"""

import msgspec

from schemas.events import Event, IdentityRecord, decode_event, decode_identity
from schemas.times import HOUR
from schemas.topics import Topic

LONGEST_ID = 256
_SPAN = 1 << 53
"""Instants beyond it, in ms, are no instants."""

_NAMES = {"page": "$page", "screen": "$page", "identify": "$identify", "group": "$group"}
_TYPES = {
    Topic.PAGE_VIEWS: ("page", "screen"),
    Topic.CLICKS: ("track",),
    Topic.EVENTS: ("track",),
    Topic.IDENTIFIES: ("identify", "group"),
}


class RefusedError(Exception):
    """The record is none of its topic's; `code` and the text say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def read_event(topic: Topic, key: bytes | None, value: bytes | None) -> Event:
    """The event of a record. Raises RefusedError."""
    if not value:
        raise RefusedError("empty", "a record without a value")
    try:
        event = decode_event(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("bad_record", str(error)) from None
    check_id(event.id, key)
    if event.type not in _TYPES[topic]:
        raise RefusedError("wrong_topic", f"type {event.type} does not belong in {topic}")
    if not _name_fits(event, topic):
        raise RefusedError("bad_name", f"{event.name[:100]!r} is no name of a {event.type} event in {topic}")
    if not 0 < event.received < _SPAN or not -_SPAN < event.time <= event.received + HOUR:
        raise RefusedError("bad_time", "time is no instant, or more than an hour after the time of receipt")
    return event


def read_identity(key: bytes | None, value: bytes | None) -> IdentityRecord:
    """The identity record of a record. Raises RefusedError."""
    if value is None:
        raise RefusedError("empty", "a record without a value")
    try:
        record = decode_identity(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedError("bad_record", str(error)) from None
    check_id(record.id, key)
    for other in (record.owner, record.alias):
        if other is not None and not _is_id(other):
            raise RefusedError("bad_id", "an id is 1 to 256 characters without NUL")
    return record


def check_id(id: str, key: bytes | None) -> None:
    if not _is_id(id):
        raise RefusedError("bad_id", "an id is 1 to 256 characters without NUL")
    if key != id.encode():
        raise RefusedError("bad_key", "the key of the record is not the event's id")


def _is_id(id: str) -> bool:
    return 0 < len(id) <= LONGEST_ID and "\0" not in id


def _name_fits(event: Event, topic: Topic) -> bool:
    expected = _NAMES.get(event.type)
    if expected is not None:
        return event.name == expected
    if topic is Topic.CLICKS:
        return event.name == "$click"
    return event.name == "$experience" or (event.name != "" and not event.name.startswith("$"))
