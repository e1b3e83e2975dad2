"""`POST /v1/users`: users and their traits by JSON, or by CSV of any size, streamed.

Owns reading the body and the order of things; what becomes of a user is `streams.uploads`'. The answer comes when the
broker has everything; where it does not take more, the answer tells how many users it has. Source: contract section 3.
"""

import asyncio
import time
import zlib
from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientError, web

from gateway.budget import Budget
from gateway.collector import body
from gateway.collector.intake import Writer
from gateway.errors import Refused, invalid, json_response
from gateway.users.csv_rows import Row, RowReader
from gateway.users.storing import Upload
from schemas.errors import Rejected, Unavailable
from streams.normalise_body import read_body
from streams.uploads import ID, uploaded, uploaded_row

MOST_USERS = 10_000
LARGEST_JSON = 32 << 20
"""Bytes of a JSON body, as sent and inflated."""
CHUNK = 64 << 10
SLOWEST = 20.0
"""Seconds that a CSV body may stop coming."""
_SLICE = 100


class Uploads:
    """The handler; may raise Unavailable."""

    def __init__(self, writer: Writer, budget: Budget, partitions: int) -> None:
        self._writer = writer
        self._budget = budget
        self._partitions = partitions

    async def post(self, request: web.Request) -> web.Response:
        upload = Upload(self._writer, self._partitions, time.time_ns() // 1_000_000)
        try:
            if request.content_type == "text/csv":
                await self._csv(request, upload)
            else:
                await self._json(request, upload)
            await upload.write()
        except Unavailable as away:
            more = upload.answer()
            raise Refused(503, "unavailable", away.message, more, Retry_After=str(away.retry_after)) from None
        return json_response(upload.answer())

    async def _json(self, request: web.Request, upload: Upload) -> None:
        try:
            document = read_body(await body.read(request, self._budget, LARGEST_JSON))
        except Rejected as broken:
            raise Refused(400, broken.code, broken.message) from None
        for user in _users(document):
            try:
                upload.accept(uploaded(user, upload.received, upload.arrival, upload.message_id))
            except Rejected as rejected:
                upload.reject(rejected)
            if upload.is_full:
                await upload.write()
            elif upload.index % _SLICE == 0:
                await asyncio.sleep(0)

    async def _csv(self, request: web.Request, upload: Upload) -> None:
        header: list[str] | None = None
        async for row in _rows(request):
            if header is None:
                header = _header(row)
                continue
            try:
                named = _named(header, row)
                upload.accept(uploaded_row(named, upload.received, upload.arrival, upload.message_id))
            except Rejected as rejected:
                upload.reject(rejected, row.line)
            if upload.is_full:
                await upload.write()
        if header is None:
            raise invalid(("", "no_header", f"the first line has to name the columns, `{ID}` among them"))


def _users(document: Any) -> list[Any]:
    users = document.get("users") if isinstance(document, dict) else None
    if not isinstance(users, list):
        raise invalid(("users", "not_a_list", "`users` has to be a list of objects with `user_id` and `traits`"))
    if len(users) > MOST_USERS:
        raise invalid(("users", "too_many", f"at most {MOST_USERS:,} users a call; CSV takes any number"))
    return users


def _header(row: Row) -> list[str]:
    """The names of the columns. Raises Refused 422."""
    if isinstance(row.cells, Rejected):
        raise invalid(("", row.cells.code, row.cells.message))
    names = [row.cells[0].removeprefix("\ufeff"), *row.cells[1:]]
    if ID not in names:
        raise invalid(("", "no_user_id", f"the first line has to name the columns, `{ID}` among them"))
    if "" in names or len(set(names)) < len(names):
        raise invalid(("", "bad_header", "every column needs a name of its own"))
    return names


def _named(header: list[str], row: Row) -> dict[str, str]:
    """The row's cells by their columns; cells that are left out at the end are missing. Raises Rejected."""
    if isinstance(row.cells, Rejected):
        raise row.cells
    if len(row.cells) > len(header):
        raise Rejected("bad_row", f"{len(row.cells)} cells under {len(header)} columns")
    return dict(zip(header, row.cells, strict=False))


async def _rows(request: web.Request) -> AsyncIterator[Row]:
    reader = RowReader()
    async for data in _content(request):
        for row in reader.feed(data):
            yield row
        await asyncio.sleep(0)
    for row in reader.end():
        yield row


async def _content(request: web.Request) -> AsyncIterator[bytes]:
    """The body piece by piece, inflated where it is gzip, and no faster than it is taken. Raises Refused 400."""
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise Refused(400, "bad_encoding", "a body may be gzip, no other Content-Encoding")
    inflater = zlib.decompressobj(wbits=31) if encoding in ("gzip", "x-gzip") else None
    while data := await _piece(request):
        if inflater is None:
            yield data
            continue
        while data:
            try:
                yield inflater.decompress(data, 4 * CHUNK)
            except zlib.error:
                raise Refused(400, "bad_gzip", "the body is no gzip") from None
            data = inflater.unconsumed_tail
    if inflater is not None and not inflater.eof:
        raise Refused(400, "bad_gzip", "the body is not one whole gzip file")


async def _piece(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(SLOWEST):
            return await request.content.read(CHUNK)
    except TimeoutError:
        raise Refused(400, "too_slow", f"the body stopped for {SLOWEST:.0f} s") from None
    except (ClientError, ConnectionError, web.RequestPayloadError):
        raise Refused(400, "bad_body", "the body broke off") from None
