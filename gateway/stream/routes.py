"""`GET /v1/stream`: changes of memberships as server-sent events, each once, for as long as the client likes.

Owns the connection: where it begins, heartbeats, and its end. A client that takes nothing for `STALLED` seconds is cut
off; until then nobody waits for it, and nothing is kept for it. Source: contract section 3.
"""

import asyncio
import logging
from contextlib import aclosing

from aiohttp import web
from aiokafka.errors import KafkaError

from gateway.errors import Refused
from gateway.stream.feed import PATIENCE, Feed, Open
from gateway.stream.following import Following
from gateway.stream.frames import HEARTBEAT, decode_id, encode_id
from schemas.errors import Unavailable
from stores.changes import Gone, Position

log = logging.getLogger("shoal.gateway")

HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}
HEARTBEAT_EVERY = 15.0
STALLED = 60.0
MOST_CONNECTIONS = 1000
_CHUNKS = 2
"""That wait for the client, beside what the connection itself buffers."""


class Stream:
    """The handler. `feed` has to be run beside it."""

    def __init__(self, open: Open, partitions: int) -> None:
        self.feed = Feed(open)
        self._open = open
        self._partitions = partitions
        self._ending = False
        self._connections: set[asyncio.Task[None]] = set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """After `Last-Event-ID`, else from now on. Raises Refused 400, 410, 503."""
        if len(self._connections) >= MOST_CONNECTIONS:
            raise Refused(503, "too_many", f"{MOST_CONNECTIONS:,} streams are open already", Retry_After="5")
        following = await self._begun(self._asked(request))
        response = web.StreamResponse(headers=HEADERS | {"Last-Event-ID": encode_id(following.position)})
        try:
            await response.prepare(request)
        except BaseException:
            await following.close()
            raise
        connection = asyncio.create_task(self._serve(response, following))
        self._connections.add(connection)
        connection.add_done_callback(self._connections.discard)
        try:
            await self._until_over(connection, request)
        finally:
            connection.cancel()  # and no more: with the client gone, this may have been cancelled itself
        return response

    async def _until_over(self, connection: "asyncio.Task[None]", request: web.Request) -> None:
        try:
            await connection
        except ConnectionError:
            pass  # the client has gone
        except asyncio.CancelledError:
            if not self._ending:
                raise
        except TimeoutError:
            log.info("a stream's client took nothing for %.0f s", STALLED)
            if request.transport is not None:
                request.transport.abort()

    async def end_all(self, _: web.Application) -> None:
        """The process ends: clients are to come again, and know where they were."""
        self._ending = True
        for connection in self._connections:
            connection.cancel()

    def _asked(self, request: web.Request) -> Position | None:
        if not (text := request.headers.get("Last-Event-ID", "")):
            return None
        if (position := decode_id(text, self._partitions)) is None:
            raise Refused(400, "bad_event_id", "`Last-Event-ID` is none that this stream gave out")
        return position

    async def _begun(self, position: Position | None) -> Following:
        following = Following(self.feed, self._open)
        try:
            async with asyncio.timeout(PATIENCE):
                await following.begin(position)
        except Gone as gone:
            message = f"{gone}; read the memberships anew, and begin without `Last-Event-ID`"
            raise Refused(410, "gone", message) from None
        except (KafkaError, TimeoutError):
            raise Unavailable("the broker does not answer") from None
        return following

    async def _serve(self, response: web.StreamResponse, following: Following) -> None:
        chunks: asyncio.Queue[bytes | None] = asyncio.Queue(_CHUNKS)
        filling = asyncio.create_task(self._fill(chunks, following))
        try:
            chunk: bytes | None = HEARTBEAT
            while chunk is not None:
                async with asyncio.timeout(STALLED):
                    await response.write(chunk)
                try:
                    async with asyncio.timeout(HEARTBEAT_EVERY):
                        chunk = await chunks.get()
                except TimeoutError:
                    chunk = HEARTBEAT
        finally:
            filling.cancel()
            await asyncio.gather(filling, return_exceptions=True)
            await following.close()

    async def _fill(self, chunks: "asyncio.Queue[bytes | None]", following: Following) -> None:
        try:
            async with aclosing(following.chunks()) as every:
                async for chunk in every:
                    await chunks.put(chunk)
        except (KafkaError, Gone, Unavailable) as error:
            log.warning("a stream ends: %r", error)
        await chunks.put(None)
