"""Which core runs what: the measured process alone on one, everything else on the other.

Owns pinning and reading a process's memory. Linux only; elsewhere, or on one core, nothing is pinned, and it says so.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

MEASURED, REST = 0, 1
"""Cores. All but the measured process (broker, store, load) share the second."""


def can_pin() -> bool:
    return (os.cpu_count() or 1) > 1 and shutil.which("taskset") is not None


def pinned(command: Sequence[str], core: int) -> list[str]:
    """The command, on this core alone, all its threads too."""
    return ["taskset", "--cpu-list", str(core), *command] if can_pin() else list(command)


def pin_this(core: int) -> None:
    if can_pin():
        os.sched_setaffinity(0, {core})


def resident(process: "subprocess.Popen[str]") -> int:
    """Bytes that the process has in memory (taskset becomes the program it starts, so the pid is the program's)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def on_disk(directory: Path) -> int:
    return sum(file.stat().st_size for file in directory.rglob("*") if file.is_file())


def describe() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        "unknown processor",
    )
    pins = "measured process on a core of its own" if can_pin() else "nothing pinned"
    return f"{model}, {os.cpu_count()} cores, {pins}"
