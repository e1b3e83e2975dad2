"""How much memory waiting requests may hold: bytes are taken as they come in and given back as they go out.

Owns the count only. What is over the limit is refused before anything of it is kept.
"""

from schemas.errors import Unavailable

LIMIT = 64 << 20
"""Bytes of bodies being read and of records that the broker has not acknowledged; some 100,000 events."""


class Budget:
    """`held` bytes of at most `limit`."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.limit = limit
        self.held = 0

    def take(self, size: int) -> None:
        """Raises Unavailable, taking nothing, where it would be too much."""
        if self.held + size > self.limit:
            raise Unavailable("too much is waiting for the broker", retry_after=2)
        self.held += size

    def give(self, size: int) -> None:
        self.held -= size
