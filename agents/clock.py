"""The one clock of a worker: epoch milliseconds that never run backwards, whatever is done to the machine's."""

import time


class Clock:
    """Says what time it is. Held back for as long as the machine's clock is behind what was said before."""

    def __init__(self) -> None:
        self._last = 0

    def now(self) -> int:
        self._last = max(self._last, time.time_ns() // 1_000_000)
        return self._last
