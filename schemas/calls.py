"""A tracking call on its way in: what is known of its request, and what becomes of it.

Owns the shapes and the limits; `streams.normalise` decides. Source of names and limits: contract section 2, and the
HTTP tracking API that its SDKs speak.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from schemas.events import Event, IdentityRecord
from schemas.topics import Topic

CallType = Literal["track", "page", "screen", "identify", "group", "alias"]

CALL_TYPES: dict[str, CallType] = {
    "track": "track",
    "page": "page",
    "screen": "screen",
    "identify": "identify",
    "group": "group",
    "alias": "alias",
}
ONE_LETTER: dict[str, CallType] = {
    "t": "track",
    "p": "page",
    "s": "screen",
    "i": "identify",
    "g": "group",
    "a": "alias",
}

MAX_EVENT_BYTES = 32 << 10
"""Of one event as compact JSON; the SDKs refuse larger ones themselves (32 KiB, `MAX_MSG_SIZE`)."""
MAX_EVENTS = 2_500
MAX_BODY_BYTES = 500 << 10
"""Of a request, as sent and inflated."""
MAX_ID_LENGTH = 256
MAX_DEPTH = 64
"""Objects and lists within each other in one event, itself included."""


class Place(NamedTuple):
    country: str | None
    region: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContext:
    """What the request says of all its calls.

    `received` is ms, `arrival` the order of receipt in µs of the request's first call. `type` is named by the path,
    None for a batch; `sent_at` (ms) and `context` are the batch's. `agent` and `address` are the browser's, so only
    known of calls with an Origin.
    """

    received: int
    arrival: int
    type: CallType | None = None
    sent_at: int | None = None
    context: dict[str, Any] = field(default_factory=dict)
    agent: str | None = None
    address: str | None = None
    gpc: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Settings that decide about calls. `new_id` makes a messageId, `locate` finds the place of an IP address."""

    new_id: Callable[[], str]
    gpc: Literal["no_share", "drop", "ignore"] = "no_share"
    bots: Literal["keep", "drop"] = "keep"
    locate: Callable[[str], Place | None] | None = None


class Accepted(NamedTuple):
    """An event for a topic (an alias has none), and what it tells of ids, in the order that they are to be written."""

    topic: Topic | None
    event: Event | None
    identity: tuple[IdentityRecord, ...]


class Ignored(NamedTuple):
    """A call that is answered as if stored, and is not: no `consent`, `gpc`, or a `bot`."""

    reason: Literal["consent", "gpc", "bot"]
