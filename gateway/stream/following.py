"""One connection's way through the changes: by a reader of its own until it has caught up, then with everybody.

Owns where a connection is, and that it gets each change once whatever way it comes. One that falls behind the others
reads for itself again, as slowly as it likes.
"""

from collections.abc import AsyncGenerator
from contextlib import suppress

from aiokafka.errors import KafkaError

from gateway.stream.feed import Event, Feed, Open, Reader
from gateway.stream.frames import advanced, frame
from stores.changes import Found, Position

AT_ONCE = 500
"""Changes that are written in one go."""

_READ = 1.0


class Following:
    """`position` is after what was given out. Raises KafkaError where the broker went away, Gone where the topic does
    not have what is to come.
    """

    def __init__(self, feed: Feed, open: Open) -> None:
        self.position: Position = ()
        self._feed = feed
        self._open = open
        self._reader: Reader | None = None

    async def begin(self, position: Position | None) -> None:
        """After this position, or, without one, at the present end. Raises Unavailable too."""
        subscription = await self._feed.join()
        self._feed.leave(subscription)
        self.position = position or subscription.start
        if self.position != subscription.start:
            self._reader = await self._open(self.position)

    async def chunks(self) -> AsyncGenerator[bytes]:
        """All that follows, in the form of the wire; ends where the topic was made anew."""
        over = False
        while not over:
            if self._reader is not None:
                async for chunk in self._catch_up():
                    yield chunk
            subscription = await self._feed.join()
            try:
                # A moment's worth: what came since the reader was at the end.
                async for chunk in self._catch_up(subscription.start):
                    yield chunk
                await self.close()
                while events := await subscription.take(AT_ONCE):
                    yield self._live(events)
                over = subscription.over
            finally:
                self._feed.leave(subscription)

    async def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            with suppress(KafkaError):
                await reader.close()

    async def _catch_up(self, to: Position | None = None) -> AsyncGenerator[bytes]:
        """Reads for itself, up to a position at least, or to the end."""
        while to is None or any(at < end for at, end in zip(self.position, to, strict=True)):
            if self._reader is None:
                self._reader = await self._open(self.position)
            found = await self._reader.read(_READ)
            for start in range(0, len(found), AT_ONCE):
                yield b"".join(map(self._own, found[start : start + AT_ONCE]))
            self.position = tuple(map(max, self.position, self._reader.position))
            if to is None and self._reader.at_end:
                return

    def _live(self, events: list[Event]) -> bytes:
        """Events that everybody gets, but for those that came by the reader already."""
        frames = []
        for event in events:
            if event.found.next > self.position[event.found.partition]:
                frame = self._own(event.found) if self._is_elsewhere(event) else event.frame
                frames.append(frame)
        return b"".join(frames)

    def _is_elsewhere(self, event: Event) -> bool:
        """Whether the shared id of an event would not be right here, after it; moves there where it is."""
        if advanced(self.position, event.found) != event.position:
            return True
        self.position = event.position
        return False

    def _own(self, found: Found) -> bytes:
        self.position = advanced(self.position, found)
        return frame(found, self.position)
