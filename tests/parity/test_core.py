"""The pure core against the reference: rules × histories × arrival orders × instants, each boundary to the millisecond.

`PARITY_EXAMPLES=20000 pytest tests/parity/test_core.py` looks longer. What was ever found is kept as a scenario.
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.parity.compare import differences
from tests.parity.core import Core
from tests.strategies import WHOLE, Habits, case_from_seed, cases

EXAMPLES = int(os.environ.get("PARITY_EXAMPLES", "150"))
HABITS = {
    "usual": Habits(),
    "several in a millisecond": Habits(equal_arrivals=True, aliases=False),
    "older than the retention": Habits(ancient=True),
    "honest ids": Habits(nasty_ids=False),
}


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases(WHOLE, calls=(1, 12), rules=(1, 4)), st.integers(0, 9))
def test_small_cases_agree(case, seed):
    assert differences(case, Core(seed)) == []


@pytest.mark.parametrize("habits", HABITS)
def test_rolled_cases_agree(habits):
    for seed in range(max(20, EXAMPLES // 4)):
        case = case_from_seed(seed, WHOLE, HABITS[habits], calls=(3, 16), rules=(5, 10))
        assert differences(case, Core(seed)) == [], f"case_from_seed({seed}, …) with {habits}"
