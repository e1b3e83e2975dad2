"""Being told to stop: SIGTERM, SIGINT and SIGHUP as a flag that a waiting loop sees at once.

Owns the handlers for as long as it is open. What stopping means is not decided here.
"""

import os
import select
import signal
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

Result = TypeVar("Result")

_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(Exception):
    """Stopping was asked for while something was being waited for."""


class StopSignal:
    """`requested` is true once a stop was asked for. Open it on the main thread, once a process."""

    def __init__(self) -> None:
        self.requested = False
        self._former: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._reader, False)
        os.set_blocking(self._writer, False)
        # A byte a signal: so `wait` ends early, without the race between looking at a flag and going to sleep.
        self._former_fd = signal.set_wakeup_fd(self._writer, warn_on_full_buffer=False)
        for number in (*_STOPS, signal.SIGCHLD):
            self._former[number] = signal.signal(number, self._heard)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)
        signal.set_wakeup_fd(self._former_fd)
        os.close(self._reader)
        os.close(self._writer)

    def _heard(self, number: int, frame: object) -> None:
        if number != signal.SIGCHLD:
            self.requested = True

    def wait(self, seconds: float) -> None:
        """Sleeps that long, or until a signal comes; the death of a child is one."""
        if not self.requested and select.select([self._reader], [], [], max(seconds, 0.0))[0]:
            os.read(self._reader, 4096)

    def during(self, call: Callable[[], Result]) -> Result:
        """What `call` gives or raises; Stopped when a stop is asked for while it blocks."""
        outcome: list[Result] = []
        failure: list[BaseException] = []

        def run() -> None:
            try:
                outcome.append(call())
            except Exception as error:
                failure.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        while thread.is_alive():
            if self.requested:
                raise Stopped
            self.wait(0.02)
        if failure:
            raise failure[0]
        return outcome[0]
