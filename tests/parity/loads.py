"""A random load for a running system: segments and calls by a seed, under ids that no other load has.

Owns the renaming and the cutting into requests. The calls themselves come from `tests.strategies.live_case`.
"""

import random
import time
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from tests.reference.times import HOUR, MINUTE, instant
from tests.strategies import WHOLE, Arrival, family_of, live_case

AGAIN = 1_000_000_000
"""Numeric ids of a load begin at so many times its number."""


@dataclass(frozen=True)
class Request:
    """Calls that are posted as one batch, with the headers of the browser that sends them."""

    arrivals: list[Arrival]

    @property
    def headers(self) -> dict[str, str]:
        first = self.arrivals[0]
        headers = {"Sec-GPC": "1"} if first.gpc else {}
        if first.origin_user_agent:
            headers |= {"Origin": "https://shop.example", "User-Agent": first.origin_user_agent}
        return headers


class Load:
    """`number` tells loads of one system apart; `largest` is the most calls in a request.

    `skews`: messageId → by how many ms its sender's clock is wrong; the others' calls do not tell when they are sent.
    """

    def __init__(
        self, seed: int, number: int = 0, *, families: int = 30, calls: int = 900, rules: int = 10, largest: int = 6
    ) -> None:
        self.seed, self.number, self.largest = seed, number, largest
        now = time.time_ns() // 1_000_000
        segments, arrivals = live_case(seed, now, WHOLE, families=families, calls=calls, rules=rules)
        self.segments: dict[str, Any] = {self._id(id): self._referring(rule) for id, rule in segments.items()}
        self.arrivals: list[Arrival] = [self._own(arrival) for arrival in arrivals]
        self.skews = self._skews(random.Random(seed))

    def parts(self, count: int) -> list["Load"]:
        """The load in so many parts, to be posted one after the other."""
        size = -(-len(self.arrivals) // count)
        return [self._part(self.arrivals[begin : begin + size]) for begin in range(0, len(self.arrivals), size)]

    def _part(self, arrivals: list[Arrival]) -> "Load":
        part = copy(self)
        part.arrivals = arrivals
        return part

    def _skews(self, rolled: random.Random) -> dict[str, int]:
        calls = [each.call for each in self.arrivals if isinstance(each.call, dict)]
        timed = [call for call in calls if instant(call.get("timestamp")) is not None and "messageId" in call]
        skewed = sorted({str(call["messageId"]) for call in timed if rolled.random() < 0.1})
        return {message: rolled.choice([-1, 1]) * rolled.choice([MINUTE, HOUR, 9 * HOUR]) for message in skewed}

    @property
    def ids(self) -> list[str]:
        """Every id that a call names, and one that none does."""
        named = [f"L{self.number}-nobody"]
        for call in (arrival.call for arrival in self.arrivals):
            if isinstance(call, dict):
                named += [str(call[name]) for name in _IDS if type(call.get(name)) in (str, int)]
        return sorted({id for id in named if 0 < len(id) <= 256})

    def requests(self, posters: int) -> list[list[Request]]:
        """For each of several posters its requests in order; the calls of a family are all one poster's."""
        lanes: list[list[Arrival]] = [[] for _ in range(posters)]
        for arrival in self.arrivals:
            lanes[crc32(str(family_of(arrival.call)).encode()) % posters].append(arrival)
        rolled = random.Random(self.seed)
        return [[Request(each) for each in _cut(lane, rolled, self.largest)] for lane in lanes]

    def _id(self, segment: str) -> str:
        return f"l{self.number}{segment}"

    def _referring(self, node: Any) -> Any:
        if isinstance(node, list):
            return [self._referring(each) for each in node]
        if not isinstance(node, dict):
            return node
        if set(node) == {"segment"}:
            return {"segment": self._id(node["segment"])}
        return {key: value if key == "value" else self._referring(value) for key, value in node.items()}

    def _own(self, arrival: Arrival) -> Arrival:
        if not isinstance(arrival.call, dict):
            return arrival
        call = {key: self._own_id(value) if key in _IDS else value for key, value in arrival.call.items()}
        if "messageId" in call:
            call["messageId"] = f"L{self.number}{call['messageId']}"
        return Arrival(call, arrival.received, None, arrival.origin_user_agent, arrival.gpc)

    def _own_id(self, id: Any) -> Any:
        if type(id) is int:
            return self.number * AGAIN + id
        return f"L{self.number}{id}" if isinstance(id, str) and 0 < len(id) < 250 else id


_IDS = ("userId", "anonymousId", "previousId")


def _cut(lane: list[Arrival], rolled: random.Random, largest: int) -> Iterator[list[Arrival]]:
    """Runs of calls from one browser. An alias goes by itself: it has no messageId that a repeat is known by."""
    part: list[Arrival] = []
    room = 0
    for arrival in lane:
        if part and (len(part) >= room or _alone(arrival) or _alone(part[-1]) or not _one_browser(arrival, part[-1])):
            yield part
            part = []
        if not part:
            room = rolled.randint(1, largest)
        part.append(arrival)
    if part:
        yield part


def _alone(arrival: Arrival) -> bool:
    return isinstance(arrival.call, dict) and arrival.call.get("type") == "alias"


def _one_browser(one: Arrival, other: Arrival) -> bool:
    return (one.origin_user_agent, one.gpc) == (other.origin_user_agent, other.gpc)
