"""`next_change` by candidates, against looking at every millisecond; and how fast judging is."""

import random
import time

from tests.reference import World, changes
from tests.reference.times import DAY
from tests.strategies import WHOLE, Arrival, Habits, case_from_seed


def test_against_every_millisecond(monkeypatch):
    """A world in which every duration is a few ms long, looked at throughout."""
    lengths = {"1s": 2, "2s": 5, "3s": 7, "4s": 12}
    for module in ("rules", "changes", "operators"):
        monkeypatch.setattr(f"tests.reference.{module}.duration", lambda text: lengths.get(text, 0))
    rolled = random.Random(5)
    changed = 0
    for _ in range(150):
        world = World(session_gap_ms=4)
        for received in sorted(rolled.randint(0, 25) for _ in range(rolled.randint(1, 6))):
            world.send(_call(rolled), received)
        rule = _rule(rolled)
        now = 25 + rolled.randint(0, 3)
        answer = world.member(rule, "u", now, made=now)
        seen = next((t for t in range(now + 1, 110) if world.member(rule, "u", t, made=now) != answer), None)
        assert world.next_change(rule, "u", now, made=now) == seen
        changed += seen is not None
    assert changed > 30


def _call(rolled):
    if rolled.random() < 0.4:
        return {"type": "identify", "userId": "u", "traits": {"plan": rolled.choice(["pro", "free"])}}
    return {"type": "track", "userId": "u", "event": rolled.choice(["buy", "view"]), "properties": {"n": 3}}


def _rule(rolled):
    event = {"event": rolled.choice(["buy", "view", "*", "$visit"])}
    length = rolled.choice(["2s", "3s", "4s"])
    return rolled.choice(
        [
            {"did": event, "window": {"last": length}},
            {"did": event, "window": {"last": length, "until": "1s"}, "count": {"eq": 1}},
            {"did": event, "first": True, "window": {"last": length}},
            {"did": event, "count": {"lt": 1}, "periods": {"every": length, "of_last": 3, "at_least": 2}},
            {"did": event, "sum": {"of": "properties.n", "gte": 4}, "window": {"last": length}},
            {"sequence": [event, {"event": "*"}], "within": "3s", "window": {"last": length}},
            {"user": "traits.plan", "op": "is_not", "value": "pro", "for": {"gte": length}},
            {"user": "traits.plan", "op": "is", "value": "pro", "for": {"lt": length}},
        ]
    )


def test_a_few_thousand_events_are_judged_in_seconds():
    case = case_from_seed(1, WHOLE, Habits(families=60), calls=(3000, 3000), rules=(30, 30))
    world, ids = World(), case.ids
    arrivals = [step for step in case.steps if isinstance(step, Arrival)]
    for one in arrivals:
        world.send(one.call, one.received, sent_at=one.sent_at, origin_user_agent=one.origin_user_agent)
    started = time.process_time()
    for back in range(20):
        now = arrivals[-1].received + back * DAY
        for id in ids:
            for rule in case.segments.values():
                world.member(rule, id, now, segments=case.segments)
    assert time.process_time() - started < 60  # usually a few seconds


def test_durations_are_told_from_other_texts():
    assert changes.is_duration("7d")
    assert not any(changes.is_duration(text) for text in ("", "d", "red", "7", "x7d", 7, None))
