"""Who is signed in on the page: a cookie that only someone who knew the secret key can have been given.

Owns the cookie's making and checking. It holds the instant it ends and a MAC under a key derived from the secret key,
nothing else: the gateway keeps no list, and another secret key ends all sessions.
"""

import hmac
from hashlib import sha256

from aiohttp import web

from gateway.clock import now
from schemas.times import HOUR

COOKIE = "shoal_session"
LASTS = 12 * HOUR


class Sessions:
    """Sessions under one secret key."""

    def __init__(self, secret_key: str) -> None:
        self._key = hmac.digest(secret_key.encode(), b"shoal page session", "sha256")

    def begin(self, request: web.BaseRequest, response: web.Response) -> None:
        """The response makes its receiver signed in. A page of another site can neither send nor read the cookie."""
        ends = str(now() + LASTS)
        response.set_cookie(
            COOKIE,
            f"{ends}.{self._mac(ends)}",
            max_age=LASTS // 1000,
            httponly=True,
            samesite="Strict",
            secure=request.secure,
            path="/",
        )

    def end(self, response: web.Response) -> None:
        response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")

    def is_in(self, request: web.BaseRequest) -> bool:
        """Whether the request comes from someone signed in."""
        ends, _, mac = request.cookies.get(COOKIE, "").partition(".")
        given = mac.encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._mac(ends).encode()):
            return False
        return int(ends) > now()

    def _mac(self, ends: str) -> str:
        return hmac.new(self._key, ends.encode("utf-8", "surrogateescape"), sha256).hexdigest()
