"""The write key: who may send. Basic user name, else the body's `writeKey`, else the query's.

Owns this key only. It is public and allows nothing but sending, and asking whether what was sent is visible.
"""

import binascii
from base64 import b64decode
from hmac import compare_digest

from aiohttp import web

from gateway.errors import Refused


class WriteKey:
    """Checks requests against one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()

    def require_header(self, request: web.Request) -> bool:
        """Whether the request has the key as its Basic user. Raises Refused 401 where it has another one."""
        user = _basic_user(request)
        if user is None:
            return False
        if not compare_digest(user, self._key):
            raise _wrong()
        return True

    def require(self, request: web.Request, body: object = None) -> None:
        """Raises Refused 401 for a request without the key; `body` is its JSON, where it has one."""
        if self.require_header(request):
            return
        key = body.get("writeKey") if isinstance(body, dict) else None
        if key is None:
            key = request.query.get("writeKey")
        if not (isinstance(key, str) and self.matches(key)):
            raise _wrong()

    def matches(self, key: str) -> bool:
        return compare_digest(key.encode("utf-8", "surrogatepass"), self._key)


def _basic_user(request: web.Request) -> bytes | None:
    """The user of an `Authorization: Basic` header; None where there is no such header, or no user in it."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user = b64decode(given.strip(), validate=True).partition(b":")[0]
    except (binascii.Error, ValueError):
        raise _wrong() from None
    return user or None


def _wrong() -> Refused:
    return Refused(401, "unauthorized", "send the write key as Basic user name, `writeKey` in the body or in the query")
