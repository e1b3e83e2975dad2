"""Systems whose worker and gateway are stand-ins, so that the running of processes is tested by itself."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import processes
from tests.support.system import RunningSystem

FAKE = (sys.executable, str(Path(__file__).parent / "fake_shoal.py"))
MakeSystem = Callable[..., RunningSystem]


@pytest.fixture
def make_system(tmp_path: Path) -> Iterator[MakeSystem]:
    """Makes a system, not started yet; ended after the test."""
    made: list[RunningSystem] = []

    def make(*options: str, **environment: str) -> RunningSystem:
        root = str(Path(__file__).parents[2])
        made.append(RunningSystem(tmp_path / f"s{len(made)}", options, {"PYTHONPATH": root, **environment}, FAKE))
        return made[-1]

    yield make
    for system in made:
        if system._process is not None:
            processes.end(system._process, 12.0)
        print(system.errors)
