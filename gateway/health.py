"""Whether this process lives, and whether the system could take an event through to a lookup. On both ports.

Owns `/healthz` and `/readyz`. Ready: definitions read, Redis answers, the broker answers, and every partition has a
worker that showed a sign of life within ten seconds and has all its users in Redis. What is missing is told to anyone.
"""

import asyncio

from aiohttp import web

from gateway.cache import LiveTable
from gateway.clock import now
from gateway.errors import json_response
from gateway.ports import Definitions, Lookups
from schemas.errors import Unavailable
from schemas.times import SECOND
from stores.keys import WHOLE

SILENT = 10 * SECOND
"""A worker beats once a second."""


class Health:
    """The handlers."""

    def __init__(self, lookups: Lookups, definitions: Definitions, table: LiveTable) -> None:
        self._lookups = lookups
        self._definitions = definitions
        self._table = table

    async def alive(self, _: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    async def ready(self, _: web.Request) -> web.Response:
        missing = await self.missing()
        if not missing:
            return json_response({"status": "ready"})
        body = {"code": "not_ready", "message": "; ".join(missing), "missing": missing}
        return json_response(body, 503, {"Retry-After": "1"})

    async def missing(self) -> list[str]:
        """What keeps the system from being ready, in words; empty: nothing does."""
        broker, workers = await asyncio.gather(self._definitions.reachable(), self._partitions())
        definitions = [] if self._table.generation else ["segment definitions are still being read"]
        return ([] if broker else ["the broker does not answer"]) + definitions + workers

    async def _partitions(self) -> list[str]:
        try:
            fields = await self._lookups.fields()
        except Unavailable as away:
            return [away.message]
        silent = [p for p, each in enumerate(fields) if now() - int(each.get("w", 0)) > SILENT]
        partial = [p for p, each in enumerate(fields) if WHOLE not in each and p not in silent]
        return _told("no worker has partition", silent) + _told("Redis is being filled with partition", partial)


def _told(words: str, partitions: list[int]) -> list[str]:
    return [f"{words} {', '.join(map(str, partitions))}"] if partitions else []


def add_health(app: web.Application, health: Health) -> None:
    app.router.add_get("/healthz", health.alive)
    app.router.add_get("/readyz", health.ready)
