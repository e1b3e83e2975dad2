"""Events become part of their user: facts, visits, counters, series, and whatever that makes true.

Owns the order of these steps and the time rules around them: a row is first brought to the present, an event of the
future waits in the row for its own time, one older than the retention tells its facts and is in no window. Conditions
are asked once for all events of a step, for they are applied at one instant. Pure: the row, the events and `now` in;
the changed row out. Source: contract section 2, "Event time".
"""

from collections.abc import Iterable

from msgspec.structs import replace as copy

from schemas.events import NO_SIGHTINGS, Event, decode_event
from schemas.times import HOUR
from streams import facts, visits
from streams.intake import Arrived
from streams.live import KEPT_HOURS, Live
from streams.series import Series

_STEPS = 10_000
"""Due instants that one row is taken through before it is judged at the present at once."""


def advance(live: Live, now: int) -> None:
    """Takes the row through every instant up to `now` at which time alone changed something."""
    for _ in range(_STEPS):
        at = live.due
        if at > now:
            return
        _unpark(live, at)
        live.turn(at)
        live.look_ahead(at)
    live.turn(now)
    live.look_ahead(now)


def _unpark(live: Live, at: int) -> None:
    parked = live.profile.parked
    ready = sorted((each for each in parked if each[0] <= at), key=lambda each: each[0])
    if ready:
        live.profile.parked = [each for each in parked if each[0] > at]
        for _, fill, data in ready:
            if fill < 0:
                replay(live, decode_event(data), data, -fill, at)
                live.rejudge(at)
            else:
                apply(live, [arrived(decode_event(data), data, fill)], at)


def arrived(event: Event, data: bytes, fill: int, topic: int = 0, offset: int = 0) -> Arrived:
    """An event as it came; see `Arrived`."""
    return Arrived(event.arrival or event.received * 1000, event, data, topic, offset, fill)


def apply(live: Live, run: Iterable[Arrived], now: int) -> None:
    """Applies events to a row that has been advanced to `now`; best by arrival, but any order gives the same."""
    profile = live.profile
    changed: set[str] = set()
    touched: set[Series] = set()
    visited = profile.visits, profile.time_on_site
    ranks = 0
    for each in run:
        event = each.event
        time = event.time
        if time > now:
            profile.parked.append((time, each.fill, each.data))
            live.due = min(live.due, time)
            continue
        facts.note(profile, event, each.arrival, changed)
        if event.traits:
            _note_traits(live, each, now, touched)
        if event.type not in NO_SIGHTINGS:
            _count(live, event, now)
            _visit(live, each, touched)
            if time >= event.received - live.rules.limits.retention:
                _collect(live, each, now, touched)
        if profile.known_at is None or time < profile.known_at:
            ranks |= live.become_known(time, now)
            changed.add("known_at")
    if visited != (profile.visits, profile.time_on_site):
        changed.update(("visits", "time_on_site"))
    ranks |= _ask(live, touched, changed, now)
    if ranks:
        live.judge(ranks, now)


def _count(live: Live, event: Event, now: int) -> None:
    """The rolling counters of the hour: page views, clicks, other events."""
    hour = event.time // HOUR
    if event.type == "identify" or hour <= now // HOUR - KEPT_HOURS:
        return
    what = 0 if event.type != "track" else 1 if event.name == "$click" else 2
    visits.count_hour(live.profile.hours, hour, what, 1)
    visits.count_hour(live.totals, hour, what, 1)


def _visit(live: Live, each: Arrived, touched: set[Series]) -> None:
    """The event's part in the user's visits, and in the series of `$visit` selectors."""
    profile, rules, limits = live.profile, live.rules, live.rules.limits
    if not rules.visit_series:
        visits.observe(profile, each.event, each.arrival, limits.session_gap, limits.exact, live.totals)
        return
    was, count = profile.last_visit and copy(profile.last_visit), profile.visits
    in_order = visits.observe(profile, each.event, each.arrival, limits.session_gap, limits.exact, live.totals)
    derived = None
    for series in rules.visit_series:
        if series.fill <= each.fill:
            series.mark(profile, each.event, each.arrival, limits.retention)
        if in_order:
            series.follow(profile, was if profile.visits == count else None)
        else:
            derived = derived or visits.all_visits(profile, limits.session_gap)
            series.rebuild(profile, derived)
    touched.update(rules.visit_series)


def _note_traits(live: Live, each: Arrived, now: int, touched: set[Series]) -> None:
    """What the event sets is kept where a condition asks how long it has held."""
    for series in live.rules.trait_series:
        if series.fill <= each.fill and series.concerns(each.event):
            series.insert(live.profile, each.event, each.arrival, now)
            touched.add(series)


def _collect(live: Live, each: Arrived, now: int, touched: set[Series]) -> None:
    """Puts the event into the series of every selector that it meets."""
    profile, rules, event = live.profile, live.rules, each.event
    for number in rules.match(event):
        series = rules.series[number]
        if series.fill <= each.fill:
            series.insert(profile, event, each.arrival, now)
            touched.add(series)


def _ask(live: Live, touched: Iterable[Series], changed: Iterable[str], now: int) -> int:
    """Asks the conditions on what was touched, if the answer can be another now; the ranks of segments to judge."""
    profile, by_group = live.profile, live.rules.by_group
    ranks = 0
    for series in touched:
        if asked := (series.up & ~live.truth) | (series.down & live.truth) | series.both:
            ranks |= live.ask_counts(series.leaves, asked, profile.series[series.key], now)
        sure = live.truth & live.rules.grows
        for index in series.others:
            if not sure >> index & 1:
                ranks |= live.ask(index, now)
    for group in changed:
        for index, settled in by_group.get(group, ()):
            if settled is None or bool(live.truth >> index & 1) is not settled:
                ranks |= live.ask(index, now)
    return ranks


def replay(live: Live, event: Event, data: bytes, fill: int, now: int) -> None:
    """Puts an event of the past into the series that `fill` brings, and nothing else; judging follows later.

    One whose own time is still to come is parked once more, for this fill alone: under its negative number.
    """
    profile, brought = live.profile, live.rules.brought(fill)
    if event.time > now:
        profile.parked.append((event.time, -fill, data))
        live.due = min(live.due, event.time)
        return
    arrival = event.arrival or event.received * 1000
    for trait_series in brought.trait_series:
        if trait_series.concerns(event):
            trait_series.insert(profile, event, arrival, now)
    if event.type in NO_SIGHTINGS:
        return
    for visit_series in brought.visit_series:
        visit_series.mark(profile, event, arrival, live.rules.limits.retention)
    if event.time >= event.received - live.rules.limits.retention:
        for number in brought.match(event):
            brought.series[number].insert(profile, event, arrival, now)
