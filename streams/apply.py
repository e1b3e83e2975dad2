"""An event becomes part of its user: facts, visits, counters, series, and whatever that makes true.

Owns the order of these steps and the time rules around them: a row is first brought to the present, an event of the
future waits in the row for its own time, one older than the retention tells its facts and is in no window. Pure: the
row, the event and `now` in; the changed row out. Source: contract section 2, "Event time".
"""

from schemas.events import Event, decode_event
from schemas.times import HOUR
from streams import facts, visits
from streams.live import KEPT_HOURS, Live

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
                apply(live, decode_event(data), data, fill, at)


def apply(live: Live, event: Event, data: bytes, fill: int, now: int) -> None:
    """Applies one event to a row that has been advanced to `now`.

    `fill`: series brought by later fills are left alone, for they get this event from the log.
    """
    if event.time > now:
        live.profile.parked.append((event.time, fill, data))
        live.due = min(live.due, event.time)
        return
    profile = live.profile
    arrival = event.arrival or event.received * 1000
    changed: set[str] = set()
    facts.note(profile, event, arrival, changed)
    ranks = 0
    if event.type != "group":
        _count(live, event, now)
        ranks |= _visit(live, event, arrival, fill, now, changed)
        if event.time >= event.received - live.rules.limits.retention:
            ranks |= _collect(live, event, fill, now)
    if profile.known_at is None or event.time < profile.known_at:
        ranks |= live.become_known(event.time, now)
    by_group = live.rules.by_group
    for group in changed:
        for index, settled in by_group.get(group, ()):
            if settled is None or bool(live.truth >> index & 1) is not settled:
                ranks |= live.ask(index, now)
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


def _visit(live: Live, event: Event, arrival: int, fill: int, now: int, changed: set[str]) -> int:
    profile, rules = live.profile, live.rules
    was, count = profile.last_visit, profile.visits
    limits = rules.limits
    in_order = visits.observe(profile, event, arrival, limits.session_gap, limits.exact, live.totals)
    if rules.asks_visits:
        changed.update(("visits", "time_on_site"))
    ranks = 0
    derived = None
    for series in rules.visit_series:
        if series.fill <= fill:
            series.mark(profile, event, arrival)
        if in_order:
            series.follow(profile, was if profile.visits == count else None)
        else:
            derived = derived or visits.all_visits(profile, limits.session_gap)
            series.rebuild(profile, derived)
        for bit in series.leaves:
            ranks |= live.ask(bit.bit_length() - 1, now)
    return ranks


def _collect(live: Live, event: Event, fill: int, now: int) -> int:
    """Puts the event into the series of every selector that it meets."""
    profile, rules = live.profile, live.rules
    ranks = 0
    for number in rules.match(event):
        series = rules.series[number]
        if series.fill <= fill:
            times = series.insert(profile, event.time, now)
            if asked := (series.up & ~live.truth) | (series.down & live.truth) | series.both:
                ranks |= live.ask_counts(series.leaves, asked, times, now)
    return ranks


def replay(live: Live, event: Event, data: bytes, fill: int, now: int) -> None:
    """Puts an event of the past into the series that `fill` brings, and nothing else; judging follows later.

    One whose own time is still to come is parked once more, for this fill alone: under its negative number.
    """
    profile, rules = live.profile, live.rules
    if event.type == "group":
        return
    if event.time > now:
        profile.parked.append((event.time, -fill, data))
        live.due = min(live.due, event.time)
        return
    arrival = event.arrival or event.received * 1000
    for visit_series in rules.visit_series:
        if visit_series.fill == fill:
            visit_series.mark(profile, event, arrival)
    if event.time >= event.received - live.rules.limits.retention:
        for number in rules.match(event):
            series = rules.series[number]
            if series.fill == fill:
                series.insert(profile, event.time, now)
