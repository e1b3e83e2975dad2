"""The long search, shortly: no difference by a few hundred seeds; and one that is there is found and made small."""

import os
from unittest import mock

import pytest

from streams import merge
from tests.parity.search import CHUNK, Progress, resumed, search, tried
from tests.parity.searching import told, trial

SEEDS = int(os.environ.get("SEARCH_SEEDS", "600"))
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_no_seed_differs(part):
    for seed in range(part, SEEDS, PARTS):
        one = trial(seed)
        assert one.differences() == [], told(one)


def test_a_seed_tries_the_same_again():
    assert [trial(seed) for seed in range(60)] == [trial(seed) for seed in range(60)]
    assert len({trial(seed).system for seed in range(60)}) == 3


def test_a_difference_is_found_and_made_small():
    """A merge that forgets traits: an identify of the anonymous id, one that joins it, and a rule."""
    with mock.patch.object(merge, "_join_facts"):
        one = next(one for one in map(trial, range(2000)) if one.differences())
        text = told(one)
    assert text.startswith(f"seed {one.seed}, ")
    assert text.count("'type':") <= 3, text
    assert "expected" in text


def test_a_run_goes_on_where_it_was(tmp_path, capsys):
    keep = tmp_path / "kept.json"
    whole = search(Progress(0, 0), 2 * tried(0)[0], 1)
    part = search(Progress(0, 0), 1, 1, keep)
    assert resumed(keep, 0) == part
    assert (part.first, part.next, part.cases) == (0, CHUNK, tried(0)[0])
    assert search(resumed(keep, 0), whole.cases, 1) == whole
    assert "cases, 0 differ" in capsys.readouterr().out
