"""The secret key: who may ask and change things. `Authorization: Bearer KEY`, compared in constant time.

Owns this key only: the write key is the collector's, the page's sessions are in `gateway.pages.session`.
"""

from hmac import compare_digest

from aiohttp import web

from gateway.errors import Handler, Refused


class SecretKey:
    """Checks requests against one key."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._header = b"Bearer " + self._key

    def is_in(self, request: web.Request) -> bool:
        """Whether the request carries the key."""
        return self.is_header(request.headers.get("Authorization", "").encode("utf-8", "surrogateescape"))

    def is_header(self, header: bytes) -> bool:
        """Whether this is an `Authorization` header's value with the key."""
        if compare_digest(header, self._header):
            return True
        scheme, _, given = header.partition(b" ")
        return scheme.lower() == b"bearer" and compare_digest(given.strip(), self._key)

    def matches(self, text: str) -> bool:
        """Whether this text is the key."""
        return compare_digest(text.encode("utf-8", "surrogatepass"), self._key)

    def require(self, request: web.Request) -> None:
        """Raises Refused 401 for a request without the key."""
        if not self.is_in(request):
            raise Refused(
                401, "unauthorized", "send the secret key as `Authorization: Bearer …`", WWW_Authenticate="Bearer"
            )

    def guarding(self, handler: Handler) -> Handler:
        """The handler for requests with the key only."""

        async def guarded(request: web.Request) -> web.StreamResponse:
            self.require(request)
            return await handler(request)

        return guarded
