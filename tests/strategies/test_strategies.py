"""The generators give what they promise: valid, varied, repeatable cases."""

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, find, given, settings

from tests.reference import World
from tests.reference.times import DAY, HOUR, instant
from tests.strategies import (
    FIRST_PART,
    WHOLE,
    Arrival,
    Ask,
    Define,
    Habits,
    case_from_seed,
    cases,
    family_of,
    live_case,
)
from tests.strategies.cases import lengths_in
from tests.strategies.rules import EVENT_PATHS, USER_PATHS, VISIT_PATHS

NEGATABLE = ("is", "in", "contains", "matches", "exists", "within_last")
POSITIVE = (
    "starts_with",
    "ends_with",
    "gt",
    "gte",
    "lt",
    "lte",
    "between",
    "before",
    "after",
    "has",
    "has_all",
    "has_any",
)
NEGATIVE = ("is_not", "not_in", "not_contains", "not_matches", "not_exists", "not_within_last")
MEASURES = ["count", "sum", "avg", "min", "max", "distinct", "first"]
QUICK = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))


def many(language, habits=None):
    return [case_from_seed(seed, language, habits, rules=(5, 10)) for seed in range(400)]


def nodes(value):
    """Every object in a value."""
    if isinstance(value, dict):
        yield value
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    for part in parts:
        yield from nodes(part)


@QUICK
@given(cases(WHOLE, Habits(equal_arrivals=True, ancient=True)))
def test_time_never_falls(case):
    instants = [step.received if isinstance(step, Arrival) else step.at for step in case.steps]
    assert instants == sorted(instants)
    assert [type(step) for step in case.steps].count(Define) == 1
    assert isinstance(case.steps[-1], Ask)
    asked = [place for place, step in enumerate(case.steps) if isinstance(step, Ask)]
    assert asked[0] > next(place for place, step in enumerate(case.steps) if isinstance(step, Define))


@QUICK
@given(cases(WHOLE))
def test_cases_are_json_and_arrive_one_at_a_time(case):
    json.dumps([step.call for step in case.steps if isinstance(step, Arrival)] + [case.segments], allow_nan=False)
    received = [step.received for step in case.steps if isinstance(step, Arrival)]
    assert len(set(received)) == len(received)


def test_duplicates_come_within_a_day_of_the_first():
    repeats = 0
    for case in many(FIRST_PART):
        first = {}
        for step in case.steps:
            if isinstance(step, Arrival) and isinstance(step.call, dict):
                key = json.dumps([step.call.get(name) for name in ("userId", "anonymousId", "messageId")])
                repeats += key in first
                assert step.received - first.setdefault(key, step.received) <= DAY
    assert repeats > 100


def test_the_whole_language_is_spoken():
    every = [node for case in many(WHOLE) for node in nodes(case.segments)]
    assert {node["op"] for node in every if "op" in node} == {*NEGATABLE, *POSITIVE, *NEGATIVE}
    assert {node["field"] for node in every if "field" in node} == {*EVENT_PATHS, *VISIT_PATHS}
    assert {node["user"] for node in every if "user" in node} == set(USER_PATHS)
    keys = {key for node in every for key in node}
    assert {*MEASURES, "sequence", "within", "periods", "for", "segment", "all", "any", "not", "last", "until"} <= keys
    assert {"from", "to", "eq", "ne", "gt", "gte", "lt", "lte", "between"} <= keys
    assert {node["event"] for node in every if "event" in node} >= {
        "*",
        "$visit",
        "$page",
        "$click",
        "$identify",
        "buy",
    }


def test_the_first_part_is_not_exceeded():
    every = [node for case in many(FIRST_PART) for node in nodes(case.segments)]
    beyond = {*MEASURES[1:], "sequence", "periods", "for", "within"} - {"in"}
    assert not any(beyond & node.keys() for node in every)
    assert not any(node.get("event") == "$visit" for node in every)


def test_histories_are_nasty():
    types, timings, outcomes = Counter(), Counter(), Counter()
    for case in many(FIRST_PART, Habits(ancient=True)):
        world = World()
        for step in case.steps:
            if isinstance(step, Arrival):
                outcomes[world.send(step.call, step.received, sent_at=step.sent_at, gpc=step.gpc)] += 1
                call = step.call if isinstance(step.call, dict) else {}
                types[call.get("type")] += 1
                timings["sentAt"] += "sentAt" in call
                timings["the batch's sentAt"] += step.sent_at is not None
                time = instant(call.get("timestamp"))
                timings["ahead"] += time is not None and 0 < time - step.received <= HOUR
                timings["far ahead"] += time is not None and time - step.received > HOUR
                timings["late"] += time is not None and time < step.received
                timings["ancient"] += time is not None and time < step.received - 800 * DAY
    assert min(types[name] for name in ("track", "page", "screen", "identify", "group", "alias")) > 30
    assert min(timings.values()) > 20
    assert {
        "accepted",
        "duplicate",
        "consent",
        "bad_id",
        "reserved_name",
        "no_event",
        "unknown_type",
    } <= outcomes.keys()


def test_hypothesis_finds_small_ones():
    """A case in which somebody leaves by time alone needs one call, one rule, one question."""

    def leaves(case):
        world, made = World(), next(step.at for step in case.steps if isinstance(step, Define))
        for step in case.steps:
            if isinstance(step, Arrival):
                world.send(step.call, step.received, sent_at=step.sent_at)
        now = case.steps[-1].at
        return any(
            world.next_change(rule, id, now, made=made, segments=case.segments)
            for id in world.users(now)
            for rule in case.segments.values()
        )

    found = find(cases(), leaves, settings=settings(max_examples=2000, deadline=None))
    assert len(found.segments) == 1
    assert len(found.steps) == 3


@pytest.mark.parametrize("seed", [1, 2])
def test_live_cases_lie_in_the_past(seed):
    now = instant("2026-11-23T18:00:00Z")
    segments, arrivals = live_case(seed, now, families=5, calls=200, rules=6)
    assert (len(segments), len(arrivals)) == (6, 200)
    assert live_case(seed, now, families=5, calls=200, rules=6) == (segments, arrivals)
    for arrival in arrivals:
        if family_of(arrival.call) is not None:
            assert instant(arrival.call["timestamp"]) <= now
            assert "sentAt" not in arrival.call
    assert {family_of(arrival.call) for arrival in arrivals} >= {"0", "1", "2", "3", "4"}


def test_lengths_of_rules():
    rule = {"did": {"event": "buy"}, "periods": {"every": "1h", "of_last": 2, "at_least": 1}, "within": "90s"}
    assert lengths_in(rule) == {0, HOUR, 2 * HOUR, 90_000}
