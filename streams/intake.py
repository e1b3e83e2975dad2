"""What may come in through the event topics: records of the documented schema, and nothing else.

Owns the check of a record, whoever wrote it, and its reasons: the collector's own always pass, another producer's may
not. A record that fails is the sender's fault: it is refused with a code, never retried.
"""

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import msgspec

from schemas.errors import Rejected
from schemas.events import Event, IdentityRecord, decode_event, decode_identity
from schemas.profile import Profile, decode_profile_body
from schemas.segments import FIRST_USER_SLOT
from schemas.times import HOUR
from schemas.topics import EVENT_TOPICS, Topic
from schemas.transfers import Absorb, Close, Closed, Forward, Free, Freed, Join, JoinFrom, Listing, Moved, Transfer
from schemas.transfers import decode as decode_transfer
from streams.normalise_text import fitting
from streams.timeline import SIZE

LONGEST_ID = 256
_SPAN = 1 << 53
"""Instants beyond it, in ms, are no instants."""
_ARRIVALS = 1 << 63
"""What a timeline has room for."""

_NAMES = {"page": "$page", "screen": "$page", "identify": "$identify", "group": "$group", "upload": "$upload"}
_TYPES = {
    Topic.PAGE_VIEWS: ("page", "screen"),
    Topic.CLICKS: ("track",),
    Topic.EVENTS: ("track",),
    Topic.IDENTIFIES: ("identify", "group", "upload"),
}


class RefusedError(Exception):
    """The record is none of its topic's; `code` and the text say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Arrived(msgspec.Struct, gc=False):
    """An event as it came: `data` is its record's value, `topic` the index in `EVENT_TOPICS`, where it stands at
    `offset`. Series that were brought by fills later than `fill` get it from the log."""

    arrival: int
    event: Event
    data: bytes
    topic: int
    offset: int
    fill: int


by_arrival = attrgetter("arrival")


def read_event(topic: Topic, key: bytes | None, value: bytes | None) -> Event:
    """The event of a record. Raises RefusedError."""
    if not value:
        raise RefusedError("empty", "a record without a value")
    try:
        event = decode_event(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("bad_record", str(error)) from None
    if key != event.id.encode() or not _is_id(event.id):
        check_id(event.id, key)
    if event.type not in _TYPES[topic]:
        raise RefusedError("wrong_topic", f"type {event.type} does not belong in {topic}")
    if _NAMES.get(event.type) != event.name and not _name_fits(event, topic):
        raise RefusedError("bad_name", f"{event.name[:100]!r} is no name of a {event.type} event in {topic}")
    if not 0 < event.received < _SPAN or not -_SPAN < event.time <= event.received + HOUR:
        raise RefusedError("bad_time", "time is no instant, or more than an hour after the time of receipt")
    if not 0 <= event.arrival < _ARRIVALS:
        raise RefusedError("bad_time", "arrival is no number of microseconds")
    if event.traits:
        event.traits = _storable(event.traits)
    return event


def _storable(traits: dict[str, Any]) -> dict[str, Any]:
    """Traits as the collector would have let them through; they are kept in the user's row."""
    try:
        return fitting(traits)
    except Rejected as rejected:
        raise RefusedError(rejected.code, rejected.message) from None


def read_identity(key: bytes | None, value: bytes | None) -> IdentityRecord:
    """The identity record of a record. Raises RefusedError."""
    if value is None:
        raise RefusedError("empty", "a record without a value")
    try:
        record = decode_identity(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("bad_record", str(error)) from None
    check_id(record.id, key)
    _check_ids(other for other in (record.owner, record.alias) if other is not None)
    if not 0 < record.received < _SPAN:
        raise RefusedError("bad_time", "the time of receipt is no instant")
    return record


def read_transfer(key: bytes | None, value: bytes | None) -> Transfer:
    """The transfer of a record. Raises RefusedError."""
    try:
        transfer: Transfer = decode_transfer(value or b"")
        profile = decode_profile_body(transfer.profile) if isinstance(transfer, Moved) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RefusedError("bad_record", str(error)) from None
    check_id(transfer.to, key)
    _check_ids(_others(transfer))
    if transfer.hops < 0 or (isinstance(transfer, Forward) and not _stands_somewhere(transfer)):
        raise RefusedError("bad_record", "a number that no transfer has")
    if isinstance(transfer, Listing) and not _names_a_list(transfer):
        raise RefusedError("bad_record", "a list that there cannot be")
    if profile is not None and not _is_whole(profile, transfer.to):
        raise RefusedError("bad_record", "the profile in it is none")
    return transfer


def _others(transfer: Transfer) -> tuple[str, ...]:
    """The ids that it speaks of, beside the one it is for."""
    if isinstance(transfer, Forward | Moved | Listing | Closed | Freed):
        return (transfer.sent,)
    if isinstance(transfer, Join):
        return (transfer.origin, transfer.name)
    if isinstance(transfer, Absorb):
        return (transfer.into, transfer.name)
    if isinstance(transfer, Close | Free):
        return (transfer.home,)
    return (transfer.name,) if isinstance(transfer, JoinFrom) else ()


def _names_a_list(listing: Listing) -> bool:
    return FIRST_USER_SLOT <= listing.slot < 1 << 16 and 0 <= listing.stamp < _SPAN and 0 <= listing.since < _SPAN


def _stands_somewhere(forward: Forward) -> bool:
    return 0 <= forward.topic < len(EVENT_TOPICS) and forward.offset >= 0 and forward.fill >= 0


def _is_whole(profile: Profile, to: str) -> bool:
    """Whether what is packed in a profile has the lengths that it must have."""
    packed = len(profile.timeline) % SIZE == 0 and all(
        len(each) % 8 == 0 for hours in profile.messages.values() for each in hours.values()
    )
    fences = all(len(each) == len(EVENT_TOPICS) for each in profile.fences.values())
    return packed and fences and profile.home in profile.ids and all(map(_is_id, profile.ids)) and profile.home != to


def check_id(id: str, key: bytes | None) -> None:
    _check_ids((id,))
    if key != id.encode():
        raise RefusedError("bad_key", "the key of the record is not the event's id")


def _check_ids(ids: Iterable[str]) -> None:
    if not all(map(_is_id, ids)):
        raise RefusedError("bad_id", "an id is 1 to 256 characters without NUL")


def _is_id(id: str) -> bool:
    return 0 < len(id) <= LONGEST_ID and "\0" not in id


def _name_fits(event: Event, topic: Topic) -> bool:
    expected = _NAMES.get(event.type)
    if expected is not None:
        return event.name == expected
    if topic is Topic.CLICKS:
        return event.name == "$click"
    return event.name == "$experience" or (event.name != "" and not event.name.startswith("$"))
