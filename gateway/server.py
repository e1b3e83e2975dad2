"""Listening: an application on an address, until told to stop; then what is under way gets a moment to end.

Owns sockets and signals. What is listened with is made in `gateway.app`.
"""

import asyncio
import signal

from aiohttp import web

from schemas.errors import StartError

GRACE = 3.0
"""Seconds that requests under way get when the process is told to stop."""


async def listen(app: web.Application, host: str, port: int) -> web.AppRunner:
    """Serves until the runner's `cleanup`. Raises StartError for an address that cannot be listened on.

    Bodies are not inflated on the way in: the collector does it with a cap of its own.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE, auto_decompress=False)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
    except OSError as error:
        await runner.cleanup()
        raise StartError(f"cannot listen on {host}:{port}: {error.strerror or error}") from None
    return runner


async def until_told_to_stop() -> None:
    """Returns at the first SIGTERM or SIGINT."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    await told.wait()
