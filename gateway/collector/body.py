"""A tracking request's body: read as it comes, inflated, never beyond the cap.

Owns bytes; what they mean as JSON is in `streams.normalise_body`.
"""

import asyncio

from aiohttp import ClientError, web

from gateway.budget import Budget
from gateway.errors import Refused
from gateway.inflating import inflated
from schemas.calls import MAX_BODY_BYTES
from schemas.errors import Rejected

SLOWEST = 20.0
"""Seconds that a body may take to arrive."""


async def read(request: web.Request, budget: Budget, most: int = MAX_BODY_BYTES) -> bytes:
    """The body, at most `most` bytes, inflated where it is gzip. While it comes in, its bytes are the budget's.

    Raises Refused 400 for one that is too large as sent or inflated, broken or too slow, and Unavailable.
    """
    if (request.content_length or 0) > most:
        raise _too_large(most)
    held = 0
    chunks = []
    try:
        async with asyncio.timeout(SLOWEST):
            async for chunk in request.content.iter_any():
                budget.take(len(chunk))
                held += len(chunk)
                chunks.append(chunk)
                if held > most:
                    raise _too_large(most)
    except TimeoutError:
        raise Refused(400, "too_slow", f"a body has to arrive within {SLOWEST:.0f} s") from None
    except (ClientError, ConnectionError, web.RequestPayloadError):
        raise Refused(400, "bad_body", "the body broke off") from None
    finally:
        budget.give(held)
    try:
        return inflated(b"".join(chunks), request.headers.get("Content-Encoding", ""), most)
    except Rejected as refused:
        raise Refused(400, refused.code, refused.message) from None


def _too_large(most: int) -> Refused:
    return Refused(400, "too_large", f"a request has at most {most >> 10} KB, inflated too")
