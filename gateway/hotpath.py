"""The hot path below aiohttp: `GET /v1/users/{id}/segments` answered from the very bytes of the request.

Owns a connection for as long as it asks nothing else. A request that is not just this one, whole, with a plain id and
nothing unusual in its head, goes to aiohttp together with its connection, which stays there: the same handler answers.
Measured on one core: twice the lookups a second of that handler under aiohttp, whose parsing, routing and writing
of headers are most of the work.
"""

import asyncio
import logging
import re
import socket
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from time import perf_counter, time
from typing import cast

from aiohttp import web

from gateway.auth import SecretKey
from gateway.errors import error_response, unavailable
from gateway.traffic import count_answer
from schemas.errors import Unavailable

log = logging.getLogger("shoal.gateway")

_LINE = re.compile(rb"GET /v1/users/([\w~@:-][\w~@:.!$&'()*+,;=-]*)/segments HTTP/1\.1", re.ASCII)
"""A request line whose id needs no decoding."""
_HEADERS = re.compile(rb"(?:[!#$%&'*+.^`|~\w-]+:[^\r\n\0]*\r\n)+\r\n", re.ASCII)
"""All headers of a request, and nothing behind them."""
_UNUSUAL = re.compile(
    rb"^(?:content-length|transfer-encoding|expect|upgrade|connection:(?! *keep-alive\r))", re.IGNORECASE | re.MULTILINE
)
"""Headers that say more of the connection, or of a body, than is understood here."""
_KEY = re.compile(rb"^authorization: *([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_HEADERS_KEPT = 1024
_LARGEST_HEADERS = 4096

Answer = Callable[[str, float], Awaitable[bytes]]
"""The body for an id, asked at an instant of `perf_counter`. May raise Unavailable."""


class HotPath:
    """What all connections of a listener share. `rest` makes the protocol that takes over everything else."""

    def __init__(self, key: SecretKey, answer: Answer, rest: Callable[[], asyncio.Protocol]) -> None:
        self.body = answer
        self.rest = rest
        self.open: set[Connection] = set()
        self._key = key
        self._known: set[bytes] = set()
        self._second = 0
        self._head = b""

    def __call__(self) -> asyncio.Protocol:
        return Connection(self)

    def asked(self, data: bytes) -> str | None:
        """The id of a lookup that is to be answered here; None for everything else."""
        line, _, headers = data.partition(b"\r\n")
        found = _LINE.fullmatch(line)
        return found[1].decode() if found and (headers in self._known or self._learns(headers)) else None

    def _learns(self, headers: bytes) -> bool:
        """Whether these headers are plain and carry the key. Clients send the same ones again and again."""
        if len(headers) > _LARGEST_HEADERS or not _HEADERS.fullmatch(headers) or _UNUSUAL.search(headers):
            return False
        key = _KEY.search(headers)
        if key is None or not self._key.is_header(key[1]):
            return False
        if len(self._known) >= _HEADERS_KEPT:
            self._known.clear()
        self._known.add(headers)
        return True

    async def response(self, id: str, started: float) -> bytes | None:
        """The whole response; None where aiohttp should try, and tell of the bug."""
        try:
            body = await self.body(id, started)
        except Unavailable as away:
            return self._refusal(error_response(unavailable(away)))
        except Exception:
            log.exception("a lookup failed")
            return None
        count_answer(200)
        if (second := int(time())) != self._second:
            self._second = second
            date = formatdate(second, usegmt=True).encode()
            self._head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: " + date + b"\r\nContent-Length: "
        return b"%b%d\r\n\r\n%b" % (self._head, len(body), body)

    def _refusal(self, response: web.Response) -> bytes:
        count_answer(response.status)
        body = response.body
        assert isinstance(body, bytes)
        lines = [f"HTTP/1.1 {response.status} {response.reason}", f"Date: {formatdate(usegmt=True)}"]
        lines += [f"{name}: {value}" for name, value in response.headers.items() if name != "Content-Length"]
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body

    async def close(self, patience: float) -> None:
        """Ends all connections; lookups under way get this many seconds."""
        busy = [each.task for each in self.open if each.task is not None]
        if busy:
            await asyncio.wait(busy, timeout=patience)
        for each in list(self.open):
            each.transport.close()


class Connection(asyncio.Protocol):
    """One client's connection, one lookup at a time; what comes meanwhile waits."""

    __slots__ = ("_held", "_hot", "task", "transport")

    def __init__(self, hot: HotPath) -> None:
        self._hot = hot
        self._held = b""
        self.task: asyncio.Task[None] | None = None
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._hot.open.add(self)
        if (sock := transport.get_extra_info("socket")) is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hot.open.discard(self)
        if self.task is not None:
            self.task.cancel()

    def pause_writing(self) -> None:
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self.task is not None:
            self._held += data
            self.transport.pause_reading()
        elif (id := self._hot.asked(data)) is not None:
            self.task = asyncio.create_task(self._answer(id, data, perf_counter()))
        else:
            self._hand_over(data)

    async def _answer(self, id: str, request: bytes, started: float) -> None:
        response = await self._hot.response(id, started)
        self.task = None
        held, self._held = self._held, b""
        if response is None:
            self._hand_over(request + held)
            return
        self.transport.write(response)
        if held:
            self.transport.resume_reading()
            self.data_received(held)

    def _hand_over(self, data: bytes) -> None:
        self._hot.open.discard(self)
        rest = self._hot.rest()
        self.transport.set_protocol(rest)
        rest.connection_made(self.transport)
        rest.data_received(data)
        self.transport.resume_reading()
