"""A user who comes from more places than a timeline can tell apart: the oldest are sealed, nothing breaks."""

import pytest

from schemas.events import Event
from schemas.profile import Profile
from schemas.times import MINUTE
from streams import timeline, visits
from streams.live import Live
from streams.merge import absorb
from streams.ruleset import RuleSet

START = 1_795_000_000_000
GAP = 30 * MINUTE


def page(number: int, source: str | None) -> Event:
    campaign = {"source": source} if source else {}
    at = START + number * 1000
    return Event(
        id="u", type="page", name="$page", time=at, received=at, message_id="", arrival=at * 1000, campaign=campaign
    )


def profile_of(numbers: range, name: str = "s") -> Profile:
    profile = Profile(home=name, ids=[name])
    for number in numbers:
        event = page(number, f"{name}{number}")
        visits.observe(profile, event, event.arrival, GAP, 10_000, {})
    return profile


def test_more_sources_than_bits() -> None:
    profile = profile_of(range(visits.MOST_SOURCES + 2000))
    assert profile.visits == visits.MOST_SOURCES + 2000
    assert len(profile.sources) <= visits.MOST_SOURCES


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visits, "MOST_SOURCES", 11)


@pytest.mark.usefixtures("few")
def test_visits_go_on_being_told_apart() -> None:
    profile = profile_of(range(100))
    assert (profile.visits, profile.time_on_site) == (100, 0)
    before = profile.visits
    for number, source in ((100, "s99"), (101, None), (102, "new"), (103, "new"), (104, "other")):
        event = page(number, source)
        visits.observe(profile, event, event.arrival, GAP, 10_000, {})
    assert profile.visits == before + 2
    assert [each.pages for each in visits.all_visits(profile, GAP)][-3:] == [3, 2, 1]
    assert len(profile.sources) <= 11


@pytest.mark.usefixtures("few")
def test_what_no_event_came_from_is_forgotten_first() -> None:
    profile = profile_of(range(5))
    profile.sources += [f"unused{number}" for number in range(6)]
    event = page(5, "s5")
    visits.observe(profile, event, event.arrival, GAP, 10_000, {})
    assert (profile.visits, len(profile.timeline) // timeline.SIZE) == (6, 6)
    assert profile.sources == [f"s{number} / " for number in range(6)]


@pytest.mark.usefixtures("few")
def test_two_users_with_many_sources_join() -> None:
    live = Live(profile_of(range(0, 40, 2), "a"), 0, RuleSet(), START + 100_000)
    absorb(live, profile_of(range(1, 41, 2), "b"), START + 100_000)
    assert live.profile.visits == 40
    assert len(live.profile.sources) <= 11
