"""The page at `/`, signing in and out, and the data that keeps the page up to date.

Owns these handlers. Only who is signed in gets data. With the development key, which everyone knows, the page signs in
by itself, so that a first try shows sizes at once.
"""

from dataclasses import fields
from urllib.parse import urlsplit

from aiohttp import web

from gateway.answers.overview import described
from gateway.clock import now
from gateway.errors import Refused, json_response
from gateway.pages.files import Files
from gateway.pages.session import Sessions
from gateway.pages.trends import Trends
from gateway.parts import Parts
from gateway.segments.routes import SegmentRoutes
from schemas.settings import Settings
from schemas.times import format_instant

DEVELOPMENT_KEY = str(next(each.default for each in fields(Settings) if each.name == "secret_key"))
LONGEST_KEY = 4096


class Pages:
    """The handlers."""

    def __init__(self, parts: Parts, segments: SegmentRoutes) -> None:
        self._parts = parts
        self._segments = segments
        self._sessions = Sessions(parts.settings.secret_key)
        self._files = Files()
        self._open = parts.key.matches(DEVELOPMENT_KEY)
        self.trends = Trends(parts.sizes)

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/", self.overview)
        app.router.add_get("/signin", self.sign_in_form)
        app.router.add_post("/signin", self.sign_in)
        app.router.add_post("/signout", self.sign_out)
        app.router.add_get("/page/overview", self.overview_data)
        app.router.add_get("/static/{hash}/{name}", self._files.static)

    async def overview(self, request: web.Request) -> web.Response:
        if not self._sessions.is_in(request):
            if not self._open:
                return _to("/signin")
            response = self._files.page("overview.html", open=True)
            self._sessions.begin(request, response)
            return response
        return self._files.page("overview.html", open=self._open)

    async def sign_in_form(self, request: web.Request) -> web.Response:
        if self._sessions.is_in(request):
            return _to("/")
        return self._files.page("signin.html", wrong=False)

    async def sign_in(self, request: web.Request) -> web.Response:
        _require_same_site(request)
        given = (await request.post()).get("key", "")
        if not isinstance(given, str) or len(given) > LONGEST_KEY or not self._parts.key.matches(given.strip()):
            return self._files.page("signin.html", 401, wrong=True)
        response = _to("/")
        self._sessions.begin(request, response)
        return response

    async def sign_out(self, request: web.Request) -> web.Response:
        _require_same_site(request)
        response = _to("/signin")
        self._sessions.end(response)
        return response

    async def overview_data(self, request: web.Request) -> web.Response:
        """Everything the page shows, asked once a second while somebody looks."""
        if not self._sessions.is_in(request):
            raise Refused(401, "signed_out", "sign in again")
        snapshot = await self._parts.sizes.now()
        records = sorted(self._parts.definitions.segments.values(), key=lambda each: (each.name.casefold(), each.id))
        documents = await self._segments.documents(records)
        document = {
            **described(snapshot, ()),
            "at": format_instant(now()),
            "missing": await self._parts.health.missing(),
            "trends": self.trends.overview(),
            "segments": [{**each, "trend": self.trends.of(each["id"])} for each in documents],
        }
        return json_response(document, headers={"Cache-Control": "no-store"})


def _to(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def _require_same_site(request: web.Request) -> None:
    """Raises Refused 403 for a form that another site's page has sent."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != request.host:
        raise Refused(403, "foreign_origin", "this form was sent from another site")
