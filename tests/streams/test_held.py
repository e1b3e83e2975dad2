"""`for`: over what is kept of the values set, held against all of them at every instant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from schemas.profile import NEVER
from schemas.rules import Held, User
from streams import facts
from tests.streams.standing import Standing
from tests.streams.windows import LAST

VALUES = st.sampled_from(["pro", "free", "", None])
SET = st.lists(st.tuples(st.integers(0, LAST), st.sampled_from(["plan", "other"]), VALUES), max_size=9)


def identify(time, traits):
    return Event(id="u", type="identify", name="$identify", time=time, received=time, message_id="m", traits=traits)


class HeldFor(Standing):
    def __init__(self, rule, known_at):
        super().__init__(rule)
        self.profile.known_at = known_at

    def set(self, changes, now, from_log=()):
        """`changes`: (arrival, time, traits); those that stand in `from_log` alone come to the series."""
        for arrival, time, traits in changes:
            event = identify(time, traits)
            facts.note_traits(self.profile, traits, time, arrival, set())
            for series in self.rules.trait_series:
                if arrival not in from_log and series.concerns(event):
                    series.insert(self.profile, event, arrival, now)
        return self


def held_since(changes, known_at, at, condition):
    """By the contract's words: back from now as long as it holds."""
    since = None
    for time in range(at, known_at - 1, -1):
        value = None
        for _, when, traits in sorted(changes, key=lambda each: (each[1], each[0])):
            if when <= time and traits.get("plan") is not None:
                value = traits["plan"]
        if not condition(value):
            break
        since = time
    return since


@pytest.mark.parametrize("op", ["is", "is_not", "exists", "not_exists"])
@given(done=SET, comparison=st.sampled_from(["gte", "lt"]), duration=st.integers(1, 12), known_at=st.integers(0, 3))
def test_how_long_it_has_held(op, done, comparison, duration, known_at):
    changes = [(arrival, max(time, known_at), {name: value}) for arrival, (time, name, value) in enumerate(done)]
    rule = User("traits.plan", op, "pro" if op.startswith("is") else None, Held(comparison, duration))
    standing = HeldFor(rule, known_at).set(changes, LAST)
    says = {
        "is": lambda value: value == "pro",
        "is_not": lambda value: value != "pro",
        "exists": lambda value: value not in (None, ""),
        "not_exists": lambda value: value in (None, ""),
    }[op]

    def expected(at):
        since = held_since(changes, known_at, at, says)
        return since is not None and (at - since >= duration) is (comparison == "gte")

    standing.follows(expected, LAST)


PRO = User("traits.plan", "is", "pro", Held("gte", 10))


def holds(standing, now):
    return standing.leaf.holds(standing.profile, 0, now)


def test_a_value_that_is_set_again_does_not_restart_it() -> None:
    standing = HeldFor(PRO, 0).set([(1, 5, {"plan": "pro"}), (2, 12, {"plan": "pro"})], 14)
    assert standing.leaf.next(standing.profile, 0, 14) == 15
    assert holds(standing, 15)
    assert standing.leaf.next(standing.profile, 0, 15) == NEVER


def test_a_late_value_breaks_it_in_the_past() -> None:
    standing = HeldFor(PRO, 0).set([(1, 5, {"plan": "pro"}), (2, 12, {"plan": "pro"})], 15)
    assert holds(standing, 15)
    standing.set([(3, 7, {"plan": "free"})], 15)
    assert not holds(standing, 15)
    assert standing.leaf.next(standing.profile, 0, 15) == 22


def test_of_two_values_at_one_instant_the_later_to_arrive_counts() -> None:
    both = [(1, 5, {"plan": "pro"}), (2, 8, {"plan": "free"}), (3, 8, {"plan": "pro"})]
    assert holds(HeldFor(PRO, 0).set(both, 15), 15)
    assert not holds(
        HeldFor(PRO, 0).set([(1, 5, {"plan": "pro"}), (2, 8, {"plan": "pro"}), (3, 8, {"plan": "f"})], 15), 15
    )


def test_a_trait_of_the_whole_path_goes_before_the_object() -> None:
    rule = User("traits.address.city", "is", "Bern", Held("gte", 10))
    standing = HeldFor(rule, 0).set([(1, 5, {"address": {"city": "Bern"}})], 15)
    assert holds(standing, 15)
    standing.set([(2, 9, {"address.city": "Basel"}), (3, 10, {"address": {"city": "Bern"}})], 25)
    assert not holds(standing, 25)
    standing.set([(4, 12, {"address.city": "Bern"})], 25)
    assert holds(standing, 25)


def test_a_value_that_the_log_has_no_more_is_known_from_the_row() -> None:
    assert holds(HeldFor(PRO, 0).set([(1, 5, {"plan": "pro"})], 15, from_log=[1]), 15)
    standing = HeldFor(PRO, 0).set([(1, 5, {"plan": "free"}), (2, 9, {"plan": "pro"})], 15, from_log=[2])
    assert standing.leaf.next(standing.profile, 0, 15) == 19


def test_it_is_asked_anew_when_the_user_was_known_earlier() -> None:
    standing = HeldFor(User("traits.plan", "is_not", "pro", Held("gte", 10)), 8)
    assert not holds(standing, 15)
    standing.profile.known_at = 5
    assert holds(standing, 15)
    assert standing.rules.by_group["known_at"]


def test_what_was_set_before_the_longest_is_kept_no_more_but_for_the_last() -> None:
    standing = HeldFor(PRO, 0).set([(time, time, {"plan": "pro"}) for time in range(100)], 99)
    assert standing.kept == 11
    assert holds(standing, 99)
