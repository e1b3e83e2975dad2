"""Contract section 2: is a call as posted to the collector taken, and when did it happen?"""

from tests.reference.times import HOUR, instant

TYPES = ("track", "page", "screen", "identify", "group", "alias")
MAY_BE_SENT = ("$click", "$experience")


def refusal(call):
    """The code under which a call is rejected, or None. (Sizes are not looked at.)"""
    if not isinstance(call, dict):
        return "not_an_object"
    if call.get("type") not in TYPES:
        return "unknown_type"
    is_alias = call["type"] == "alias"
    names = ("userId", "anonymousId", "previousId") if is_alias else ("userId", "anonymousId")
    there = [name for name in names if call.get(name) is not None]
    if any(id_text(call[name]) is None for name in there):
        return "bad_id"
    if not there or (is_alias and ("userId" not in there or len(there) < 2)):
        return "no_id"
    if call["type"] == "track":
        name = call.get("event")
        if not isinstance(name, str) or not name:
            return "no_event"
        if name.startswith("$") and name not in MAY_BE_SENT:
            return "reserved_name"
    return None


def id_text(id):
    """Ids are text (numbers taken as text), 1–256 characters; None for what is no id."""
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    return id if isinstance(id, str) and 1 <= len(id) <= 256 else None


def consents(call):
    value = call
    for step in ("context", "consent", "categoryPreferences", "analytics"):
        value = value.get(step) if isinstance(value, dict) else None
    return value is not False


def event_time(call, received, batch_sent_at):
    """`timestamp`, corrected by the sender's clock; `received` where there is none or it is over an hour ahead."""
    time = instant(call.get("timestamp"))
    if time is None:
        return received
    sent_at = instant(call.get("sentAt"))
    if sent_at is None:
        sent_at = batch_sent_at
    if sent_at is not None:
        time += received - sent_at
    return received if time > received + HOUR else time
