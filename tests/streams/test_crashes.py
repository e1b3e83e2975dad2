"""Workers that crash between any two writes come to what a brute-force reading says, and so does Redis.

`CRASH_CASES=5000 pytest tests/streams/test_crashes.py` looks longer.
"""

import os

import pytest

from tests.parity.compare import differences
from tests.strategies import FIRST_PART, case_from_seed
from tests.streams.crashing import Crashing

CASES = int(os.environ.get("CRASH_CASES", "240"))
PARTS = 4


def differs(seed, crashes):
    case = case_from_seed(seed, FIRST_PART, calls=(3, 12), rules=(3, 6), asks=(1, 1))
    system = Crashing(seed, crashes)
    return differences(case, system) + system.faults()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_crashes_change_nothing(part):
    for seed in range(part, CASES, PARTS):
        assert differs(seed, crashes=8) == [], f"seed {seed}"


@pytest.mark.parametrize("part", range(PARTS))
def test_nor_does_the_order_of_everything(part):
    for seed in range(part, CASES // 4, PARTS):
        assert differs(seed, crashes=0) == [], f"seed {seed}"


FOUND = {
    4: "an event that was counted between a profile's first and its second move",
    8: "an alias that was decided anew by what the id came as later",
    95: "the same, for a country",
    4725: "a repeated message that a topic read days later was to forget",
    305: "a number in the bitmaps that a crash gave back",
}


@pytest.mark.parametrize("seed", FOUND)
def test_what_was_once_found(seed):
    assert differs(seed, crashes=8) == [], FOUND[seed]
