"""The site at a glance: `GET /v1/overview`, which the page at `/` shows too.

Owns the shape of the answer; the counts are `gateway.answers.sizes`. Every segment is listed, filled or not.
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gateway.answers.sizes import Sizes, Snapshot
from gateway.errors import json_response
from gateway.ports import Definitions
from schemas.segments import SegmentRecord


def described(snapshot: Snapshot, segments: Iterable[SegmentRecord]) -> dict[str, Any]:
    """The answer's document, segments by name."""
    return {
        "users": snapshot.users.size,
        "new_7d": snapshot.users.new_7d,
        "active_7d": snapshot.users.active_7d,
        "page_views_7d": snapshot.page_views_7d,
        "clicks_7d": snapshot.clicks_7d,
        "visits_7d": snapshot.visits_7d,
        "segments": [
            {"id": record.id, "name": record.name, **figures_of(snapshot, record.id)}
            for record in sorted(segments, key=lambda each: (each.name.casefold(), each.id))
        ],
    }


def figures_of(snapshot: Snapshot, id: str) -> dict[str, Any]:
    """The four figures of a segment, wherever it is told of."""
    figures = snapshot.of(id)
    return {
        "size": figures.size,
        "share": snapshot.share(id),
        "new_7d": figures.new_7d,
        "active_7d": figures.active_7d,
    }


class OverviewAnswer:
    """The handler; may raise Unavailable."""

    def __init__(self, sizes: Sizes, definitions: Definitions) -> None:
        self._sizes = sizes
        self._definitions = definitions

    async def overview(self, _: web.Request) -> web.Response:
        snapshot = await self._sizes.now()
        return json_response(described(snapshot, self._definitions.segments.values()))
