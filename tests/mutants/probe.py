"""The quickest look at a faulty copy of the tree: `python -m tests.mutants.probe`, in it.

All scenarios, then some hundred seeds of the search, in one process; says what failed first, exit status 1. A fault
that makes the engine raise fails too.
"""

import os
import sys

from tests.parity.core import Core
from tests.parity.searching import trial
from tests.scenarios.runner import run, scenarios

SEEDS = int(os.environ.get("PROBE_SEEDS", "300"))


def failing() -> str | None:
    """What failed first, None where nothing does."""
    for scenario in scenarios():
        if run(scenario, Core()):
            return f"scenario “{scenario['name']}”"
    return next((f"seed {seed} of the search" for seed in range(SEEDS) if trial(seed).differences()), None)


if __name__ == "__main__":
    found = failing()
    print(found)
    sys.exit(1 if found else 0)
