"""The endless, seeded sequence of calls of a whole shop, by time: a slow past, then the pace of now.

Owns who comes when. Pure: the same plan gives the same calls, to the byte; no clock, no network.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from math import cos, pi
from random import Random

from cli.simulation.people import Person, born
from cli.simulation.visits import Body, visit
from schemas.times import DAY, HOUR, MINUTE, SECOND, format_instant

PAST_CALLS = 14.0
"""Calls of each of the `users` in the past: about two visits, so that some return, and some have long been away."""
BRISK = 10 * MINUTE
"""The last minutes of the past already have the pace of now: short windows are full when it begins."""
BRISK_CALLS = 20_000
"""But no more calls than this: at a high pace they would take too long to post."""
AWAY = 30 * MINUTE
"""Who left less than this ago is not sent back: it would be the same visit."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`now` is where the past ends, `history` (ms) its length; `rate` is calls a second from then on.

    `users` is how many people the shop keeps in mind; new ones come all the time in the place of passers-by.
    """

    seed: int
    now: int
    history: int
    users: int
    rate: float

    @property
    def start(self) -> int:
        return self.now - self.history

    @property
    def brisk_from(self) -> int:
        return self.now - min(self.history, BRISK, int(BRISK_CALLS / self.rate * SECOND))

    def next_wanted(self, wanted: float) -> float:
        """When, after `wanted`, the next call is. The past has days and nights."""
        if wanted >= self.brisk_from:
            return wanted + SECOND / self.rate
        even = (self.brisk_from - self.start) / (self.users * PAST_CALLS)
        pause = even / (1.0 - 0.8 * cos(2 * pi * (wanted % DAY - 3 * HOUR) / DAY))
        return min(wanted + pause, self.brisk_from)


@dataclass(frozen=True, slots=True)
class Call:
    at: int
    body: Body


class _Crowd:
    """The people who may come next."""

    def __init__(self, plan: Plan, rng: Random) -> None:
        self._plan, self._rng = plan, rng
        self._people: list[Person] = []
        self._born = 0

    def next(self, at: int) -> Person:
        """Someone who returns after a while, else someone new."""
        if self._people and self._rng.random() < 0.62:
            for _ in range(8):
                person = self._rng.choice(self._people)
                if person.away_since + AWAY <= at and self._rng.random() < person.habit.returns:
                    return person
        return self._new()

    def _new(self) -> Person:
        person = born(self._plan.seed, self._born)
        self._born += 1
        if len(self._people) < self._plan.users:
            self._people.append(person)
        else:
            self._people[self._forgotten()] = person
        return person

    def _forgotten(self) -> int:
        """The place of someone little missed: the least likely to return of a few."""
        places = [self._rng.randrange(len(self._people)) for _ in range(6)]
        return min(places, key=lambda place: self._people[place].habit.returns)


def calls(plan: Plan) -> Iterator[Call]:
    """All calls from the plan's start on, by time, without end.

    A visit begins whenever the calls of those under way are fewer than wanted, so that the pace holds from the first
    second on, whatever the length of visits.
    """
    rng = Random(f"{plan.seed}/calls")
    crowd = _Crowd(plan, rng)
    waiting: list[tuple[int, int, Body]] = []
    made = told = 0
    wanted = float(plan.start)
    while True:
        if not waiting or waiting[0][0] > wanted:
            at = int(wanted)
            for moment, body in visit(rng, crowd.next(at), at):
                heappush(waiting, (moment, made, body))
                made += 1
        at, _, body = heappop(waiting)
        yield Call(at, {**body, "messageId": f"{plan.seed}-{plan.now:x}-{told:x}", "timestamp": format_instant(at)})
        told += 1
        wanted = plan.next_wanted(wanted)
