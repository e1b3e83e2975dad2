"""What every gateway remembers of ids ends when somebody is erased: a count in Redis says so to all of them.

Owns the lease: what is remembered may be used for half a second after the count was last read unchanged. Whoever has
erased a user raises the count and waits for longer than that; then no gateway goes by what was true of the user.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from schemas.errors import Unavailable

log = logging.getLogger("shoal.gateway")

LEASE = 0.5
"""Seconds."""
EVERY = 0.1
"""Seconds between two looks at the count."""


class Count(Protocol):
    """How many users were erased so far, as Redis knows."""

    async def erasures(self) -> int: ...

    async def count_erasure(self) -> None: ...


class Forgetting:
    """`forget` is called when somebody has been erased, or when that cannot be told."""

    def __init__(self, count: Count, forget: Callable[[], None]) -> None:
        self._count = count
        self._forget = forget
        self._seen = -1
        self._until = 0.0

    def trusted(self) -> bool:
        """Whether what is remembered may be used now."""
        return asyncio.get_running_loop().time() < self._until

    async def run(self) -> None:
        while True:
            with suppress(Unavailable):  # lookups tell of it; until Redis is back nothing remembered is used
                await self.look()
            await asyncio.sleep(EVERY)

    async def look(self) -> None:
        """Renews the lease. Raises Unavailable."""
        asked = asyncio.get_running_loop().time()
        count = await self._count.erasures()
        if count != self._seen:
            self._forget()
            self._seen = count
        self._until = asked + LEASE

    async def tell(self) -> None:
        """Returns when every gateway has forgotten. Raises Unavailable."""
        await self._count.count_erasure()
        self._forget()
        await asyncio.sleep(LEASE)
