"""A load of lookups over keep-alive connections, each with one request under way, as a process of its own.

Prints one JSON line: lookups a second, latencies in ms, errors. Without BENCH_RATE every connection asks again at once;
with it, requests are due at that pace, and a late one counts from when it was due.
"""

import asyncio
import json
import os
import random
import time
from collections import deque
from typing import cast

import uvloop

HOST, PORT = "127.0.0.1", int(os.environ["BENCH_PORT"])
CONNECTIONS = int(os.environ["BENCH_CONNECTIONS"])
SECONDS = float(os.environ["BENCH_SECONDS"])
RATE = float(os.environ.get("BENCH_RATE", "0"))
USERS = int(os.environ["BENCH_USERS"])
WARM = 1.5
"""Seconds before anything is counted."""


class Load:
    """What all connections share: whom to ask about next, and what was measured."""

    def __init__(self) -> None:
        order = random.Random(7)
        token = os.environ["BENCH_SECRET"]
        self._requests = [
            f"GET /v1/users/u{order.randrange(USERS)}/segments HTTP/1.1\r\nHost: {HOST}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
            for _ in range(20_000)
        ]
        self._next = 0
        self.times: list[float] = []
        self.errors = 0
        self.from_: float = 0.0
        self.idle: deque[Connection] = deque()
        self.due: deque[float] = deque()

    def request(self) -> bytes:
        self._next = (self._next + 1) % len(self._requests)
        return self._requests[self._next]

    def done(self, connection: "Connection", began: float, good: bool) -> None:
        now = time.perf_counter()
        if began >= self.from_ > 0.0:
            self.times.append(now - began)
            self.errors += not good
        if not RATE:
            connection.ask(now)
        elif self.due:
            connection.ask(self.due.popleft())
        else:
            self.idle.append(connection)

    async def pace(self, until: float) -> None:
        begun, made = time.perf_counter(), 0
        while (now := time.perf_counter()) < until:
            while made < (now - begun) * RATE:
                due = begun + made / RATE
                made += 1
                if self.idle:
                    self.idle.popleft().ask(due)
                else:
                    self.due.append(due)
            await asyncio.sleep(0.0005)


class Connection(asyncio.Protocol):
    """One request under way at a time; answers have a Content-Length."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._buffer = b""
        self._began = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        if RATE:
            self._load.idle.append(self)
        else:
            self.ask(time.perf_counter())

    def ask(self, began: float) -> None:
        self._began = began
        self._transport.write(self._load.request())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head = self._buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = int(self._buffer[:head].lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(self._buffer) >= head + 4 + length:
            good = self._buffer.startswith(b"HTTP/1.1 200")
            self._buffer = b""
            self._load.done(self, self._began, good)


async def main() -> None:
    load = Load()
    loop = asyncio.get_running_loop()
    for _ in range(CONNECTIONS):
        await loop.create_connection(lambda: Connection(load), HOST, PORT)
    pacing = asyncio.ensure_future(load.pace(time.perf_counter() + WARM + SECONDS)) if RATE else None
    await asyncio.sleep(WARM)
    load.from_ = time.perf_counter()
    await asyncio.sleep(SECONDS)
    took = time.perf_counter() - load.from_
    times = sorted(load.times)
    if pacing is not None:
        pacing.cancel()
    share = [1000 * times[int(len(times) * part)] for part in (0.5, 0.99)]
    print(json.dumps({"rate": len(times) / took, "p50": share[0], "p99": share[1], "errors": load.errors}), flush=True)


uvloop.run(main())
