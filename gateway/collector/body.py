"""A request's body: read as it comes, inflated, never beyond the cap.

Owns bytes; what they mean as JSON is in `streams.normalise_body`.
"""

import asyncio
import zlib

from aiohttp import ClientError, web

from gateway.budget import Budget
from gateway.errors import Refused
from schemas.calls import MAX_BODY_BYTES

SLOWEST = 20.0
"""Seconds that a body may take to arrive."""
_GZIP = b"\x1f\x8b"


async def read(request: web.Request, budget: Budget) -> bytes:
    """The body, inflated where it is gzip. While it comes in, its bytes are the budget's.

    Raises Refused 400 for one that is too large as sent or inflated, broken or too slow, and Unavailable.
    """
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    held = 0
    chunks = []
    try:
        async with asyncio.timeout(SLOWEST):
            async for chunk in request.content.iter_any():
                budget.take(len(chunk))
                held += len(chunk)
                chunks.append(chunk)
                if held > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError:
        raise Refused(400, "too_slow", f"a body has to arrive within {SLOWEST:.0f} s") from None
    except (ClientError, ConnectionError, web.RequestPayloadError):
        raise Refused(400, "bad_body", "the body broke off") from None
    finally:
        budget.give(held)
    return _decoded(b"".join(chunks), request.headers.get("Content-Encoding", "").strip().lower())


def _decoded(body: bytes, encoding: str) -> bytes:
    """A server that inflates by itself leaves the header: gzip is known by its first bytes."""
    if encoding in ("", "identity"):
        return body
    if encoding not in ("gzip", "x-gzip"):
        raise Refused(400, "bad_encoding", "a body may be gzip, no other Content-Encoding")
    return inflate(body) if body.startswith(_GZIP) else body


def inflate(body: bytes) -> bytes:
    """The content of a gzip file, whose size is looked at while it grows: a bomb costs no more than the cap."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        inflated = inflater.decompress(body, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise Refused(400, "bad_gzip", "the body is no gzip") from None
    if len(inflated) > MAX_BODY_BYTES:
        raise _too_large()
    if not inflater.eof or inflater.unused_data:
        raise Refused(400, "bad_gzip", "the body is not one whole gzip file")
    return inflated


def _too_large() -> Refused:
    return Refused(400, "too_large", f"a request has at most {MAX_BODY_BYTES >> 10} KB, inflated too")
