"""`sequence`: held against trying every choice of events."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rules import Selector, Sequence
from streams.sequences import SequenceLeaf
from streams.spans import span_of
from tests.streams.standing import Standing, buy
from tests.streams.windows import LAST, WINDOWS, inside

NAMES = ["a", "b", "c"]
DONE = st.lists(st.tuples(st.integers(0, LAST), st.sampled_from(NAMES)), max_size=9)
STEPS = st.lists(st.sampled_from(NAMES), min_size=2, max_size=5)


def sequences(done, steps, within, window, covers_from, at):
    """All of them, by the contract's words."""
    there = [done[place] for place in inside([time for time, _ in done], window, covers_from, at)]
    choices = product(*([time for time, name in there if name == step] for step in steps))
    return [
        chain
        for chain in choices
        if all(one < other for one, other in pairwise(chain)) and (within is None or chain[-1] - chain[0] <= within)
    ]


@given(DONE, STEPS, st.none() | st.integers(1, 12), WINDOWS, st.integers(0, 5))
def test_steps_in_order(done, steps, within, window, covers_from):
    rule = Sequence(tuple(map(Selector, steps)), within, window)
    standing = Standing(rule, covers_from).put([buy(time, name=name) for time, name in done], LAST)

    def expected(at):
        return bool(sequences(done, steps, within, window, covers_from, at))

    standing.follows(expected, LAST)
    found = standing.leaf.found(standing.profile, LAST)
    if expected(LAST):
        every = sequences(done, steps, within, window, covers_from, LAST)
        assert tuple(found) in every
        assert found[0] == min(chain[0] for chain in every), "the first that there is"


@pytest.mark.parametrize(
    ("done", "found"),
    [
        ({"a": [1], "b": [2], "c": [3]}, [1, 2, 3]),
        ({"a": [1, 5], "b": [1, 4], "c": [6]}, [1, 4, 6]),
        ({"a": [5], "b": [5], "c": [6]}, [5]),
        ({"a": [1, 5], "b": [6], "c": [9]}, [5, 6, 9]),
        ({"a": [1], "b": [6], "c": []}, [1, 6]),
        ({"b": [1], "c": [2]}, []),
    ],
)
def test_the_steps_found_so_far(done, found):
    leaf = SequenceLeaf(("a", "b", "c"), 7, span_of(None, 0))
    standing = Standing(Sequence((Selector("a"), Selector("b"))))
    standing.profile.series = done
    assert leaf.found(standing.profile, 20) == found
    assert leaf.holds(standing.profile, 0, 20) is (len(found) == 3)
