"""What remains of a dead process in the directory that processes share their metrics in: its counts, and nothing else.

Owns those files. A gauge of a dead process says nothing true, so it goes. Counters and histograms must never fall, so
they are added up in one file for all the dead: a worker that dies every few seconds leaves no more than one that ran
for a year. Files are prometheus_client's: KIND_PID.db, for gauges gauge_MODE_PID.db.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

_COUNTED = ("counter", "histogram")
_DEAD = "dead"
_LOCK = "lock"


@contextmanager
def reading(directory: Path) -> Iterator[None]:
    """While in here nobody is written off, so that nothing is counted twice or not at all."""
    with _locked(directory, fcntl.LOCK_SH):
        yield


def write_off(pid: int, directory: Path) -> None:
    """The process is dead: its counts stay, its gauges go. Done again, it does nothing."""
    with _locked(directory, fcntl.LOCK_EX):
        for kind in _COUNTED:
            of_one = directory / f"{kind}_{pid}.db"
            if of_one.exists():
                _add(of_one, directory / f"{kind}_{_DEAD}.db")
                of_one.unlink()
        for gauge in directory.glob(f"gauge_*_{pid}.db"):
            gauge.unlink()


def _add(of_one: Path, of_all: Path) -> None:
    """Adds a file's values to those of another, which need not be there yet."""
    kept = MmapedDict(str(of_all))  # type: ignore[no-untyped-call]
    try:
        for key, value, timestamp, _ in MmapedDict.read_all_values_from_file(str(of_one)):  # type: ignore[no-untyped-call]
            before, _ = kept.read_value(key)  # type: ignore[no-untyped-call]
            kept.write_value(key, before + value, timestamp)  # type: ignore[no-untyped-call]
    finally:
        kept.close()  # type: ignore[no-untyped-call]


@contextmanager
def _locked(directory: Path, how: int) -> Iterator[None]:
    with (directory / _LOCK).open("w") as lock:
        fcntl.flock(lock, how)
        yield
