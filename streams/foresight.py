"""What time alone will bring: when a user enters or leaves segments although nothing happens.

Owns the walk ahead: the very steps that a row is taken through when its time comes, so that what is foretold is what
will be done. Used by `shoal segment test` and by explanations. Pure; the row that is walked with is moved.
"""

from collections.abc import Iterable

from schemas.profile import NEVER
from streams.apply import advance
from streams.live import Live

MOST = 10_000
"""Instants that are looked at, in all: windows of thousands of events may have as many at which something changes."""


def changes(live: Live, slots: Iterable[int], most: int = MOST) -> dict[int, int]:
    """Slot → the first instant after the row's present at which membership in it changes; slots that never do lack."""
    first: dict[int, int] = {}
    held, waiting = live.mask, sum(1 << slot for slot in set(slots))
    while waiting and most and live.due != NEVER:
        at = live.due
        advance(live, at)
        changed = (live.mask ^ held) & waiting
        waiting ^= changed
        most -= 1
        while changed:
            lowest = changed & -changed
            changed ^= lowest
            first[lowest.bit_length() - 1] = at
    return first


def next_change(live: Live, slot: int) -> int | None:
    """The next instant at which time alone changes membership in `slot`; None: never. Moves the row there."""
    return changes(live, (slot,)).get(slot)
