"""`GET /v1/processed?position=`: whether what was acknowledged is visible by now.

Owns the question's form; the answer is `gateway.position`'s.
"""

from aiohttp import web

from gateway.auth import SecretKey
from gateway.collector.write_key import WriteKey
from gateway.errors import Refused, json_response
from gateway.position import Visibility, decode_position
from schemas.errors import Rejected


class Processed:
    """The handler. Either key may ask."""

    def __init__(self, write_key: WriteKey, secret_key: SecretKey, visibility: Visibility, partitions: int) -> None:
        self._write_key = write_key
        self._secret_key = secret_key
        self._visibility = visibility
        self._partitions = partitions

    async def ask(self, request: web.Request) -> web.StreamResponse:
        if not self._secret_key.is_in(request):
            self._write_key.require(request)
        text = request.query.get("position")
        if text is None:
            raise Refused(400, "bad_position", "`position` is what the answer to a call named so")
        try:
            ends = decode_position(text, self._partitions)
        except Rejected as refused:
            raise Refused(400, refused.code, refused.message) from None
        done = await self._visibility.visible(text, ends)
        return json_response({"processed": done}, 200 if done else 202)
