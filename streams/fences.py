"""Each event counts once: fences against replays of the log, message ids against repeats by the sender.

Owns the `fences`, `dups`, `messages` and `filled` of a profile. All are kept by the id that an event was sent under, so
that they stay right when users are joined and events are forwarded. Source: contract section 2, "messageId".
"""

from hashlib import blake2b

from schemas.events import Event
from schemas.profile import Profile
from schemas.times import HOUR
from schemas.topics import EVENT_TOPICS
from streams.live import Live

KEPT_HOURS = 25
"""Hours of receipt whose message ids are remembered: at least 24 h, whatever the minute."""

MOST_MESSAGES = 50_000
"""Message ids that are remembered of an id, 400 KB of hashes; one that sends more a day has its oldest forgotten."""

_TOPICS = len(EVENT_TOPICS)


def pass_fence(profile: Profile, sent: str, topic: int, offset: int) -> bool:
    """Whether the event at `offset` is new to this row; from now on it is not."""
    fences = profile.fences.get(sent)
    if fences is None:
        fences = profile.fences[sent] = [0] * len(EVENT_TOPICS)
    if offset < fences[topic]:
        return False
    fences[topic] = offset + 1
    return True


def pass_fill_fence(profile: Profile, fill: int, sent: str, topic: int, offset: int) -> bool:
    """Whether fill `fill` has yet to put this event of the past into the row; from now on it has not."""
    if profile.filled[0] != fill:
        if profile.filled[0] > fill:
            return False
        profile.filled = (fill, {})
    fences = profile.filled[1].setdefault(sent, [0] * len(EVENT_TOPICS))
    if offset < fences[topic]:
        return False
    fences[topic] = offset + 1
    dups = profile.dups.get(sent)
    return dups is None or offset not in dups[topic]


def is_duplicate(live: Live, sent: str, event: Event, topic: int, offset: int, limit: int) -> bool:
    """Whether an event with this id and messageId was here before; remembers both, and a duplicate's offset."""
    profile = live.profile
    digest = int.from_bytes(blake2b(f"{sent}\0{event.message_id}".encode(), digest_size=8).digest(), "little")
    if live.seen is None:
        every = (packed for hours in profile.messages.values() for packed in hours.values())
        live.seen = {each for packed in every for each in memoryview(packed).cast("Q")}
    if digest in live.seen:
        dups = profile.dups.setdefault(sent, [[] for _ in EVENT_TOPICS])[topic]
        dups.append(offset)
        del dups[:-limit]
        return True
    live.seen.add(digest)
    hours = profile.messages.get(sent)
    if hours is None:
        hours = profile.messages[sent] = {}
    key = event.received // HOUR * _TOPICS + topic
    known = hours.get(key)
    if known is None:
        hours[key] = digest.to_bytes(8, "little")
        _forget(hours, topic)
    else:
        hours[key] = known[-8 * MOST_MESSAGES :] + digest.to_bytes(8, "little")
    return False


def _forget(hours: dict[int, bytes], topic: int) -> None:
    """Drops the hours that are out of reach of this topic's events, and the oldest of an id that sends very much.

    Another topic's events may be days behind, where a worker was off: their hours are for them to drop.
    """
    *older, newest = sorted(key for key in hours if key % _TOPICS == topic)
    for key in older:
        kept = sum(map(len, hours.values())) // 8
        if key <= newest - KEPT_HOURS * _TOPICS or kept > MOST_MESSAGES:
            del hours[key]
