"""Cases kept as data, so that what was once found stays a test when the generators change."""

import json
from pathlib import Path

from tests.strategies.cases import Ask, Case, Define
from tests.strategies.histories import Arrival


def read_cases(path):
    """(why it is kept, the seed of what happened to it, the case) of each case in a JSON file."""
    return [
        (kept["why"], kept["seed"], Case(kept["segments"], [_step(step) for step in kept["steps"]]))
        for kept in json.loads(Path(path).read_text())
    ]


def _step(step):
    if "define" in step:
        return Define(step["define"])
    return Ask(step["ask"]) if "ask" in step else Arrival(**step)
