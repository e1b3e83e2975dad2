"""The records of the event topics, as JSON objects: a normalised event, and what an id came as.

Owns their shape and codec. How a posted call becomes one is in `streams.normalise`. Fields at their default are left
out of the JSON; times are epoch milliseconds; unknown fields are ignored, so that a newer producer does no harm.
"""

from typing import Any, Literal

import msgspec

EventType = Literal["page", "screen", "track", "identify", "group", "upload"]


NO_SIGHTINGS = ("group", "upload")
"""Types that tell facts of a user and make known, but are no event."""


class Event(msgspec.Struct, omit_defaults=True, kw_only=True):
    """One event of one user. `id` is the id it was sent under (userId, else anonymousId) and the record's key.

    `name` is what a rule's selector calls it: `$page`, `$click`, `$experience`, `$identify`, `$group`, `$upload` or
    the track call's own name. `time` is the corrected event time, `received` the time of receipt. `arrival` orders
    events of the same `time`: microseconds of receipt, made strictly increasing by the collector, so that it also tells
    events of one user apart; where a producer leaves it out it is `received` * 1000.
    """

    id: str
    type: EventType
    name: str
    time: int
    received: int
    message_id: str
    arrival: int = 0
    user_id: str | None = None
    anonymous_id: str | None = None
    url: str | None = None
    path: str | None = None
    host: str | None = None
    title: str | None = None
    referrer: str | None = None
    referrer_host: str | None = None
    query: dict[str, str] = {}
    campaign: dict[str, str] = {}
    device: str | None = None
    os: str | None = None
    os_version: str | None = None
    browser: str | None = None
    browser_version: str | None = None
    screen: str | None = None
    language: str | None = None
    country: str | None = None
    region: str | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}


class IdentityRecord(msgspec.Struct, omit_defaults=True, kw_only=True):
    """What an id came as, and to whom a call joins it. `owner`: a call named this userId beside the anonymous `id`.

    `alias`: an alias call named `id` as previousId and this as userId; `arrival` orders the aliases of one millisecond,
    `message` is the call's messageId, where it has one.
    `share` is False where the request carried `Sec-GPC: 1`: it marks every user that it names.
    """

    id: str
    received: int
    seen: Literal["user", "anonymous"] | None = None
    owner: str | None = None
    alias: str | None = None
    arrival: int = 0
    message: str | None = None
    share: bool = True


MARK = b'{"mark":true}'
"""Value of a record without a key that stands for nothing but its place: everything before it was there earlier."""

encode = msgspec.json.Encoder().encode
decode_event = msgspec.json.Decoder(Event).decode
decode_identity = msgspec.json.Decoder(IdentityRecord).decode
