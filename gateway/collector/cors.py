"""Cross-origin rules of the collector: any site may send, with the headers that the SDKs use.

Owns the headers. Origins are repeated, not `*`, since `sendBeacon` sends with credentials; there are no cookies here
that a foreign site could abuse.
"""

import re

from aiohttp import web

_METHODS = "GET, POST, OPTIONS"
_HEADERS = ("Authorization", "Content-Type", "Content-Encoding", "AnonymousId", "X-Retry-Count")
_NAMES = re.compile(r"[A-Za-z0-9-]{1,40}( *, *[A-Za-z0-9-]{1,40}){0,20}")
_A_DAY = "86400"


def allow(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """The response, readable by the page that asked."""
    response.headers["Vary"] = "Origin"
    if origin := request.headers.get("Origin"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Credentials"] = "true"
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    else:
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response


async def preflight(request: web.Request) -> web.StreamResponse:
    """What a browser asks before it sends: the headers named are ours and those it asks for."""
    asked = request.headers.get("Access-Control-Request-Headers", "")
    named = ", ".join(_HEADERS) + (f", {asked}" if _NAMES.fullmatch(asked) else "")
    response = web.Response(
        status=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": named,
            "Access-Control-Max-Age": _A_DAY,
        },
    )
    return allow(request, response)
