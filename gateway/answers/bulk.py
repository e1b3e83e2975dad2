"""The segments of up to a thousand users in one call: `POST /v1/users/segments`.

Owns the reading of the asked ids. The order asked is the order answered; an id asked twice is answered twice.
"""

from time import perf_counter
from typing import Any

from aiohttp import web

from gateway.cache import LiveTable
from gateway.errors import invalid, read_object
from gateway.ports import Lookups
from stores.telemetry import histogram
from streams.normalise_text import number_text

MOST_IDS = 1000


def as_id(value: Any) -> str | None:
    """An id as text, a number as the collector reads it; None for what is neither."""
    if isinstance(value, str):
        return value
    return number_text(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def asked_ids(document: dict[str, Any]) -> list[str]:
    """The ids of a body; numbers are taken as text. Raises Refused 422."""
    users = document.get("users")
    if not isinstance(users, list):
        raise invalid(("users", "not_a_list", "`users` has to be a list of ids"))
    if len(users) > MOST_IDS:
        raise invalid(("users", "too_many", f"at most {MOST_IDS:,} ids a call"))
    ids = [as_id(each) for each in users]
    bad = [(f"users[{i}]", "bad_id", "an id is text or a number") for i, id in enumerate(ids) if id is None]
    if bad:
        raise invalid(*bad)
    return [id for id in ids if id is not None]


class BulkAnswer:
    """The handler; may raise Unavailable."""

    def __init__(self, lookups: Lookups, table: LiveTable) -> None:
        self._lookups = lookups
        self._table = table
        self._observe = histogram("shoal_lookup_seconds").observe

    async def segments(self, request: web.Request) -> web.Response:
        started = perf_counter()
        self._table.require()
        ids = asked_ids(await read_object(request))
        values = await self._lookups.lookup_many(ids)
        answers = [self._table.answer(id, value) for id, value in zip(ids, values, strict=True)]
        self._observe(perf_counter() - started)
        return web.Response(body=b'{"users":[' + b",".join(answers) + b"]}", content_type="application/json")
