"""Keeping a profile's visits as its events come, in order or late.

Owns the visit fields of a profile and their part of the hourly counters. An event that comes in order costs a few
comparisons; a late one derives all visits anew. The timeline is bounded: beyond the limit the oldest visits are sealed
into sums, and no late event reaches into them any more.
"""

from collections import Counter
from itertools import pairwise

from schemas.events import Event
from schemas.profile import Profile, Visit
from schemas.times import HOUR
from streams import timeline
from streams.timeline import DIRECT, OTHER, PAGE, SCREEN, SIZE, Entry

KINDS = {"page": PAGE, "screen": SCREEN, "track": OTHER, "identify": OTHER}
VISITS = 3
"""Index of the visits in an hour's counters."""

MOST_SOURCES = (1 << 14) - 1
"""Sources that the events of a timeline tell apart: an event has 14 bits for its own."""

Hours = dict[int, list[int]]


def source_of(event: Event) -> str:
    """The source of a page or screen call, `""` for direct (contract section 2, "Visits")."""
    source = event.campaign.get("source")
    if source:
        return f"{source} / {event.campaign.get('medium', '')}"
    host = event.referrer_host
    return host if host and host != event.host else ""


def observe(profile: Profile, event: Event, arrival: int, gap: int, limit: int, totals: Hours) -> bool:
    """Adds an event to the visits; False when it came so late that other visits than the last may have changed."""
    time, kind = event.time, KINDS[event.type]
    source = DIRECT if kind == OTHER else _source_index(profile, source_of(event), gap)
    last, events = profile.last_visit, profile.timeline
    in_order = last is None or time > last.end or (time, arrival) > timeline.last_order(events)
    if in_order:
        events += timeline.pack_entry(time, source * 4 + kind, arrival)
        _lengthen(profile, time, kind, source, arrival, gap, totals)
    else:
        in_order = _observe_late(profile, Entry(time, source * 4 + kind, arrival), gap, totals)
    if len(events) > limit * SIZE * 5 // 4:
        _seal(profile, gap, limit)
    return in_order


def _lengthen(profile: Profile, time: int, kind: int, source: int, arrival: int, gap: int, totals: Hours) -> None:
    """The newest event goes into the last visit, or begins one."""
    last = profile.last_visit
    if last is None or timeline.begins_visit(time, kind, source, last.end, last.source, gap):
        profile.visits += 1
        hour = time // HOUR
        count_hour(profile.hours, hour, VISITS, 1)
        count_hour(totals, hour, VISITS, 1)
        last = profile.last_visit = timeline.begin(time, arrival)
    profile.time_on_site += time - last.end
    timeline.lengthen(last, time, kind, source, arrival)


def _observe_late(profile: Profile, entry: Entry, gap: int, totals: Hours) -> bool:
    place, last = timeline.place_of(profile.timeline, entry), profile.last_visit
    if last is None or not _belongs_inside(last, entry):
        _insert(profile, place, entry, gap, totals)
        return False
    timeline.insert(profile.timeline, place, entry)
    last.pages += entry.code & 3 != OTHER
    return True


def _belongs_inside(last: Visit, entry: Entry) -> bool:
    """Whether a late event only adds to the last visit: where visits begin and whose fields they have stays as it is.

    Batches of several topics are worked off in turns, so that most events are late by seconds: this is their way.
    """
    time, code, arrival = entry
    kind, source = code & 3, code >> 2
    if time <= last.start:
        return False
    if kind == OTHER:
        return True
    if last.landing is None or source not in (DIRECT, last.source):
        return False
    order = (time, arrival)
    return order > (last.head_at, last.head) and order > (last.landing_at, last.landing)


