"""Posting to a running system over HTTP: batches of calls with the write key, segments with the secret key.

Owns retries and what a refusal means; what is posted comes from `calls` and `demo_segments`. A batch is posted again
until it is acknowledged: its message ids make that harmless.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp
import orjson

from schemas.errors import StartError
from schemas.times import SECOND, format_instant

PATIENCE = 15.0
"""Seconds that a collector which was never reached is waited for."""
LONGEST_PAUSE = 5.0
_BUSY = (429, 502, 503, 504)


class Poster:
    """`sent` and `rejected` count calls that were answered. StartError: saying it again would not help."""

    def __init__(self, session: aiohttp.ClientSession, url: str, write_key: str, secret_key: str) -> None:
        self._session, self._url = session, url.rstrip("/")
        self._sender = {"Authorization": "Basic " + b64encode(f"{write_key}:".encode()).decode()}
        self._asker = {"Authorization": f"Bearer {secret_key}"}
        self._began = time.monotonic()
        self._reached = False
        self.sent = self.rejected = 0

    async def segment(self, body: Mapping[str, Any]) -> None:
        """Makes a segment; one that is there already stays as it is. Raises StartError."""
        encoded = orjson.dumps(body)
        await self._post("/v1/segments", lambda: encoded, self._asker, (200, 201, 409))

    async def calls(self, batch: list[bytes]) -> None:
        """Posts encoded calls, returns when the system has them. Raises StartError."""

        def body() -> bytes:
            sent_at = format_instant(int(time.time() * SECOND)).encode()
            return b'{"sentAt":"' + sent_at + b'","batch":[' + b",".join(batch) + b"]}"

        answer = await self._post("/v1/batch", body, self._sender, (200,))
        rejected = len(answer.get("rejected", ()))
        self.sent += len(batch) - rejected
        self.rejected += rejected

    async def _post(self, path: str, body: Callable[[], bytes], headers: dict[str, str], good: tuple[int, ...]) -> Any:
        pause = 0.25
        while True:
            try:
                async with self._session.post(self._url + path, data=body(), headers=headers) as response:
                    self._reached = True
                    text = await response.read()
                    if response.status in good:
                        return orjson.loads(text)
                    if response.status not in _BUSY:
                        raise StartError(
                            f"{self._url}{path} answered {response.status}: {text[:300].decode(errors='replace')}"
                        )
                    pause = _retry_after(response.headers.get("Retry-After"), pause)
            except (aiohttp.ClientError, TimeoutError) as error:
                if not self._reached and time.monotonic() - self._began > PATIENCE:
                    raise StartError(f"{self._url} cannot be reached: {error}") from error
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _retry_after(header: str | None, otherwise: float) -> float:
    try:
        return float(header) if header else otherwise
    except ValueError:  # the date form, which this system never sends
        return otherwise
