"""Event → lookup: from the moment an event is posted to the collector until a lookup shows what it did, while the
worker has a fifth of the load that it can take.

The load is written straight to the topics; the probes go the whole way over HTTP, one at a time, each with a user of
its own, so that posting and asking are in the figure.
"""

import asyncio
import json
import time
from collections.abc import Iterator
from random import Random
from typing import Any

import aiohttp

from bench.data import TOPICS, Made, Record, event, events, identities
from bench.load import Loader
from bench.report import Row, milliseconds, per_second
from bench.rig import Rig, broker_name, rig
from bench.rules import RULES
from bench.worker import now
from schemas.times import HOUR

PROBES = 500
PAUSE = 0.02
"""Seconds between two probes."""
WARM = 3.0
USERS = 10_000


def measure(full: float = 40_000.0) -> list[Row]:
    """`full` is what the worker can take, in events a second."""
    with rig() as it:
        it.gateway()
        it.worker()
        it.ready()
        it.make_segments(RULES)
        times, reached = asyncio.run(_probe(it, full / 5))
    p50, p99 = (milliseconds(times[int(len(times) * part)]) for part in (0.5, 0.99))
    what = f"event → lookup p50 / p99 over HTTP, at {per_second(reached)} ({broker_name()})"
    return [Row(what, f"{p50} / {p99}", "", "", "20 / 100 ms")]


async def _probe(it: Rig, rate: float) -> tuple[list[float], float]:
    """(sorted seconds of all probes, events a second that were written meanwhile)."""
    stop = asyncio.Event()
    async with Loader(it.settings) as loader, aiohttp.ClientSession() as session:
        await loader.send(identities(Made(USERS, 0, now(), now())))
        await loader.send(events(Made(USERS, USERS, now() - HOUR, now())))
        await asyncio.to_thread(it.until, lambda: it.applied(TOPICS) >= USERS, "the users are not there", 120.0)
        load = asyncio.ensure_future(loader.pace(_live(), rate, stop))
        await asyncio.sleep(WARM)
        times = []
        for number in range(PROBES):
            times.append(await once(it, session, f"probe-{number}"))
            await asyncio.sleep(PAUSE)
        stop.set()
        return sorted(times), await load


def _live() -> Iterator[Record]:
    """Events that happen as they are written."""
    rng = Random(2)
    number = 0
    while True:
        user = rng.randrange(USERS)
        yield event(rng, f"u{user}", user, now(), f"live-{number}")
        number += 1


async def once(it: Rig, session: aiohttp.ClientSession, user: str) -> float:
    """Seconds from posting a user's first event until a lookup has the user in `active-now`."""
    url = f"http://127.0.0.1:{it.settings.port}/v1"
    posted: dict[str, Any] = {"anonymousId": user, "event": "Probed"}
    begun = time.perf_counter()
    async with session.post(f"{url}/track", json=posted, auth=aiohttp.BasicAuth(it.settings.write_key)) as answer:
        assert answer.status == 200, await answer.text()
    asker = {"Authorization": f"Bearer {it.settings.secret_key}"}
    while True:
        async with session.get(f"{url}/users/{user}/segments", headers=asker) as answer:
            if "active-now" in json.loads(await answer.read())["segments"]:
                return time.perf_counter() - begun
        if time.perf_counter() - begun > 30.0:
            raise TimeoutError(f"{user} is not in a lookup after 30 s")
