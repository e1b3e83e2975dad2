"""How many events a second senders may bring in: what is over the setting `rate_limit` is told to come again later.

Owns the count of one gateway, for the one write key there is. A request is taken as a whole or not at all, so that one
larger than the limit goes through too, and the next ones wait for it.
"""

import math
import time
from collections.abc import Callable

from gateway.errors import Refused

_AHEAD = 10.0
"""Seconds of events that may come at once."""


class RateLimit:
    """`rate` events a second, 0 for any number; `clock` in seconds."""

    def __init__(self, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._paid = -math.inf
        """Up to when what was taken is paid for, at `rate`."""

    def take(self, events: int) -> None:
        """Raises Refused 429, taking nothing, while more is taken than `_AHEAD` pays for."""
        if not self._rate:
            return
        now = self._clock()
        wait = self._paid - now - _AHEAD
        if wait > 0:
            more = f"more than {self._rate} events a second come in"
            raise Refused(429, "too_many_events", more, Retry_After=str(math.ceil(wait)))
        self._paid = max(self._paid, now) + events / self._rate
