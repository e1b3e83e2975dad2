"""One gateway at a time changes definitions: a lock in Redis, held by a token that only its holder knows.

Owns the taking and giving back. A holder that dies loses it after ten seconds; changes take milliseconds. Should Redis
lose the lock, two gateways may decide at once: the later record of a segment then counts, and nothing worse happens.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from time import monotonic

from redis.asyncio import Redis

from schemas.errors import Unavailable
from stores.remote import translated

HELD_MS = 10_000
PATIENCE = 5.0
"""Seconds to wait for another holder."""
PAUSE = 0.02

_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class Lock:
    """The lock of this name. Within a process, tasks queue up before they ask Redis."""

    def __init__(self, redis: Redis, name: bytes) -> None:
        self._redis = redis
        self._name = name
        self._here = asyncio.Lock()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """In here, nobody else holds it. Raises Unavailable when Redis is away or another one does not let go."""
        token = token_hex(8)
        async with self._here:
            await self._take(token)
            try:
                yield
            finally:
                # Whoever is in here has done its work; a lock that cannot be given back now ends by itself.
                with suppress(Unavailable), translated():
                    await self._redis.eval(_RELEASE, 1, self._name, token)

    async def _take(self, token: str) -> None:
        deadline = monotonic() + PATIENCE
        with translated():
            while not await self._redis.set(self._name, token, nx=True, px=HELD_MS):
                if monotonic() > deadline:
                    raise Unavailable("segments are being changed by another gateway")
                await asyncio.sleep(PAUSE)
