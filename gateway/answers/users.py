"""One user: the segments they are in, which is the hot path, and all that is known of them.

Owns `GET /v1/users/{id}/segments` and `GET /v1/users/{id}`. What a row means is described by `streams.profile_view`.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

from aiohttp import web
from multidict import CIMultiDict

from gateway.auth import SecretKey
from gateway.cache import LiveTable
from gateway.clock import now
from gateway.errors import Refused, json_response
from gateway.ports import Lookups
from schemas.profile import Profile, decode_row
from schemas.times import format_instant
from stores.telemetry import histogram

_JSON = CIMultiDict({"Content-Type": "application/json"})

Describe = Callable[[Profile, int], dict[str, Any]]
"""Everything that `GET /v1/users/{id}` tells but for the segments, of a profile at an instant."""


class UserAnswers:
    """The handlers; all may raise Unavailable."""

    def __init__(self, key: SecretKey, lookups: Lookups, table: LiveTable, describe: Describe) -> None:
        self._key = key
        self._lookups = lookups
        self._table = table
        self._describe = describe
        self._observe = histogram("shoal_lookup_seconds").observe

    async def segments(self, request: web.Request) -> web.Response:
        """The hot path, where `gateway.hotpath` has not taken it already."""
        started = perf_counter()
        self._key.require(request)
        return web.Response(body=await self.body(request.match_info["id"], started), headers=_JSON)

    async def body(self, id: str, started: float) -> bytes:
        """One read, answered from ready bytes; `started` is when it was asked."""
        self._table.require()
        body = self._table.answer(id, await self._lookups.lookup(id))
        self._observe(perf_counter() - started)
        return body

    async def profile(self, request: web.Request) -> web.Response:
        """All that is known of a user; 404 when nothing is."""
        self._table.require()
        value = await self._lookups.row(request.match_info["id"])
        row = None if value is None else decode_row(value)
        if not isinstance(row, Profile):
            raise Refused(404, "unknown_user", "no user is known by this id")
        described = self._describe(row, now())
        return json_response({**described, "segments": self._since(row)})

    def _since(self, row: Profile) -> list[dict[str, str]]:
        live = self._table.ids
        entered = sorted((live[slot], at) for slot, at in row.since.items() if slot in live)
        return [{"id": id, "since": format_instant(at)} for id, at in entered]
