"""A lookup server as one would write it first: aiohttp and redis-py (with hiredis), one GET a request, on uvloop.

The answers are in Redis as they are to be sent, so that it has less to do than the gateway.
"""

import os

import redis.asyncio
import uvloop
from aiohttp import web

KEY = "plain:"


async def segments(request: web.Request) -> web.Response:
    body = await request.app["redis"].get(KEY + request.match_info["id"])
    return web.Response(body=body, status=404 if body is None else 200, content_type="application/json")


async def app() -> web.Application:
    made = web.Application()
    made["redis"] = redis.asyncio.Redis.from_url(os.environ["BENCH_REDIS"])
    made.router.add_get("/v1/users/{id}/segments", segments)
    return made


if __name__ == "__main__":
    uvloop.install()
    web.run_app(app(), host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), access_log=None, print=None)
