"""What time alone will bring: when a user enters or leaves segments although nothing happens.

Owns the walk ahead. Each condition says when to look at it again, and is asked then, as the row's own turn asks it; so
what is foretold is what will be done, and conditions that rest cost nothing. Events that wait in the row for their own
time are applied at it. Used by `shoal segment test` and by explanations. Pure; the row that is walked with is moved.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from schemas.profile import NEVER
from streams.apply import advance
from streams.live import Live

MOST = 10_000
"""Looks at conditions, in all: windows of thousands of events may change an answer as often before the one sought."""


def next_change(live: Live, slot: int) -> int | None:
    """The next instant at which time alone changes membership in `slot`; None: never. Moves the row."""
    return changes(live, (slot,)).get(slot)


def changes(live: Live, slots: Iterable[int], patient: Callable[[], bool] = lambda: True) -> dict[int, int]:
    """Slot → the first instant after the row's present at which membership in it changes; slots that never do lack.

    Where `patient` no longer is, or after MOST looks, those that were not found lack too. Moves the row.
    """
    walk = _Walk(live, slots)
    while walk.goes_on and live.due != NEVER and patient():
        walk.turn(live.due)
        parked = min((time for time, _, _ in live.profile.parked), default=NEVER)
        while walk.goes_on and walk.next < parked and patient():
            walk.look()
        live.due = parked
    return walk.first


class _Walk:
    """`first`: what was found so far."""

    def __init__(self, live: Live, slots: Iterable[int]) -> None:
        self.first: dict[int, int] = {}
        self._waiting = sum(1 << slot for slot in set(slots))
        self._live = live
        self._held = live.mask
        self._agenda: list[tuple[int, int]] = []
        self._looks = 0

    @property
    def goes_on(self) -> bool:
        """Whether there are slots of which nothing was found yet, and not too much was looked at for them."""
        return self._waiting != 0 and self._looks < MOST

    @property
    def next(self) -> int:
        """When the next condition is to be looked at."""
        return self._agenda[0][0] if self._agenda else NEVER

    def turn(self, at: int) -> None:
        """The row's whole turn at its due instant."""
        advance(self._live, at)
        self._note(at)
        count = len(self._live.rules.leaves)
        self._agenda = [(again, index) for index in range(count) if (again := self._again(index, at)) != NEVER]
        heapify(self._agenda)
        self._looks += count

    def look(self) -> None:
        """Asks the conditions that are to be looked at next."""
        live, at, ranks = self._live, self.next, 0
        while self.next == at:
            _, index = heappop(self._agenda)
            live.due = NEVER
            ranks |= live.ask(index, at)
            if live.due != NEVER:
                heappush(self._agenda, (live.due, index))
            self._looks += 1
        live.judge(ranks, at)
        self._note(at)

    def _again(self, index: int, now: int) -> int:
        """When time alone may change a condition that was asked at `now`."""
        self._live.due = NEVER
        self._live.watch(index, now)
        return self._live.due

    def _note(self, at: int) -> None:
        changed = (self._live.mask ^ self._held) & self._waiting
        self._waiting ^= changed
        while changed:
            lowest = changed & -changed
            changed ^= lowest
            self.first[lowest.bit_length() - 1] = at
