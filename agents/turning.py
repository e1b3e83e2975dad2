"""The timer of a partition: brings the users to the present whose time has come.

Owns when and how many at once; who is due is the store's to say, what becomes of them the shard's. Each partition has
its own, so that one's waiting for the broker and Redis is another's time to work: 10,000 users a second on one core.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from agents.lane import Lane
from agents.measuring import measure_turned
from agents.table import NotOursError

EVERY = 0.05
"""Seconds between two looks at who is due; a change by time alone is seen within a second."""

AT_ONCE = 500
"""Users of a step: some 0.05 s of work, which is what an event may have to wait for it."""


async def turn_for_ever(lane: Lane, may_work: Callable[[], bool]) -> None:
    """Turns a partition's users for as long as it is this worker's; pauses while partitions are handed over."""
    while True:
        busy = False
        try:
            busy = may_work() and await _turn(lane)
        except (RuntimeError, NotOursError):
            if may_work():
                raise
        await asyncio.sleep(0 if busy else EVERY)


async def _turn(lane: Lane) -> bool:
    """One step, if anyone is due; whether there may be more."""
    due = lane.store.due(lane.clock.now(), AT_ONCE)
    if not due:
        return False
    ids = [key[1:].decode() for _, key in due]
    await lane.turn(partial(lane.shard.turn, ids))
    measure_turned([at for at, _ in due], lane.clock.now())
    return len(due) == AT_ONCE