def _insert(profile: Profile, place: int, entry: Entry, gap: int, totals: Hours) -> None:
    """A late event anywhere: the visits between the gaps around it are derived anew."""
    events = profile.timeline
    begin, end = (0, len(events) // SIZE) if profile.sealed[2] else timeline.run_around(events, place, gap)
    around = events[begin * SIZE : end * SIZE]
    before = timeline.derive(around, gap)
    timeline.insert(around, place - begin, entry)
    after = timeline.derive(around, gap)
    timeline.insert(events, place, entry)
    _recount(profile, before, after, totals)
    profile.visits += len(after) - len(before)
    profile.time_on_site += _duration(after) - _duration(before)
    if end * SIZE == len(events) - SIZE:
        profile.last_visit = after[-1]
        if len(after) == 1:
            after[0].pages += profile.sealed[2]


def all_visits(profile: Profile, gap: int) -> list[Visit]:
    """The visits that the timeline still holds, oldest first."""
    visits = timeline.derive(profile.timeline, gap)
    if visits and profile.sealed[2]:
        visits[0].pages += profile.sealed[2]
    return visits


def rebuild(profile: Profile, events: bytearray, gap: int, totals: Hours) -> None:
    """Sets another timeline, and all that follows from it."""
    before = all_visits(profile, gap)
    profile.timeline = events
    visits = all_visits(profile, gap)
    _recount(profile, before, visits, totals)
    profile.visits = profile.sealed[0] + len(visits)
    profile.time_on_site = profile.sealed[1] + _duration(visits)
    profile.last_visit = visits[-1] if visits else None


def _duration(visits: list[Visit]) -> int:
    return sum(visit.end - visit.start for visit in visits)


def _recount(profile: Profile, before: list[Visit], after: list[Visit], totals: Hours) -> None:
    """The hours' counts of visits after these have become those."""
    was = Counter(visit.start // HOUR for visit in before)
    now = Counter(visit.start // HOUR for visit in after)
    for hour in was.keys() | now.keys():
        if change := now[hour] - was[hour]:
            count_hour(profile.hours, hour, VISITS, change)
            count_hour(totals, hour, VISITS, change)


def count_hour(hours: Hours, hour: int, what: int, change: int) -> None:
    """Adds to one counter of one hour: 0 page views, 1 clicks, 2 other events, 3 visits."""
    counters = hours.get(hour)
    if counters is None:
        counters = hours[hour] = [0, 0, 0, 0]
    counters[what] += change


def _source_index(profile: Profile, source: str, gap: int) -> int:
    if not source:
        return DIRECT
    try:
        return profile.sources.index(source) + 1
    except ValueError:
        make_room(profile, gap, 1)
        profile.sources.append(source)
        return len(profile.sources)


def make_room(profile: Profile, gap: int, more: int) -> None:
    """Sees to it that so many more sources can be told apart: those of no event go, then the oldest events do."""
    while len(profile.sources) + more > MOST_SOURCES:
        _drop_unused_sources(profile)
        if len(profile.sources) + more > MOST_SOURCES:
            _seal(profile, gap, max(1, len(profile.timeline) // SIZE // 2))


def _drop_unused_sources(profile: Profile) -> None:
    packed = list(timeline.entries(profile.timeline))
    last = profile.last_visit
    used = {code >> 2 for _, code, _ in packed} | ({last.source} if last is not None else set())
    kept = [index for index in range(1, len(profile.sources) + 1) if index in used]
    recode = {DIRECT: DIRECT, -1: -1} | {index: place for place, index in enumerate(kept, 1)}
    profile.sources = [profile.sources[index - 1] for index in kept]
    profile.timeline = timeline.pack((time, recode[code >> 2] * 4 + (code & 3), at) for time, code, at in packed)
    if last is not None:
        last.source = recode[last.source]


def _between(
    packed: list[tuple[int, int, int]], kept: set[int | None], most: int, gap: int
) -> list[tuple[int, int, int]]:
    """The oldest events that can go without leaving a gap that would end the visit; some must, in any case."""
    gone: list[tuple[int, int, int]] = []
    before = packed[0]
    for entry, following in pairwise(packed[1:]):
        if len(gone) == most:
            break
        if entry[2] not in kept and following[0] - before[0] < gap:
            gone.append(entry)
        else:
            before = entry
    return gone or [entry for entry in packed[1 : most + 1] if entry[2] not in kept]


def _seal(profile: Profile, gap: int, limit: int) -> None:
    """Cuts the timeline to `limit` events: the oldest visits become sums, or else the middle of the only one is cut."""
    visits = all_visits(profile, gap)
    packed = list(timeline.entries(profile.timeline))
    excess = len(packed) - limit
    sealed = [visit for visit in visits[:-1] if visit.start < packed[excess][0]]
    cut = 0
    if sealed:
        following = visits[len(sealed)].start
        while packed[cut][0] < following:
            cut += 1
    count, duration, pages = profile.sealed
    if cut:
        profile.sealed = (count + len(sealed), duration + _duration(sealed), 0)
        packed = packed[cut:]
    else:
        kept = {visits[0].head, visits[0].landing, packed[0][2]}
        gone = _between(packed, kept, excess, gap)
        profile.sealed = (count, duration, pages + sum(entry[1] & 3 != OTHER for entry in gone))
        lost = {entry[2] for entry in gone}
        packed = [entry for entry in packed if entry[2] not in lost]
    profile.timeline = timeline.pack(packed)
