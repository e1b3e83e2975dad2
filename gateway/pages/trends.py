"""The last minutes of every size, for the small lines on the page. Lost when the gateway ends: history keeps the rest.

Owns a ring of samples in this process, taken whether or not somebody is looking.
"""

import asyncio
import logging
from collections import deque
from time import perf_counter

from gateway.answers.overview import described
from gateway.answers.sizes import Sizes, Snapshot
from schemas.errors import Unavailable

FIGURES = ("users", "new_7d", "active_7d", "page_views_7d", "clicks_7d", "visits_7d")

log = logging.getLogger("shoal.gateway.trends")

EVERY = 5.0
"""Seconds between samples."""
KEPT = 72
"""Samples kept: six minutes."""
SLOWEST = 50
"""A sample is followed by a pause of at least this many times what it took: two per cent of Redis' time at most."""


class Trends:
    """Samples until cancelled."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes
        self._samples: deque[Snapshot] = deque(maxlen=KEPT)

    async def run(self) -> None:
        while True:
            started = perf_counter()
            try:
                self._samples.append(await self._sizes.now())
            except Unavailable as away:
                log.info("no sample: %s", away.message)
            await asyncio.sleep(max(EVERY, SLOWEST * (perf_counter() - started)))

    def overview(self) -> dict[str, list[int]]:
        """The overview's figures, oldest first."""
        documents = [described(sample, ()) for sample in self._samples]
        return {name: [document[name] for document in documents] for name in FIGURES}

    def of(self, id: str) -> list[int]:
        """A segment's sizes since it went live, oldest first."""
        return [sample.segments[id].size for sample in self._samples if id in sample.segments]
