"""The collector's addresses, each open to every origin, and what it needs from the application.

Owns the addresses only. The server should be run with `auto_decompress=False`: the collector inflates with its own cap.
"""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

from aiohttp import web

from gateway.auth import SecretKey
from gateway.budget import Budget
from gateway.collector import cors
from gateway.collector.intake import Intake, Writer
from gateway.collector.known import Known
from gateway.collector.processed import Processed
from gateway.collector.rate import RateLimit
from gateway.collector.sources import Sources
from gateway.collector.write_key import WriteKey
from gateway.errors import Handler, answer_of, json_response
from gateway.position import Progress, Visibility
from schemas.calls import CALL_TYPES, ONE_LETTER, Place, Policy
from schemas.settings import Settings

SETTINGS = web.AppKey("collector.settings", Settings)
WRITER: web.AppKey[Writer] = web.AppKey("collector.writer")
BUDGET = web.AppKey("collector.budget", Budget)
PROGRESS: web.AppKey[Progress] = web.AppKey("collector.progress")
KNOWN = web.AppKey("collector.known", Known)
"""Optional: what need not be told again."""
LOCATE: web.AppKey[Callable[[str], Place | None]] = web.AppKey("collector.locate")
"""Optional: the place of an IP address."""


def add_routes(app: web.Application) -> None:
    """Adds the collector to an application that has the keys above."""
    settings = app[SETTINGS]
    key = WriteKey(settings.write_key)
    known, rate = app.get(KNOWN) or Known(), RateLimit(settings.rate_limit)
    intake = Intake(key, app[WRITER], app[BUDGET], rate, _policy(app), settings.partitions, known)
    for name, kind in (CALL_TYPES | ONE_LETTER).items():
        _add(app, "POST", f"/v1/{name}", partial(intake.single, kind=kind))
    for path in ("/v1/batch", "/v1/b", "/v1/import", "/beacon/v1/batch"):
        _add(app, "POST", path, intake.batch)
    _add(app, "POST", "/v1/m", _ignore)
    sources = Sources(key, settings.write_key)
    _add(app, "GET", "/v1/projects/{key}/settings", sources.project)
    _add(app, "GET", "/sourceConfig/", sources.source)
    _add(app, "GET", "/sourceConfig", sources.source)
    processed = Processed(key, SecretKey(settings.secret_key), Visibility(app[PROGRESS]), settings.partitions)
    _add(app, "GET", "/v1/processed", processed.ask)


def _policy(app: web.Application) -> Policy:
    settings = app[SETTINGS]
    return Policy(new_id=lambda: str(uuid4()), gpc=settings.gpc, bots=settings.bots, locate=app.get(LOCATE))


def _add(app: web.Application, method: str, path: str, handler: Handler) -> None:
    async def open_to_all(request: web.Request) -> web.StreamResponse:
        """Errors are answered here already, so that a page can read those too."""
        try:
            response = await handler(request)
        except Exception as error:
            response = answer_of(error, request)
        return cors.allow(request, response)

    app.router.add_route(method, path, open_to_all)
    app.router.add_route("OPTIONS", path, cors.preflight)


async def _ignore(_: web.Request) -> web.StreamResponse:
    """The SDKs' own metrics: accepted, of no use here."""
    return json_response({"success": True})
