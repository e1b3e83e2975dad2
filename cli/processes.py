"""Starting a child process that cannot outlive its parent, and ending it.

Owns the fork-time details. Which children there are, and what to do when one dies, is in `cli.supervisor`.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def _tie_to(parent: int) -> Callable[[], None]:
    """What a new child runs before its program: a session of its own, and death by SIGKILL when `parent` dies.

    Of its own, so that Ctrl-C in a terminal reaches the parent alone, which then ends the children in their order.
    """

    def tie() -> None:
        os.setsid()
        if _LIBC is not None:
            _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:  # it died between the fork and the line above: no signal would come any more
                os._exit(1)

    return tie


def spawn(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    log: Path | None = None,
    keep: Sequence[int] = (),
    stdout: int | IO[str] | None = None,
) -> subprocess.Popen[str]:
    """Starts `command`; its output goes to `log` where given, and `keep` are file descriptors that it holds open too.

    Only to be called on the main thread: the kernel ties a child to the thread that made it.
    """
    with contextlib.ExitStack() as closing:
        err: IO[str] | None = closing.enter_context(log.open("a")) if log else None
        return subprocess.Popen(
            list(command),
            env=dict(environment) if environment is not None else None,
            stdin=subprocess.DEVNULL,
            stdout=stdout or err or sys.stderr,
            stderr=err,
            pass_fds=tuple(keep),
            text=True,
            preexec_fn=_tie_to(os.getpid()),  # noqa: PLW1509 (the parent has one thread when it starts children)
        )


def signal_group(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Sends a signal to the child and to whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def end(process: subprocess.Popen[str], patience: float = 5.0) -> None:
    """SIGTERM, after `patience` seconds SIGKILL; returns when it is gone."""
    if process.poll() is None:
        signal_group(process, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            signal_group(process, signal.SIGKILL)
            process.wait()


def last_line(log: Path) -> str:
    """The last line that says anything in a child's log, for a one-line explanation of its end."""
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
