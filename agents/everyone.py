"""Telling of all users of a partition what changed with the live versions, in slices with events between them.

Owns the walk; what there is to tell of a row is `streams.everyone`'s.
"""

import asyncio
from functools import partial

from agents.lane import Lane
from streams import everyone

SWAPPED = 0.5
"""Seconds in which gateways, that read five times as often, have swapped the versions that answer."""

SLICE = 500
"""Users that are looked at between two looks at the present, some 10 ms."""


async def comes_more(wake: asyncio.Event) -> bool:
    """Waits until every gateway knows of the live versions; whether something else was to be done before that.

    A row that is written from here on has no more of the versions before: all of them at once, and lookups would for a
    moment find neither those nor the new ones.
    """
    try:
        async with asyncio.timeout(SWAPPED):
            return await wake.wait()
    except TimeoutError:
        return False


async def tell_everyone(lane: Lane) -> None:
    """Does nothing where everybody has been told of already; who is killed amid it begins again.

    What happens to users meanwhile tells of itself.
    """
    shard = lane.shard
    while (live := everyone.untold(shard, lane.clock.now())) is not None:
        last: bytes | None = None
        while rows := lane.store.scan(last, SLICE):
            last = rows[-1][0]
            await lane.turn(partial(everyone.tell, shard, [value for _, value in rows]))
            await asyncio.sleep(0)
        if everyone.untold(shard, lane.clock.now()) == live:
            await lane.step(partial(everyone.told, shard, live))
