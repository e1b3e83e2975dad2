"""Contract section 5: is a user a member, at an instant? One function a kind of rule, in the contract's own order."""

import json
from math import fsum

from tests.reference.operators import holds, missing, number, text
from tests.reference.times import duration, instant


class Judge:
    """One user (a Profile of a known user) at its instant.

    `covers_from`: how far back "ever" reaches. `refer(id)`: is the user a member of that segment? `remember`: which
    events match which selector never changes, so it is kept from one judgement to the next.
    """

    def __init__(self, profile, covers_from, refer, remember):
        self.profile = profile
        self.now = profile.now
        self.covers_from = covers_from
        self.refer = refer
        self.remember = remember

    def holds(self, rule):
        if "all" in rule:
            return all(self.holds(part) for part in rule["all"])
        if "any" in rule:
            return any(self.holds(part) for part in rule["any"])
        if "not" in rule:
            return not self.holds(rule["not"])
        if "segment" in rule:
            return self.refer(rule["segment"])
        if "sequence" in rule:
            return self.found(rule) is not None
        if "user" in rule:
            return self.user(rule)
        return self.did(rule)

    def found(self, rule):
        """What was counted, the value, or a sequence's times."""
        if "sequence" in rule:
            return self.sequence(rule)
        if "user" in rule:
            return self.profile.value_of(rule["user"])
        if "first" in rule:
            return self.first(rule)
        if "periods" in rule:
            return self.periods(rule)
        return measured(rule, self.matching(rule["did"], window(rule.get("window"), self.now)))

    # Selectors and windows

    def matching(self, selector, inside):
        """The events that match, in the window and not older than what was kept, ordered by event time."""
        return [
            event
            for event in self.profile.named(selector["event"])
            if event.kept and event.time >= self.covers_from and inside(event.time) and self.selects(selector, event)
        ]

    def selects(self, selector, event):
        """Every filter holds on the same event."""
        filters = selector.get("where", [])
        if not filters:
            return True
        if event.name == "$visit":  # a visit still changes with its events
            return all(filter_holds(one, event) for one in filters)
        key = (event.seq, json.dumps(filters))
        if key not in self.remember:
            self.remember[key] = all(filter_holds(one, event) for one in filters)
        return self.remember[key]

    # Did

    def did(self, rule):
        if "first" in rule:
            first = self.first(rule)
            return first is not None and window(rule.get("window"), self.now)(first)
        if "periods" in rule:
            return self.periods(rule) >= rule["periods"]["at_least"]
        return meets(rule, self.found(rule))

    def first(self, rule):
        """The time of the first such event ever."""
        events = self.matching(rule["did"], ever)
        return events[0].time if events else None

    def periods(self, rule):
        """How many of the last `of_last` periods meet the measure."""
        every = duration(rule["periods"]["every"])
        met = 0
        for back in range(rule["periods"]["of_last"]):
            inside = between(self.now - (back + 1) * every, self.now - back * every)
            met += meets(rule, measured(rule, self.matching(rule["did"], inside)))
        return met

    # Sequence

    def sequence(self, rule):
        """The times of the first such sequence, None where there is none."""
        inside = window(rule.get("window"), self.now)
        steps = [[event.time for event in self.matching(selector, inside)] for selector in rule["sequence"]]
        within = duration(rule["within"]) if "within" in rule else None
        for start in steps[0]:
            times = [start]
            for step in steps[1:]:
                # For a given start nothing is better than the earliest possible next one.
                times.append(next((time for time in step if times[-1] is not None and time > times[-1]), None))
            if times[-1] is not None and (within is None or times[-1] - start <= within):
                return times
        return None

    # User

    def user(self, rule):
        if not holds(rule["op"], self.profile.value_of(rule["user"]), rule.get("value"), self.now):
            return False
        if "for" not in rule:
            return True
        ((comparison, long),) = rule["for"].items()
        held = self.now - self.held_since(rule)
        return held >= duration(long) if comparison == "gte" else held < duration(long)

    def held_since(self, rule):
        """Since when the condition, which holds now, has held without a break."""
        profile = self.profile
        since = self.now
        for time in sorted({record.time for record in profile.records}, reverse=True):
            value = profile.value_of(rule["user"], time)
            if not holds(rule["op"], value, rule.get("value"), self.now):
                break
            since = time
        return since


def filter_holds(one, event):
    return holds(one["op"], event.value(one["field"]), one.get("value"), event.time)


def ever(time):
    return True


def between(after, up_to):
    """(after, up_to]"""
    return lambda time: after < time <= up_to


def window(asked, now):
    """Whether an instant lies in a rule's window at `now`."""
    if asked is None:
        return ever
    if "last" in asked:
        return between(now - duration(asked["last"]), now - duration(asked.get("until", "0s")))
    start = instant(asked["from"]) if "from" in asked else None
    end = instant(asked["to"]) if "to" in asked else None
    return lambda time: (start is None or start <= time) and (end is None or time <= end)


def measure_of(rule):
    """(its name, the PATH it is of, its comparison)"""
    for name in ("sum", "avg", "min", "max", "distinct"):
        if name in rule:
            asked = dict(rule[name])
            return name, asked.pop("of"), asked
    return "count", None, rule.get("count", {"gte": 1})


def measured(rule, events):
    """The number that a measure makes of the events in its window; None is no number."""
    name, path, _ = measure_of(rule)
    if name == "count":
        return len(events)
    values = [event.value(path) for event in events]
    if name == "distinct":
        return len({text(value) for value in values if not missing(value) and text(value) is not None})
    numbers = [number(value) for value in values if number(value) is not None]
    if name == "sum":
        return fsum(numbers)
    if not numbers:
        return None
    return {"avg": fsum(numbers) / len(numbers), "min": min(numbers), "max": max(numbers)}[name]


def meets(rule, measure):
    _, _, comparison = measure_of(rule)
    return measure is not None and compare(comparison, measure)


def compare(comparison, measure):
    ((op, asked),) = comparison.items()
    if op == "between":
        return asked[0] <= measure <= asked[1]
    return {
        "eq": measure == asked,
        "ne": measure != asked,
        "gt": measure > asked,
        "gte": measure >= asked,
        "lt": measure < asked,
        "lte": measure <= asked,
    }[op]
