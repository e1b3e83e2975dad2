"""Child processes kept running: started, watched, started again when they die, and ended in order.

Owns the restarts and the deadline of a stop. What the children are is said by `cli.up`.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli import processes
from schemas.errors import StartError

PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds before a child is started again, by deaths in a row; the last one for all further deaths."""

HEALTHY = 30.0
"""After as many seconds alive, a death is the first in a row again."""

FRONT_PATIENCE = 5.5
STOP_DEADLINE = 9.0
"""Seconds from the wish to stop until workers and gateway, and then broker and store, are killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A process to keep running. `backing` ones (broker, store) are ended last, when nobody needs them any more.

    `if_lost` tells why the system cannot go on without it: such a child is not started again. `log` takes its output,
    which else goes where the parent's errors go.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] | None = None
    backing: bool = False
    if_lost: str | None = None
    log: Path | None = None
    keep: tuple[int, ...] = ()


@dataclass(slots=True)
class _Kept:
    child: Child
    process: subprocess.Popen[str] | None
    started: float
    deaths: int = 0
    again_at: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Keeps children. `on_death` is told the pid of each that died or was ended."""

    on_death: Callable[[int], None] = lambda pid: None
    give_up_after: int | None = None
    _kept: list[_Kept] = field(default_factory=list)

    def start(self, child: Child) -> None:
        self._kept.append(_Kept(child, self._spawn(child), time.monotonic()))

    def _spawn(self, child: Child) -> subprocess.Popen[str]:
        return processes.spawn(child.command, child.environment, child.log, child.keep)

    def check(self) -> float:
        """Starts again what died, and returns the seconds until it wants to be called again.

        Raises StartError for a child that cannot be replaced, and, while `give_up_after` is set, for one that died as
        many times in a row.
        """
        now = time.monotonic()
        wakes = [now + 1.0]
        for kept in self._kept:
            if kept.process is not None and kept.process.poll() is not None:
                self._died(kept, kept.process, now)
            if kept.process is None and kept.again_at <= now:
                kept.process, kept.started = self._spawn(kept.child), now
            elif kept.process is None:
                wakes.append(kept.again_at)
        return min(wakes) - now

    def _died(self, kept: _Kept, process: subprocess.Popen[str], now: float) -> None:
        processes.signal_group(process, signal.SIGKILL)  # whatever it may have started itself
        self.on_death(process.pid)
        kept.deaths = 1 if now - kept.started > HEALTHY else kept.deaths + 1
        what = f"{kept.child.name} ended ({_reason(process.returncode)})"
        if kept.child.log is not None and process.returncode > 0:
            what = f"{what}: {processes.last_line(kept.child.log)}"
        if kept.child.if_lost is not None:
            raise StartError(f"{what}. {kept.child.if_lost}")
        if self.give_up_after is not None and kept.deaths >= self.give_up_after:
            raise StartError(f"{what} {kept.deaths} times before the system was ready")
        pause = PAUSES[min(kept.deaths, len(PAUSES)) - 1]
        kept.process, kept.again_at = None, now + pause
        print(f"shoal: {what}; it is started again in {pause:g} s", file=sys.stderr, flush=True)

    def shut_down(self) -> None:
        """Ends all children: the front ones first, then the backing ones; returns when all are gone."""
        begun = time.monotonic()
        for backing, deadline in ((False, begun + FRONT_PATIENCE), (True, begun + STOP_DEADLINE)):
            self._end([each.process for each in self._kept if each.child.backing == backing and each.process], deadline)

    def _end(self, group: list[subprocess.Popen[str]], deadline: float) -> None:
        for process in group:
            if process.poll() is None:
                processes.signal_group(process, signal.SIGTERM)
        while any(process.poll() is None for process in group) and time.monotonic() < deadline:
            time.sleep(0.02)
        for process in group:
            processes.signal_group(process, signal.SIGKILL)
            process.wait()
            self.on_death(process.pid)


def _reason(status: int) -> str:
    return f"killed by signal {-status}" if status < 0 else f"exit status {status}"
