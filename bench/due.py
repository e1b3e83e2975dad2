"""Users whose time comes in the same second: how long until lookups see them all changed, and what live events wait
meanwhile.

Every user's one event is of the same instant, and so leaves the window at the same instant; half a minute before it,
all is at rest. Probes go the whole way over HTTP from then on.
"""

import asyncio
from typing import Any

import aiohttp

from bench.data import TOPICS, Made, events, identities
from bench.latency import once
from bench.load import write
from bench.report import Row, milliseconds
from bench.rig import Rig, rig
from bench.worker import now
from schemas.segments import FIRST_USER_SLOT
from schemas.times import HOUR, SECOND
from stores import keys

SHOP = {"event": "*", "where": [{"field": "host", "op": "exists"}]}
"""No probe."""
RULES: dict[str, dict[str, Any]] = {
    "within-the-hour": {"did": SHOP, "window": {"last": "1h"}},
    "gone-quiet": {"not": {"did": SHOP, "window": {"last": "1h"}}},
    "active-now": {"did": {"event": "Probed"}, "window": {"last": "5m"}},
}
AHEAD = 45 * SECOND
"""From the writing of the events until they leave the window."""
PAUSE = 0.02


def measure(users: int = 100_000) -> list[Row]:
    with rig() as it:
        it.gateway()
        it.worker()
        it.ready()
        it.make_segments(RULES)
        at = now() - HOUR + AHEAD
        made = Made(users, users, at, at)
        write(it.settings, identities(made), events(made))
        it.until(lambda: it.applied(TOPICS) >= users, "the users are not there", 300.0)
        if now() > at + HOUR or _members(it) != users:
            raise RuntimeError(f"{_members(it)} of {users} users came in within {AHEAD / 1000:.0f} s")
        took, times = asyncio.run(_watch(it, at + HOUR))
    p99 = milliseconds(times[int(len(times) * 0.99)])
    return [
        Row(f"{users:,} users due in one second: all changed", f"{took:.1f} s", "", "", "≤ 10 s"),
        Row("event → lookup p99 meanwhile", p99, "", "", "≤ 1,000 ms"),
    ]


async def _watch(it: Rig, due: int) -> tuple[float, list[float]]:
    """(seconds after `due` until nobody is in the window, sorted seconds of probes meanwhile)."""
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        await asyncio.sleep((due - now()) / 1000)
        while await asyncio.to_thread(_members, it) > 0:
            times.append(await once(it, session, f"probe-{len(times)}"))
            await asyncio.sleep(PAUSE)
            if now() > due + 300 * SECOND:
                raise TimeoutError(f"{_members(it)} users are still in the window")
    return (now() - due) / 1000, sorted(times)


def _members(it: Rig) -> int:
    """Of the first segment, over all partitions."""
    settings = it.settings
    with it.store() as client:
        return sum(
            client.bitcount(keys.bitmap_prefix(settings.namespace, partition) + b"%d" % FIRST_USER_SLOT)
            for partition in range(settings.partitions)
        )
