"""Workers that crash between any two writes come to what a brute-force reading says, and so does Redis.

`CRASH_CASES=5000 pytest tests/streams/test_crashes.py` looks longer.
"""

import os
import random
from pathlib import Path

import pytest

from schemas import events
from schemas.profile import decode_row
from schemas.segments import FillRecord, SegmentRecord, SegmentVersion
from schemas.topics import Topic
from streams.compiled import rule_set
from streams.limits import Limits
from tests.parity.compare import differences
from tests.strategies import WHOLE, Arrival, Case, Define, case_from_seed
from tests.strategies.kept import read_cases
from tests.streams.crashing import Crashing
from tests.streams.crashing_course import course
from tests.streams.crashing_lane import CHANGELOG, Broker, Lane

CASES = int(os.environ.get("CRASH_CASES", "240"))
PARTS = 4


def differs(seed, crashes):
    case = case_from_seed(seed, WHOLE, calls=(3, 12), rules=(3, 6), asks=(1, 1))
    system = Crashing(seed, crashes)
    return differences(case, system) + system.faults()


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("part", range(PARTS))
def test_crashes_change_nothing(part):
    for seed in range(part, CASES, PARTS):
        assert differs(seed, crashes=8) == [], f"seed {seed}"


@pytest.mark.parametrize("part", range(PARTS))
def test_nor_does_the_order_of_everything(part):
    for seed in range(part, CASES // 4, PARTS):
        assert differs(seed, crashes=0) == [], f"seed {seed}"


class CrashingWhileLive(Crashing):
    """Crashes only once the segments are live: most of what is told is told then."""

    def __init__(self, seed):
        super().__init__(seed, crashes=0)

    def define(self, segments, at):
        super().define(segments, at)
        self.drain(at)
        self.crashes = 40


def live_from_the_start(case):
    """The same case, but for its segments being made before anything arrives."""
    first = min(step.received for step in case.steps if isinstance(step, Arrival))
    return Case(case.segments, [Define(first), *(step for step in case.steps if not isinstance(step, Define))])


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_told_while_workers_crash(part):
    for seed in range(part, CASES, PARTS):
        case = case_from_seed(seed, WHOLE, calls=(5, 25), rules=(3, 6), asks=(1, 3))
        system = CrashingWhileLive(seed)
        assert differences(live_from_the_start(case), system) + system.faults() == [], f"seed {seed}"


FOUND = {why: (seed, case) for why, seed, case in read_cases(Path(__file__).with_name("found_crashing.json"))}


@pytest.mark.parametrize("why", FOUND)
def test_what_was_once_found(why):
    seed, case = FOUND[why]
    system = Crashing(seed, crashes=8)
    assert differences(case, system) + system.faults() == []


NOW = 1_795_455_000_000


def send(broker, id, message):
    event = events.Event(id=id, type="track", name="buy", time=NOW, received=NOW, message_id=message, user_id=id)
    broker.write(Topic.EVENTS, 0, id.encode(), events.encode(event))


def finish(lane):
    while lane.pending() or lane.finish():
        for channel in lane.pending():
            lane.confirm(channel)


def test_a_fill_does_not_take_a_duplicate_that_a_crash_has_made_forget():
    """Of a step that was half written the partition knows where it ended, and not every row."""
    rule = {"did": {"event": "buy"}, "count": {"gte": 2}}
    version = SegmentVersion(version=1, slot=16, rule=rule, made=NOW, covers_from=0, fill=1)
    made = SegmentRecord(id="a", name="a", created=0, updated=0, pending=version)
    fill = FillRecord(fill=1, versions=[("a", 1)])
    before, after = rule_set([], None, Limits())[0], rule_set([made], fill, Limits())[0]
    broker = Broker(1)
    send(broker, "u", "m")
    lane = Lane(0, 1, broker, before, random.Random(0), lambda: NOW)
    lane.read(Topic.EVENTS, 1)
    finish(lane)
    lane.commit(Topic.EVENTS)
    send(broker, "v", "other")
    send(broker, "u", "m")
    lane.read(Topic.EVENTS, 2)
    outcome = lane.steps[0].outcome
    lane.channels[CHANGELOG].clear()
    broker.changelogs[0].append([(outcome.rows[0].key, outcome.rows[0].value), *outcome.trailer(0, 1)])
    lane = Lane(0, 1, broker, after, random.Random(0), lambda: NOW)
    filling = course(lane, lambda: (after, fill))
    for _ in range(50):
        next(filling)
        finish(lane)
    lane.read(Topic.EVENTS, 2)
    for _ in range(50):
        next(filling)
        finish(lane)
    assert lane.shard.meta.read == 1
    assert list(decode_row(lane.store[b"ru"]).series.values()) == [[NOW]]
