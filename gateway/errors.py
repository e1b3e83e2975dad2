"""What a caller is told when something cannot be done: every error body is `{"code","message"}`, sometimes with more.

Owns the kinds of refusal and the middleware that turns whatever a handler raises into an answer. Source of statuses and
bodies: contract sections 2 to 4.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from aiohttp import web

from gateway.inflating import TOO_LARGE, inflated
from gateway.traffic import count_answer
from schemas.errors import Rejected, Unavailable

log = logging.getLogger("shoal.gateway")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Refused(Exception):
    """The answer is an error of this status; `more` goes into the body beside code and message."""

    def __init__(
        self, status: int, code: str, message: str, more: Mapping[str, Any] | None = None, **headers: str
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.more = more or {}
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(document), status=status, headers=headers, content_type="application/json")


def error_response(error: Refused) -> web.Response:
    body = {"code": error.code, "message": error.message, **error.more}
    return json_response(body, error.status, error.headers)


def invalid(*errors: tuple[str, str, str]) -> Refused:
    """422 of (path, code, message) each; the first one's message stands for all."""
    listed = [{"path": path, "code": code, "message": message} for path, code, message in errors]
    return Refused(422, errors[0][1], errors[0][2], {"errors": listed})


def unavailable(error: Unavailable) -> Refused:
    return Refused(503, "unavailable", error.message, Retry_After=str(error.retry_after))


def _of_http(error: web.HTTPException) -> Refused:
    """aiohttp's own refusals in our words."""
    if error.status == 404:
        return Refused(404, "not_found", "there is nothing at this address")
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return Refused(405, "method_not_allowed", f"this address takes {allowed}", Allow=allowed)
    if error.status == 413:
        return Refused(413, "too_large", "the body is too large")
    return Refused(error.status, "refused", error.reason)


def answer_of(error: Exception, request: web.BaseRequest) -> web.StreamResponse:
    """The answer to what a handler raised. What nobody foresaw is a bug: logged whole, told as 500."""
    if isinstance(error, Refused):
        return error_response(error)
    if isinstance(error, Unavailable):
        return error_response(unavailable(error))
    if isinstance(error, web.HTTPException):
        return error_response(_of_http(error))
    log.error("bug in %s %s", request.method, request.path, exc_info=error)
    return error_response(Refused(500, "internal", "this is our fault; the log says more"))


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answers for whatever the handler raises, and counts."""
    try:
        response = await handler(request)
    except Exception as error:
        response = answer_of(error, request)
    count_answer(response.status)
    return response


async def read_json(request: web.Request) -> Any:
    """The body as JSON, whatever its Content-Type, gzip too. Raises Refused 400 when it is none, 413 when too large."""
    try:
        return orjson.loads(await read_body(request))
    except ValueError:
        raise Refused(400, "bad_json", "the body is not JSON") from None


async def read_body(request: web.Request) -> bytes:
    """The body, inflated where it is gzip. Raises Refused 413 above the largest of the application, else 400."""
    try:
        sent = await request.read()
        return inflated(sent, request.headers.get("Content-Encoding", ""), request.client_max_size)
    except Rejected as refused:
        raise Refused(413 if refused.code == TOO_LARGE else 400, refused.code, refused.message) from None


async def read_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object. Raises Refused 400 when it is no JSON, 422 when it is something else."""
    document = await read_json(request)
    if not isinstance(document, dict):
        raise invalid(("", "not_an_object", "the body has to be a JSON object"))
    return document
