"""Visits kept as events come, in any order, against visits derived from all of them in order."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from schemas.profile import Profile
from schemas.times import HOUR
from streams import timeline, visits

GAP = 10
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.sampled_from(["page", "screen", "track", "identify"]),
        st.sampled_from(["", "ads", "news"]),
    ),
    max_size=14,
)


def event(time, kind, source):
    campaign = {"source": source} if source else {}
    return Event(id="u", type=kind, name="x", time=time, received=99, message_id="m", campaign=campaign)


def kept(history, limit=1000):
    """(profile, totals) after events, with their places in the list as arrivals, in the order of `history`."""
    profile, totals = Profile(home="u", ids=["u"]), {}
    for arrival, (time, kind, source) in history:
        visits.observe(profile, event(time, kind, source), arrival, GAP, limit, totals)
    return profile, totals


def facts(profile):
    every = visits.all_visits(profile, GAP)
    shown = [(v.start, v.end, v.pages, v.head, v.landing) for v in every]
    return profile.visits, profile.time_on_site, shown, profile.hours


@given(EVENTS, st.randoms())
def test_any_order_of_arrival_gives_the_same(history, random):
    numbered = list(enumerate(history))
    expected, _ = kept(sorted(numbered, key=lambda each: (each[1][0], each[0])))
    random.shuffle(numbered)
    profile, totals = kept(numbered)
    count, duration, shown, hours = facts(profile)
    assert (count, duration, shown) == facts(expected)[:3]
    assert {h: c for h, c in hours.items() if any(c)} == {h: c for h, c in expected.hours.items() if any(c)}
    assert {h: c for h, c in totals.items() if any(c)} == {h: c for h, c in hours.items() if any(c)}
    assert profile.last_visit is None or profile.last_visit == visits.all_visits(profile, GAP)[-1]
    assert (profile.last_visit is None) == (not history)


@given(EVENTS)
def test_the_fields_follow_from_the_timeline(history):
    profile, _ = kept(list(enumerate(history)))
    derived = timeline.derive(profile.timeline, GAP)
    assert profile.visits == len(derived)
    assert profile.time_on_site == sum(visit.end - visit.start for visit in derived)
    if derived:
        last = profile.last_visit
        assert (last.start, last.end, last.pages, last.head, last.landing) == (
            derived[-1].start,
            derived[-1].end,
            derived[-1].pages,
            derived[-1].head,
            derived[-1].landing,
        )


@given(EVENTS, EVENTS, st.randoms())
def test_joined_timelines_are_those_of_all_events(ours, theirs, random):
    numbered = list(enumerate(ours + theirs))
    mine, yours = numbered[: len(ours)], numbered[len(ours) :]
    (profile, _), (other, _) = kept(mine), kept(yours)
    recode = [0]
    for source in other.sources:
        if source not in profile.sources:
            profile.sources.append(source)
        recode.append(profile.sources.index(source) + 1)
    joined = timeline.merge(profile.timeline, other.timeline, recode)
    visits.rebuild(profile, joined, GAP, {})
    random.shuffle(numbered)
    assert facts(profile)[:3] == facts(kept(numbered)[0])[:3]


def test_a_long_visit_is_bounded_and_stays_one() -> None:
    """Its pages are still counted, and what is left of its events has no gap that would end it."""
    history = [(arrival, (arrival // 3, "page", "")) for arrival in range(500)]
    profile, _ = kept(history, limit=40)
    assert len(profile.timeline) // timeline.SIZE <= 50
    assert facts(profile)[:3] == facts(kept(history)[0])[:3]


def test_old_visits_become_sums() -> None:
    history = [(arrival, (arrival * GAP, "page", "")) for arrival in range(500)]
    profile, _ = kept(history, limit=40)
    assert len(profile.timeline) // timeline.SIZE <= 50
    assert (profile.visits, profile.time_on_site) == (500, 0)
    assert profile.sealed[0] + len(visits.all_visits(profile, GAP)) == 500


def test_hours_count_the_visits_that_begin_in_them() -> None:
    profile, totals = kept([(0, (HOUR - 1, "page", "")), (1, (HOUR + 20, "page", ""))])
    assert profile.hours == totals == {0: [0, 0, 0, 1], 1: [0, 0, 0, 1]}
    visits.observe(profile, event(HOUR + 8, "track", ""), 2, GAP, 1000, totals)
    visits.observe(profile, event(HOUR + 12, "track", ""), 3, GAP, 1000, totals)
    assert profile.hours[1][visits.VISITS] == totals[1][visits.VISITS] == 0, "one visit, begun in the hour before"
