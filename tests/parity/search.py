"""The long search, on all cores: `python -m tests.parity.search --cases 1000000`.

Says its seeds, how far it is, and every difference as a small case. Broken off, it goes on where it was when it is
started again with the same numbers; what is done stands in a file under `.hypothesis`.
"""

import argparse
import json
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.parity.searching import told, trial

CHUNK = 50
"""Seeds that a process takes at once."""
APART = 1_000_000_000
"""Seeds of one run begin at so many times its number."""
ENOUGH = 5
"""Differences after which a run ends: they mostly have one cause."""
EVERY = 20.0
"""Seconds from one line about how far it is to the next."""


@dataclass
class Progress:
    """What is done of a run: all seeds from its first up to `next`."""

    first: int
    next: int
    cases: int = 0
    differences: list[str] = field(default_factory=list)

    def line(self) -> str:
        return f"{self.next - self.first:,} histories (seeds {self.first} to {self.next - 1}), {self.cases:,} cases"


def tried(start: int) -> tuple[int, list[str]]:
    """(cases, differences) of a chunk of seeds."""
    cases, found = 0, []
    for seed in range(start, start + CHUNK):
        one = trial(seed)
        cases += one.cases
        if one.differences():
            found.append(told(one))
    return cases, found


def search(progress: Progress, wanted: int, jobs: int, keep: Path | None = None) -> Progress:
    """Goes on from `progress` until so many cases are tried."""
    begun = said = time.monotonic()
    starts = range(progress.next, progress.next + wanted * 2 + CHUNK, CHUNK)
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for cases, found in pool.imap(tried, starts):
            progress.next += CHUNK
            progress.cases += cases
            progress.differences += found
            for difference in found:
                print(difference, flush=True)
            done = progress.cases >= wanted or len(progress.differences) >= ENOUGH
            if keep is not None:
                keep.write_text(json.dumps(vars(progress)))
            if done or time.monotonic() - said > EVERY:
                said = time.monotonic()
                print(f"{progress.line()}, {len(progress.differences)} differ; {said - begun:.0f} s", flush=True)
            if done:
                break
    return progress


def resumed(keep: Path, first: int) -> Progress:
    """What an earlier run of the same number has left."""
    return Progress(**json.loads(keep.read_text())) if keep.exists() else Progress(first, first)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1, help="the number of the run")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    keep = Path(".hypothesis") / f"search-{asked.seed}.json"
    keep.parent.mkdir(exist_ok=True)
    progress = resumed(keep, asked.seed * APART)
    if progress.cases:
        print(f"going on after {progress.line()}", flush=True)
    search(progress, asked.cases, asked.jobs, keep)
    keep.unlink()
    return 1 if progress.differences else 0


if __name__ == "__main__":
    sys.exit(main())
