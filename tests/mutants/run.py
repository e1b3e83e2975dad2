"""Runs the tests against each deliberate fault: `python -m tests.mutants.run [--jobs N] [WORD …]`.

A fault is put into a private copy of the tree, never into the tree itself: then the scenarios and some seeds of the
search look at it, and if they find nothing the quick suites do. Every fault must be caught; one that is not shows a
test that is missing, and the exit status is 1. WORDs pick the faults that mention one of them.
"""

import argparse
import os
import queue
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.mutants.fault import Fault
from tests.mutants.faults import FAULTS

TREE = Path(__file__).parents[2]
SUITES = (
    "tests/scenarios",
    "tests/parity/test_search.py",
    "tests/parity/test_managing.py",
    "tests/streams",
    "tests/parity/test_core.py",
)
"""The quickest to find most go first."""
SECONDS = 600
"""A fault that keeps the suites from ending is caught too."""
_NOT_ENDING = "its not ending"
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "node_modules")


class Verdict(NamedTuple):
    """`by`: the test that failed, None where all passed."""

    fault: Fault
    by: str | None
    seconds: float

    def line(self) -> str:
        caught = f"caught    {self.seconds:5.1f} s  by {self.by}" if self.by else f"SURVIVED  {self.seconds:5.1f} s"
        return f"{self.fault.file:22} {self.fault.why:74} {caught}"


@contextmanager
def copies(count: int, tree: Path = TREE) -> Iterator["queue.Queue[Path]"]:
    """So many private copies of the tree, each for whoever takes it."""
    with tempfile.TemporaryDirectory(prefix="shoal-mutants-") as directory:
        free: queue.Queue[Path] = queue.Queue()
        for number in range(count):
            free.put(Path(shutil.copytree(tree, Path(directory) / str(number), ignore=_LEFT_OUT)))
        yield free


def suites(copy: Path, paths: Sequence[str]) -> str | None:
    """The first test that fails in a copy of the tree, None where all pass."""
    pytest = ["-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=no", *paths]
    found = _ran(copy, pytest)
    if found is None or found is _NOT_ENDING:
        return found
    failed = re.search(r"^(?:FAILED|ERROR) (?:tests/)?(.+?)(?: - .*)?$", found, re.MULTILINE)
    return failed[1] if failed else "what cannot even begin"


def probe(copy: Path) -> str | None:
    """The same, without tests: the engine alone, beside the reference, in seconds."""
    found = _ran(copy, ["-m", "tests.mutants.probe"])
    return None if found is None else found.strip() or "what raises"


def _ran(copy: Path, arguments: Sequence[str]) -> str | None:
    """What a program of the copy says that fails; None for one that does not."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / "examples")}
    command = [sys.executable, *arguments]
    try:
        ran = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return _NOT_ENDING
    return ran.stdout if ran.returncode else None


def judged(fault: Fault, copy: Path, paths: Sequence[str] = SUITES) -> Verdict:
    """Puts a fault into the copy, looks, runs the suites if that finds nothing, and takes it out again."""
    place, begun = copy / fault.file, time.monotonic()
    right, wrong = place.read_text(), fault.applied(copy)
    place.write_text(wrong)
    try:
        return Verdict(fault, probe(copy) or suites(copy, paths), time.monotonic() - begun)
    finally:
        place.write_text(right)


def run(faults: Sequence[Fault], jobs: int, paths: Sequence[str] = SUITES) -> list[Verdict]:
    """Says each verdict as it falls."""
    with copies(jobs) as free, ThreadPoolExecutor(jobs) as pool:

        def one(fault: Fault) -> Verdict:
            copy = free.get()
            try:
                return judged(fault, copy, paths)
            finally:
                free.put(copy)

        verdicts = []
        for verdict in pool.map(one, faults):
            verdicts.append(verdict)
            print(f"{len(verdicts):3}  {verdict.line()}", flush=True)
        return verdicts


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    faults = [each for each in FAULTS if not asked.words or any(word in str(each) for word in asked.words)]
    for each in faults:
        each.applied(TREE)
    with copies(1) as free:
        if (red := suites(free.get(), SUITES)) is not None:
            print(f"the suites fail without any fault: {red}", file=sys.stderr)
            return 2
    verdicts = run(faults, asked.jobs)
    survived = [verdict.fault for verdict in verdicts if verdict.by is None]
    print(f"\n{len(verdicts) - len(survived)} of {len(verdicts)} faults caught")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
