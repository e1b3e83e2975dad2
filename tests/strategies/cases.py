"""A case: what arrives, when the segments are made, and the instants at which everything is asked.

The instants are biased to where something could change: an event's time plus a length, give or take a millisecond.
"""

import random
from dataclasses import dataclass

from tests.reference.times import DAY, MINUTE, duration, instant, iso
from tests.strategies import vocabulary as words
from tests.strategies.choices import Rolled, drawn
from tests.strategies.histories import IDS, Arrival, Habits, history, time_of
from tests.strategies.rules import FIRST_PART, rule


@dataclass(frozen=True)
class Define:
    """The segments are made at this instant: before, amid or after the arrivals."""

    at: int


@dataclass(frozen=True)
class Ask:
    """Everything is asked at this instant; nothing received later has arrived."""

    at: int


@dataclass(frozen=True)
class Case:
    """`steps` are Arrival, Define and Ask, their instants never falling; one Define, the last step an Ask."""

    segments: dict
    steps: list

    @property
    def ids(self):
        """Every id that a call names, and one that none does."""
        named = ["nobody"]
        for step in self.steps:
            if isinstance(step, Arrival) and isinstance(step.call, dict):
                named += [step.call.get(name) for name in IDS]
        texts = {str(id) for id in named if type(id) in (str, int)}
        return sorted(id for id in texts if 0 < len(id) <= 256)


def cases(language=FIRST_PART, habits=None, *, calls=(1, 12), rules=(1, 3), asks=(1, 4)):
    """Hypothesis: small cases that shrink."""
    return drawn(lambda choices: case(choices, language, habits or Habits(), calls, rules, asks))


def case_from_seed(seed, language=FIRST_PART, habits=None, *, calls=(1, 12), rules=(1, 3), asks=(1, 4)):
    """The same by a seed, for long runs."""
    return case(Rolled(random.Random(seed)), language, habits or Habits(), calls, rules, asks)


def live_case(seed, now, language=FIRST_PART, *, families, calls, rules, past_ms=3 * DAY):
    """(segments, arrivals) for a running system, whose clock nobody moves; what they say of receipt is not to be used.

    Every event has a right `timestamp` before `now`, the newest ones less than `past_ms` before. The calls are to be
    posted in this order, or those of each family at least (`family_of` tells which it is).
    """
    choices = Rolled(random.Random(seed))
    habits = Habits(clocks=False, future=False, families=families)
    arrivals = []
    for start in range(0, calls, 40):  # a long walk would go on for years: many short ones over the same days
        part = history(choices, min(40, calls - start), min(40, calls - start), habits)
        ago = choices.whole(0, past_ms if choices.maybe(50) else 2 * MINUTE)  # so that windows end while one watches
        late = part[-1].received - (now - ago)
        arrivals += [_moved(arrival, late, start) for arrival in part]
    return segments_of(choices, language, rules, rules), arrivals


def case(choices, language, habits, calls, rules, asks):
    segments = segments_of(choices, language, *rules)
    arrivals = history(choices, *calls, habits)
    define = Define(arrivals[choices.whole(0, len(arrivals) - 1)].received)
    instants = [at for three in choices.many(lambda one: _around(one, arrivals, segments), *asks) for at in three]
    last = max([arrivals[-1].received, *instants])
    asked = [Ask(at) for at in sorted({*instants, last}) if at >= define.at]
    return Case(segments, sorted([define, *arrivals, *asked], key=_order))


def segments_of(choices, language, low, high):
    """{id: rule}; a rule may refer to those before it."""
    segments = {}
    for number in range(choices.whole(low, high)):
        segments[f"s{number}"] = rule(choices, language, list(segments))
    return segments


def _order(step):
    """By instant; at the same one segments are made first and asked about last."""
    if isinstance(step, Define):
        return (step.at, 0)
    return (step.at, 2) if isinstance(step, Ask) else (step.received, 1)


def _around(choices, arrivals, segments):
    """The instant at which something could just change, and a millisecond on both sides."""
    times = [time_of(one) for one in arrivals if isinstance(one.call, dict)] or [words.BASE]
    lengths = [0, *sorted(lengths_in(list(segments.values())))]
    length = choices.pick(lengths) if choices.maybe(75) else 0
    instant = choices.pick(times) + length
    return [instant - 1, instant, instant + 1] if choices.maybe(50) else [instant]


def lengths_in(node):
    """The lengths that rules speak of, in ms."""
    if isinstance(node, list):
        return {length for part in node for length in lengths_in(part)}
    if isinstance(node, dict):
        periods = {duration(node["every"]) * back for back in range(node["of_last"] + 1)} if "every" in node else set()
        return periods.union(*(lengths_in(part) for part in node.values()))
    is_length = isinstance(node, str) and node[-1:] in tuple("smhdw") and node[:-1].isdecimal()
    return {duration(node)} if is_length else set()


def _moved(arrival, late, number):
    """An arrival with its event's time moved into the past that a running system is asked about."""
    if not isinstance(arrival.call, dict):
        return arrival
    call = dict(arrival.call)
    if instant(call.get("timestamp")) is not None:
        call["timestamp"] = iso(instant(call["timestamp"]) - late)
    if "messageId" in call:
        call["messageId"] += f"-{number}"
    return Arrival(call, arrival.received - late, None, arrival.origin_user_agent, arrival.gpc)


def family_of(call):
    """Calls that may touch the same user have the same family."""
    if not isinstance(call, dict):
        return None
    id = next((call[name] for name in ("userId", "anonymousId") if call.get(name) is not None), None)
    if type(id) is int:
        return str(id % 100_000)
    return id.rpartition("-")[2] if isinstance(id, str) and "-" in id else None
