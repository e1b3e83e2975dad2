"""Each event counts once: fences against replays of the log, message ids against repeats by the sender.

Owns the `fences`, `dups`, `messages` and `filled` of a profile. All are kept by the id that an event was sent under, so
that they stay right when users are joined and events are forwarded. Source: contract section 2, "messageId".
"""

from collections.abc import Iterable
from hashlib import blake2b

from schemas.profile import Profile
from schemas.times import HOUR
from schemas.topics import EVENT_TOPICS
from streams.intake import Arrived
from streams.live import Live

KEPT_HOURS = 25
"""Hours of receipt whose message ids are remembered: at least 24 h, whatever the minute."""

MOST_MESSAGES = 50_000
"""Message ids that are remembered of an id, 400 KB of hashes; one that sends more a day has its oldest forgotten."""

FEW = 100
"""Message ids of an id that are searched as they lie: a set of them takes ten times the memory of the row."""

_TOPICS = len(EVENT_TOPICS)


def pass_fences(profile: Profile, sent: str, run: Iterable[Arrived]) -> list[Arrived]:
    """The events of a run that are new to this row; from now on they are not. They may stand in any order."""
    fences = profile.fences.get(sent)
    if fences is None:
        fences = profile.fences[sent] = [0] * len(EVENT_TOPICS)
    before = tuple(fences)
    new = []
    for each in run:
        topic, offset = each.topic, each.offset
        if offset >= before[topic]:
            new.append(each)
            if offset >= fences[topic]:
                fences[topic] = offset + 1
    return new


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


def drop_duplicates(live: Live, sent: str, run: Iterable[Arrived], limit: int) -> list[Arrived]:
    """The events of a run whose messageId was not here before under this id; remembers all, and duplicates' offsets."""
    profile = live.profile
    hours = profile.messages.get(sent)
    if hours is None:
        hours = profile.messages[sent] = {}
    known = live.seen.get(sent) or _many(live, sent, hours)
    fresh = []
    for each in run:
        event = each.event
        digest = blake2b(f"{sent}\0{event.message_id}".encode(), digest_size=8).digest()
        if digest in known if known is not None else _is_among(hours, digest):
            dups = profile.dups.setdefault(sent, [[] for _ in EVENT_TOPICS])[each.topic]
            dups.append(each.offset)
            del dups[:-limit]
            continue
        if known is not None:
            known.add(digest)
        fresh.append(each)
        _remember(hours, event.received // HOUR * _TOPICS + each.topic, digest)
    return fresh


def _many(live: Live, sent: str, hours: dict[int, bytearray]) -> set[bytes] | None:
    """The messages of an id as a set, where they are so many that searching through them would be slower."""
    if sum(map(len, hours.values())) <= 8 * FEW:
        return None
    known = {bytes(packed[at : at + 8]) for packed in hours.values() for at in range(0, len(packed), 8)}
    live.seen[sent] = known
    return known


def _is_among(hours: dict[int, bytearray], digest: bytes) -> bool:
    for packed in hours.values():
        at = packed.find(digest)
        while at > 0 and at % 8:
            at = packed.find(digest, at + 1)
        if at >= 0:
            return True
    return False


def _remember(hours: dict[int, bytearray], key: int, digest: bytes) -> None:
    packed = hours.get(key)
    if packed is None:
        hours[key] = bytearray(digest)
        _forget(hours, key % _TOPICS)
    else:
        packed += digest
        if len(packed) > 8 * MOST_MESSAGES:
            del packed[:8]


def _forget(hours: dict[int, bytearray], topic: int) -> None:
    """Drops the hours that are out of reach of this topic's events, and the oldest of an id that sends very much.

    Another topic's events may be days behind, where a worker was off: their hours are for them to drop.
    """
    *older, newest = sorted(key for key in hours if key % _TOPICS == topic)
    for key in older:
        kept = sum(map(len, hours.values())) // 8
        if key <= newest - KEPT_HOURS * _TOPICS or kept > MOST_MESSAGES:
            del hours[key]
