"""Each event once: read again, repeated by its sender, forwarded late."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from schemas.profile import NEVER, Profile
from schemas.times import HOUR
from streams.apply import arrived
from streams.fences import KEPT_HOURS, MOST_MESSAGES, drop_duplicates, pass_fences, pass_fill_fence
from streams.live import Live
from streams.ruleset import RuleSet

RULES = RuleSet()


def live():
    return Live(Profile(home="u", ids=["u"]), NEVER, RULES, 0)


def event(message, received, id="u"):
    return Event(id=id, type="track", name="x", time=received, received=received, message_id=message)


def came(message, received, topic=0, sent="u", offset=7):
    return arrived(event(message, received, sent), b"", 0, topic, offset)


def pass_fence(profile, sent, topic, offset):
    return bool(pass_fences(profile, sent, [came("m", 5, topic, sent, offset)]))


def is_duplicate(row, sent, message, received, topic=0, offset=7):
    return not drop_duplicates(row, sent, [came(message, received, topic, sent, offset)], 100)


def again(row, message, received, topic=0, sent="u", offset=7):
    """As if the row had been read anew before."""
    row.seen = {}
    return is_duplicate(row, sent, message, received, topic, offset)


@given(st.lists(st.tuples(st.sampled_from("uv"), st.integers(0, 3), st.integers(0, 9)), max_size=30))
def test_an_offset_passes_once_and_never_backwards(reads):
    profile, highest = Profile(home="u", ids=["u"]), {}
    for sent, topic, offset in reads:
        new = offset > highest.get((sent, topic), -1)
        assert pass_fence(profile, sent, topic, offset) is new
        if new:
            highest[sent, topic] = offset


def test_a_fill_has_fences_of_its_own_and_an_older_one_none() -> None:
    profile = Profile(home="u", ids=["u"])
    assert pass_fence(profile, "u", 0, 5)
    assert pass_fill_fence(profile, 3, "u", 0, 5)
    assert not pass_fill_fence(profile, 3, "u", 0, 5)
    assert pass_fill_fence(profile, 4, "u", 0, 5)
    assert not pass_fill_fence(profile, 3, "u", 0, 6)


def test_a_duplicate_is_not_filled_in_either() -> None:
    row = live()
    assert not again(row, "m", HOUR, offset=1)
    assert again(row, "m", HOUR, offset=2)
    assert pass_fill_fence(row.profile, 1, "u", 0, 1)
    assert not pass_fill_fence(row.profile, 1, "u", 0, 2)


@pytest.mark.parametrize("late", [0, 1, HOUR, 24 * HOUR])
def test_a_repeat_within_a_day_is_one(late):
    row = live()
    first = 1000 * HOUR + HOUR - 1
    assert not again(row, "m", first)
    for hour in range(25):
        if first + hour * HOUR <= first + late:
            again(row, f"other {hour}", first + hour * HOUR)
    assert again(row, "m", first + late)


def test_after_that_it_is_forgotten() -> None:
    row = live()
    for hour in range(100):
        again(row, f"m{hour}", hour * HOUR)
    assert len(row.profile.messages["u"]) == KEPT_HOURS
    assert not again(row, "m0", 100 * HOUR)


def test_who_is_days_behind_is_told_apart_all_the_same() -> None:
    """Another topic, or another id of the user, from where a worker was off."""
    row = live()
    assert not again(row, "now", 1000 * HOUR)
    assert not again(row, "m", 1 * HOUR, topic=2)
    assert again(row, "m", 2 * HOUR, topic=2)
    assert not again(row, "m", 1 * HOUR, sent="v")
    assert again(row, "m", 2 * HOUR, sent="v")


def test_what_is_remembered_is_bounded() -> None:
    row = live()
    for number in range(MOST_MESSAGES + 100):
        is_duplicate(row, "u", f"m{number}", 5, 0, number)
    assert sum(map(len, row.profile.messages["u"].values())) <= 8 * (MOST_MESSAGES + 1)
