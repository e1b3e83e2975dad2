"""What a worker that runs by itself shows of itself: `/metrics`, `/healthz`, `/readyz` on a port of its own.

Owns this port, nothing of what is measured. Under `shoal up` there is none: the gateway shows all processes.
"""

import asyncio
from collections.abc import Callable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from schemas.errors import EndedError
from stores.telemetry import scraped


async def expose(host: str, port: int, is_ready: Callable[[], bool]) -> None:
    """Serves until cancelled; `is_ready`: the worker's partitions are recovered. Raises EndedError where it cannot."""
    runner = web.AppRunner(make_app(is_ready), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        await asyncio.Event().wait()
    except OSError as error:
        raise EndedError(f"cannot listen on {host}:{port} (--metrics-port): {error.strerror or error}") from None
    finally:
        await runner.cleanup()


def make_app(is_ready: Callable[[], bool]) -> web.Application:
    async def metrics(_: web.Request) -> web.Response:
        body = await asyncio.to_thread(lambda: generate_latest(scraped()))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def ready(_: web.Request) -> web.Response:
        if is_ready():
            return web.json_response({"status": "ready"})
        missing = "no partitions yet, or they are being recovered or handed over"
        return web.json_response({"code": "not_ready", "message": missing}, status=503, headers={"Retry-After": "1"})

    app = web.Application()
    app.router.add_get("/metrics", metrics)
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    return app
