"""Two profiles of one user become one: the joined history is the union of both.

Owns how each part of a profile is joined; whether two ids are joined at all is decided in `streams.identity`. The order
of joining never matters: series are sets, facts are decided by event time, visits are derived anew. Source: contract
section 2, "Identity".
"""

from schemas.profile import Profile
from streams import facts, keeping, timeline, visits
from streams.live import Live


def absorb(live: Live, other: Profile, now: int) -> None:
    """Joins `other`, whose row is no more, into a row that was advanced to `now`, and judges it anew."""
    profile = live.profile
    _join_ids(profile, other)
    _join_told(live, other)
    live.seen = {}
    _join_facts(profile, other)
    keeping.join(profile, other, live.rules.by_key, now)
    for hour, counts in other.hours.items():
        for what, count in enumerate(counts):
            if what != visits.VISITS:
                visits.count_hour(profile.hours, hour, what, count)
                visits.count_hour(live.totals, hour, what, count)
    _join_timelines(live, other)
    profile.parked += other.parked
    if other.known_at is not None:
        live.become_known(other.known_at, now)
    live.rejudge(now)
    for slot in profile.since.keys() & other.since.keys():
        profile.since[slot] = min(profile.since[slot], other.since[slot])


def _join_ids(profile: Profile, other: Profile) -> None:
    profile.ids += [id for id in other.ids if id not in profile.ids]
    profile.identified = True
    profile.share = profile.share and other.share
    profile.fences.update(other.fences)
    profile.dups.update(other.dups)
    profile.messages.update(other.messages)
    if other.filled[0] > profile.filled[0]:
        profile.filled = other.filled
    elif other.filled[0] == profile.filled[0]:
        profile.filled[1].update(other.filled[1])


def _join_told(live: Live, other: Profile) -> None:
    """The name that an alias gave last; what was told of the other is for this row to take back, or to keep."""
    profile = live.profile
    if other.told_as:
        live.called = live.called or profile.canonical
        for name, segments in other.told_as.items():
            profile.told_as.setdefault(name, {}).update(segments)
    if other.name is not None:
        live.rename(other.name, other.name_at)


def _join_facts(profile: Profile, other: Profile) -> None:
    for name, stamped in other.traits.items():
        known = profile.traits.get(name)
        if known is None or (stamped[1], stamped[2]) > (known[1], known[2]):
            profile.traits[name] = stamped
    for index, name in enumerate(facts.LATEST):
        if (order := facts.order_of(other, name)) is not None:
            alone = [value if at == index else None for at, value in enumerate(other.latest)]
            facts.note_latest(profile, tuple(alone), order, set())
    seen = [each for each in (profile.first_seen, other.first_seen) if each is not None]
    profile.first_seen = min(seen, default=None)
    seen = [each for each in (profile.last_seen, other.last_seen) if each is not None]
    profile.last_seen = max(seen, default=None)
    campaigns = [each for each in (profile.first_campaign, other.first_campaign) if each is not None]
    profile.first_campaign = min(campaigns, key=lambda each: each[1:], default=None)
    campaigns = [each for each in (profile.last_campaign, other.last_campaign) if each is not None]
    profile.last_campaign = max(campaigns, key=lambda each: each[1:], default=None)
    referrers = [each for each in (profile.first_referrer, other.first_referrer) if each is not None]
    profile.first_referrer = min(referrers, key=lambda each: each[1:], default=None)


def _join_timelines(live: Live, other: Profile) -> None:
    """Both timelines in one; hours' visits follow from it, and so are not added up."""
    profile, gap = live.profile, live.rules.limits.session_gap
    if len(profile.sources) + len(other.sources) > visits.MOST_SOURCES:
        for each in (profile, other):
            visits.make_room(each, gap, visits.MOST_SOURCES // 2 + 1)
    recode = [0]
    for source in other.sources:
        if source not in profile.sources:
            profile.sources.append(source)
        recode.append(profile.sources.index(source) + 1)
    profile.sealed = (
        profile.sealed[0] + other.sealed[0],
        profile.sealed[1] + other.sealed[1],
        profile.sealed[2] or other.sealed[2],
    )
    joined = timeline.merge(profile.timeline, other.timeline, recode)
    visits.rebuild(profile, joined, gap, live.totals)
