"""Uploads, static lists and erasing through crashes between any two writes: what the reference says, and Redis too.

`CRASH_CASES=5000 pytest tests/streams/test_crashes_managing.py` looks longer.
"""

import os
import random

import pytest

from tests.parity.compare import differences
from tests.strategies import WHOLE
from tests.strategies.managing import managed_from_seed
from tests.streams.crashing import Crashing

CASES = int(os.environ.get("CRASH_CASES", "240"))
PARTS = 4


def differs(seed, crashes):
    case = managed_from_seed(random.Random(seed), WHOLE, calls=(3, 12), rules=(1, 3), asks=(1, 1))
    system = Crashing(seed, crashes)
    return differences(case, system) + system.faults()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_crashes_change_nothing(part):
    for seed in range(part, CASES, PARTS):
        assert differs(seed, crashes=12) == [], f"seed {seed}"


def test_nor_does_the_order_of_everything():
    for seed in range(CASES // 4):
        assert differs(seed, crashes=0) == [], f"seed {seed}"
