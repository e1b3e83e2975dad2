"""Uploads, static lists and erasing in between calls: the pure core says what the reference says."""

import os
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.parity.compare import differences
from tests.parity.core import Core
from tests.parity.lagging import Lagging
from tests.strategies import WHOLE
from tests.strategies.managing import managed_cases, managed_from_seed

EXAMPLES = int(os.environ.get("PARITY_EXAMPLES", "150"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(managed_cases(WHOLE, calls=(1, 12), rules=(1, 4)), st.integers(0, 9))
def test_small_cases_agree(case, seed):
    assert differences(case, Core(seed)) == []


@pytest.mark.parametrize("way", [Core, Lagging])
def test_rolled_cases_agree(way):
    for seed in range(EXAMPLES):
        case = managed_from_seed(random.Random(seed), WHOLE, calls=(3, 16), rules=(2, 5), asks=(1, 2))
        assert differences(case, way(seed)) == [], f"seed {seed}"
