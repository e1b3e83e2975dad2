"""Listening: an application on an address, until told to stop; then what is under way gets a moment to end.

Owns sockets and signals. What is listened with is made in `gateway.app`.
"""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Protocol

from aiohttp import web

from gateway.errors import Refused, error_response
from gateway.traffic import count_answer
from schemas.errors import StartError

GRACE = 3.0
"""Seconds that requests under way get when the process is told to stop."""

MakeProtocol = Callable[[], asyncio.Protocol]


class Front(Protocol):
    """Makes the protocol of each connection, and ends those it kept for itself."""

    def __call__(self) -> asyncio.Protocol: ...

    async def close(self, patience: float) -> None: ...


class HttpProtocol(web.RequestHandler):
    """aiohttp's, but what is no HTTP is answered as every other error is, and fills no log."""

    def __init__(self, server: web.Server) -> None:
        super().__init__(server, loop=asyncio.get_running_loop(), **server._kwargs)

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """Raises ConnectionError where a part of an answer is out already."""
        if status >= 500 or request.writer.output_size > 0:
            super().handle_error(request, status, exc, message)
            response = error_response(Refused(status, "internal", "this is our fault; the log says more"))
        else:
            response = error_response(Refused(status, "bad_request", "this is not HTTP as it should be"))
        count_answer(response.status)
        response.force_close()
        return response


@asynccontextmanager
async def listening(
    app: web.Application, host: str, port: int, front: Callable[[MakeProtocol], Front] | None = None
) -> AsyncIterator[None]:
    """Serves in here; `front` may take connections before the application's own protocol does.

    Raises StartError for an address that cannot be listened on. Bodies are not inflated on the way in: the collector
    does it with a cap of its own.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE, auto_decompress=False)
    await runner.setup()
    assert runner.server is not None
    protocol = partial(HttpProtocol, runner.server)
    before = front(protocol) if front else None
    try:
        server = await asyncio.get_running_loop().create_server(before or protocol, host, port, backlog=1024)
    except OSError as error:
        await runner.cleanup()
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    try:
        yield
    finally:
        server.close()
        if before is not None:
            await before.close(GRACE)
        await runner.cleanup()


async def until_told_to_stop() -> None:
    """Returns at the first SIGTERM or SIGINT."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
