"""Static lists in a profile: the latest word on an id counts, in whatever order and however often it comes."""

from itertools import permutations

import pytest

from schemas.profile import Profile
from streams.lists import ListLeaf, counts_of, forget, ids_on, is_on, join, put


def profile(home: str = "u") -> Profile:
    return Profile(home=home, ids=[home])


def test_the_latest_word_counts_in_any_order() -> None:
    words = [(1, True), (2, False), (3, True), (4, False)]
    for order in permutations(words):
        user = profile()
        changed = sum(put(user, 16, "a", stamp, on) for stamp, on in order)
        assert not is_on(user, 16)
        assert changed == 0


def test_how_many_more_are_listed() -> None:
    user = profile()
    assert put(user, 16, "a", 1, True) == 1
    assert put(user, 16, "a", 1, True) == 0
    assert put(user, 16, "b", 2, True) == 1
    assert put(user, 16, "a", 3, False) == -1
    assert put(user, 16, "never", 4, False) == 0
    assert (counts_of(user), ids_on(user, 16)) == ({16: 1}, ["b"])


@pytest.mark.parametrize("first", [True, False])
def test_who_is_joined_is_on_the_lists_of_both(first: bool) -> None:
    one, other = profile("a"), profile("b")
    put(one, 16, "a", 5, True)
    put(other, 16, "b", 2, True)
    put(other, 17, "b", 3, True)
    put(other, 17, "b", 4, False)
    into, what = (one, other) if first else (other, one)
    assert join(into, what) in ({16: 1, 17: 0}, {16: 1})
    assert (ids_on(into, 16), is_on(into, 17)) == (["a", "b"], False)
    assert put(into, 17, "b", 3, True) == 0  # read again


def test_a_condition_is_its_slot() -> None:
    user, leaf = profile(), ListLeaf(16)
    assert not leaf.holds(user, 0, 0)
    put(user, 16, "u", 1, True)
    assert leaf.holds(user, 0, 0)
    assert leaf.found(user, 0) == ["u"]
    assert (leaf.rises, leaf.falls, leaf.exact(user, 0)) == (False, False, True)
    assert repr(leaf) != repr(ListLeaf(17))


class Rules:
    lists = frozenset({16, 18})
    next_slot = 20


def test_what_is_no_more_is_forgotten_and_what_is_not_known_yet_is_not() -> None:
    user = profile()
    for slot in (16, 17, 18, 20):
        put(user, slot, "u", 1, True)
    forget(user.lists, Rules())
    assert list(user.lists) == [16, 18, 20]
