"""A posted call → a normalised event and what it tells of ids; or why it is rejected, or ignored.

Owns the order of the decisions and the event's assembly; ids, time, texts and enrichment have files of their own.
What is ignored for consent is looked at no further, so that not even a rejection keeps it. Source: contract section 2.
"""

from typing import Any

from schemas.calls import CALL_TYPES, Accepted, CallContext, CallType, Ignored, Policy
from schemas.errors import Rejected
from schemas.events import Event
from schemas.topics import Topic
from streams.enrich_agent import agent_of
from streams.enrich_page import page_of
from streams.enrich_place import language_of, place_of, screen_of
from streams.normalise_ids import Ids, identity_records, read_ids
from streams.normalise_text import fitting, record, text
from streams.normalise_time import event_time

_NAMES = {"page": "$page", "screen": "$page", "identify": "$identify", "group": "$group"}
_SENT_NAMES = ("$click", "$experience")
"""The reserved names that a track call may use."""
_TOPICS = {
    "page": Topic.PAGE_VIEWS,
    "screen": Topic.PAGE_VIEWS,
    "identify": Topic.IDENTIFIES,
    "group": Topic.IDENTIFIES,
}


def normalise(call: object, context: CallContext, policy: Policy, index: int = 0) -> Accepted | Rejected | Ignored:
    """What becomes of the call that is `index`th in its request. Raises nothing, whatever was sent."""
    try:
        return _normalise(call, context, policy, index)
    except Rejected as rejected:
        return rejected


def _normalise(call: object, request: CallContext, policy: Policy, index: int) -> Accepted | Ignored:
    if not isinstance(call, dict):
        raise Rejected("not_object", "an event is a JSON object")
    if _refuses(_context(call, request)):
        return Ignored("consent")
    if request.gpc and policy.gpc == "drop":
        return Ignored("gpc")
    fit = fitting(call)
    kind = request.type or _type(fit.get("type"))
    ids = read_ids(call, kind)  # of the call as sent: an id is refused where a text is mended
    share = not (request.gpc and policy.gpc == "no_share")
    message = text(fit.get("messageId"))
    identity = identity_records(ids, request.received, share, request.arrival + index, message)
    if kind == "alias":
        return Accepted(None, None, identity)
    event = _event(fit, kind, ids, request, policy)
    event.arrival = request.arrival + index
    if event.device == "bot" and policy.bots == "drop":
        return Ignored("bot")
    return Accepted(_topic(event), event, identity)


def _event(call: dict[str, Any], kind: CallType, ids: Ids, request: CallContext, policy: Policy) -> Event:
    context = _context(call, request)
    properties = _properties(call, kind)
    page = page_of(kind in ("page", "screen"), properties, context)
    agent = agent_of(text(context.get("userAgent")) or request.agent)
    place = place_of(context, request.address, policy)
    return Event(
        id=ids.key,
        type=kind,  # type: ignore[arg-type]  # an alias makes no event
        name=_NAMES.get(kind) or _track_name(call.get("event")),
        time=event_time(call, request.received, request.sent_at),
        received=request.received,
        message_id=text(call.get("messageId")) or policy.new_id(),
        user_id=ids.user,
        anonymous_id=ids.anonymous,
        **page._asdict(),
        **agent._asdict(),
        **place._asdict(),
        screen=screen_of(context),
        language=language_of(context),
        properties=properties,
        traits=_traits(call, kind, context),
    )


def _context(call: dict[str, Any], request: CallContext) -> dict[str, Any]:
    """The call's context; what it leaves out is the batch's."""
    own = record(call.get("context"))
    return {**request.context, **own} if request.context else own


def _refuses(context: dict[str, Any]) -> bool:
    consent = context.get("consent")
    if consent is None:
        return False
    return record(record(consent).get("categoryPreferences")).get("analytics") is False


def _type(sent: object) -> CallType:
    kind = CALL_TYPES.get(sent) if isinstance(sent, str) else None
    if kind is None:
        raise Rejected("unknown_type", f"`type` is one of {', '.join(CALL_TYPES)}")
    return kind


def _track_name(sent: object) -> str:
    name = text(sent)
    if name is None:
        raise Rejected("missing_event", "a track call needs `event`, its name")
    if name.startswith("$") and name not in _SENT_NAMES:
        raise Rejected("reserved_name", "names with $ are the system's own")
    return name


def _topic(event: Event) -> Topic:
    return _TOPICS.get(event.type) or (Topic.CLICKS if event.name == "$click" else Topic.EVENTS)


def _properties(call: dict[str, Any], kind: CallType) -> dict[str, Any]:
    """Properties of track, page and screen calls; the `name` and `category` that servers' SDKs send beside them too."""
    if kind in ("identify", "group"):
        return {}
    properties = record(call.get("properties"))
    if kind != "track":
        beside = {name: call[name] for name in ("name", "category") if call.get(name) is not None}
        properties = {**beside, **properties}
    return properties


def _traits(call: dict[str, Any], kind: CallType, context: dict[str, Any]) -> dict[str, Any]:
    """Traits of an identify call (RudderStack's SDKs send them in the context); of a group call the group's id."""
    if kind == "group":
        group = text(call.get("groupId"))
        return {} if group is None else {"group_id": group}
    if kind == "identify":
        return record(call.get("traits")) or record(context.get("traits"))
    return {}
