"""Telling of all users of a partition what changed with the live versions, in slices with events between them.

Owns the walk; what there is to tell of a row is `streams.everyone`'s.
"""

import asyncio
from functools import partial

from agents.lane import Lane
from streams import everyone

SLICE = 500
"""Users that are looked at between two looks at the present, some 10 ms."""


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
