"""The end of `membership-changes` as all connections of this process share it: read once, handed to each.

Owns the one reader and what waits for each subscriber, never more than `MOST_WAITING` changes: one that takes them too
slowly is told that it has fallen behind, and everybody else does not notice. Begins to read when somebody first asks.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple, Protocol

from aiokafka.errors import KafkaError

from gateway.stream.frames import advanced, frame
from schemas.errors import Unavailable
from stores.changes import Found, Gone, Position

log = logging.getLogger("shoal.gateway")

MOST_WAITING = 5000
PATIENCE = 5.0
"""Seconds that the opening of a reader may take; the client, or the feed, tries again after."""

_PAUSE = 0.5
_READ = 1.0


class Reader(Protocol):
    """A reader of the topic (`stores.changes.ChangeReader`)."""

    @property
    def position(self) -> Position: ...
    @property
    def at_end(self) -> bool: ...
    async def read(self, timeout: float) -> list[Found]: ...
    async def close(self) -> None: ...


Open = Callable[[Position | None], Awaitable[Reader]]
"""Opens a reader at a position, or at the present end. May raise Gone, KafkaError."""


class Event(NamedTuple):
    """A change, and its frame for all who have had everything up to `position`, the one after it."""

    found: Found
    position: Position
    frame: bytes


class Subscription:
    """What a connection has yet to take, from `start` on. `behind`: it has lost some; `over`: no more will come."""

    def __init__(self, start: Position) -> None:
        self.start = start
        self.behind = False
        self.over = False
        self._waiting: deque[Event] = deque()
        self._there = asyncio.Event()

    def put(self, events: list[Event]) -> None:
        if len(self._waiting) + len(events) > MOST_WAITING:
            self.behind = True
            self._waiting.clear()
        if not self.behind:
            self._waiting += events
        self._there.set()

    def end(self) -> None:
        self.over = True
        self._there.set()

    async def take(self, most: int) -> list[Event]:
        """The next events, at least one; none when it is behind or over."""
        while not self._waiting and not self.behind and not self.over:
            self._there.clear()
            await self._there.wait()
        return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]


class Feed:
    """`open` makes readers; `run` is a task of the application."""

    def __init__(self, open: Open) -> None:
        self._open = open
        self._subscriptions: set[Subscription] = set()
        self._wanted = asyncio.Event()
        self._reading = asyncio.Event()
        self._position: Position = ()

    async def join(self) -> Subscription:
        """From the present end on. Raises Unavailable where the broker is away."""
        self._wanted.set()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._reading.wait()
        except TimeoutError:
            raise Unavailable("the broker does not answer") from None
        subscription = Subscription(self._position)
        self._subscriptions.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    async def run(self) -> None:
        """Reads for as long as the process runs; what goes wrong at the broker is tried again."""
        await self._wanted.wait()
        position: Position | None = None
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    reader = await self._open(position)
            except (KafkaError, TimeoutError) as error:
                log.warning("changes cannot be read: %r", error)
                await asyncio.sleep(_PAUSE)
                continue
            except Gone:
                position = None
                self._end_all()
                continue
            try:
                await self._read(reader)
            except KafkaError as error:
                log.warning("changes cannot be read: %r", error)
                await asyncio.sleep(_PAUSE)
            except Gone:
                self._end_all()
            finally:
                self._reading.clear()
                with suppress(KafkaError):
                    await reader.close()
            position = self._position

    def _end_all(self) -> None:
        """The topic was made anew: nobody's position means anything in it."""
        for each in self._subscriptions:
            each.end()
        self._subscriptions.clear()

    async def _read(self, reader: Reader) -> None:
        self._position = reader.position
        self._reading.set()
        while True:
            found = await reader.read(_READ)
            events = [self._event(each) for each in found] if self._subscriptions else []
            self._position = reader.position
            if events:
                for subscription in self._subscriptions:
                    subscription.put(events)

    def _event(self, found: Found) -> Event:
        self._position = advanced(self._position, found)
        return Event(found, self._position, frame(found, self._position))
