"""A run of the simulation: the segments, the past as fast as it is taken, then each call when its time has come.

Owns the clock, the lanes that batches are posted in, and what is told on stderr. Memory is bounded by the lanes: with
all of them busy, nothing more is made.
"""

import asyncio
import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import aiohttp
import orjson

from cli.simulation.calls import Call, Plan, calls
from cli.simulation.demo_segments import SEGMENTS
from cli.simulation.poster import Poster
from schemas.times import SECOND, format_duration

BATCH_CALLS = 400
BATCH_BYTES = 400_000
"""The collector takes 500 KB a batch."""
LANES = 4
TICK = 0.1
"""Seconds between two batches while waiting for the clock."""
REPORT = 60.0
LAST_WORDS = 3.0
"""Seconds that batches under way have after a stop."""


@dataclass(frozen=True, slots=True)
class Target:
    url: str
    write_key: str
    secret_key: str


def wall_clock() -> int:
    return time.time_ns() // 1_000_000


async def run(plan: Plan, target: Target, duration: int | None, stop: asyncio.Event) -> None:
    """Until `stop` is set, or for `duration` ms after the past was posted. Raises StartError."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        poster = Poster(session, target.url, target.write_key, target.secret_key)
        work = asyncio.ensure_future(_work(plan, poster, duration))
        ended = asyncio.ensure_future(stop.wait())
        await asyncio.wait((work, ended), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not work.done():
            work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
        tell(f"{poster.sent:,} calls posted" + (f", {poster.rejected:,} rejected" if poster.rejected else ""))


async def _work(plan: Plan, poster: Poster, duration: int | None) -> None:
    for segment in SEGMENTS:
        await poster.segment(segment)
    tell(f"{len(SEGMENTS)} segments")
    await _Sender(plan, poster, duration).run()


class _Sender:
    """Posts the calls of a plan in `LANES` lanes."""

    def __init__(self, plan: Plan, poster: Poster, duration: int | None) -> None:
        self._plan, self._poster, self._duration = plan, poster, duration
        self._batch: list[bytes] = []
        self._size = 0
        self._lanes: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        try:
            source = calls(self._plan)
            first = await self._post_past(source)
            await self._post_live(chain((first,), source))
            await self._finish()
        except asyncio.CancelledError:
            if self._lanes:
                await asyncio.wait(self._lanes, timeout=LAST_WORDS)
            raise
        finally:
            for lane in self._lanes:
                lane.cancel()

    async def _post_past(self, source: Iterator[Call]) -> Call:
        """Posts all before `now` and gives the first call after it."""
        began = time.monotonic()
        for call in source:
            if call.at >= self._plan.now:
                break
            await self._add(orjson.dumps(call.body))
        await self._finish()
        took = time.monotonic() - began
        tell(f"past of {format_duration(self._plan.history)}: {self._poster.sent:,} calls in {took:.1f} s")
        return call

    async def _post_live(self, source: Iterable[Call]) -> None:
        reported, before = time.monotonic(), self._poster.sent
        until = wall_clock() + self._duration if self._duration is not None else sys.maxsize
        for call in source:
            while call.at > wall_clock() < until:
                await self._flush()
                await asyncio.sleep(max((call.at - wall_clock()) / SECOND, TICK))
            if wall_clock() >= until:
                return
            if (passed := time.monotonic() - reported) >= REPORT:
                rate = (self._poster.sent - before) / passed
                tell(f"{self._poster.sent:,} calls posted, {rate:.1f} a second")
                reported, before = time.monotonic(), self._poster.sent
            await self._add(orjson.dumps(call.body))

    async def _add(self, encoded: bytes) -> None:
        if len(self._batch) == BATCH_CALLS or self._size + len(encoded) > BATCH_BYTES:
            await self._flush()
        self._batch.append(encoded)
        self._size += len(encoded)

    async def _flush(self) -> None:
        if not self._batch:
            return
        if len(self._lanes) == LANES:
            done, self._lanes = await asyncio.wait(self._lanes, return_when=asyncio.FIRST_COMPLETED)
            for lane in done:
                lane.result()  # raises what it was refused with
        self._lanes.add(asyncio.ensure_future(self._poster.calls(self._batch)))
        self._batch, self._size = [], 0

    async def _finish(self) -> None:
        await self._flush()
        if self._lanes:
            await asyncio.gather(*self._lanes)
            self._lanes.clear()


def tell(text: str) -> None:
    print(f"simulate: {text}", file=sys.stderr, flush=True)
