"""What is told of memberships: each change once, in turn, at its instant, whatever the user's history or the segments'.

`CHANGE_CASES=5000 pytest tests/streams/test_changes.py` looks longer. Crashes: `test_crashes.py`.
"""

import os
import random

import pytest

from schemas.segments import FIRST_USER_SLOT, FillRecord, SegmentRecord, SegmentVersion
from streams.compiled import rule_set
from tests.parity.core import Core
from tests.parity.making import LIMITS, RETENTION
from tests.parity.reference import Reference
from tests.strategies import FIRST_PART, Arrival, Define, case_from_seed
from tests.strategies.choices import Rolled
from tests.strategies.rules import rule
from tests.streams.hearing import Listener

CASES = int(os.environ.get("CHANGE_CASES", "120"))
PARTS = 4


def members(reference, now):
    """{canonical id: segments} of all who are in any, by brute force."""
    users = {user: reference.members(user, now) for user in reference.users(now)}
    return {user: segments for user, segments in users.items() if segments}


def by_time(reference, since, now):
    """What time alone changes after `since`, up to `now`: {(user, segment, event, instant)}."""
    found = set()
    for user in reference.users(now):
        for segment in reference.segments:
            inside, at = segment in reference.members(user, since), since
            while (at := reference.next_change(segment, user, at)) is not None and at <= now:
                inside = not inside
                found.add((user, segment, "entered" if inside else "exited", at))
    return found


def differences(case, seed):
    """Lines that say what was told amiss."""
    core, reference, listener = Core(seed), Reference(), Listener()
    lines, since = [], None
    for step in case.steps:
        now = step.received if isinstance(step, Arrival) else step.at
        if since is not None:
            core.local.turn(now)
            heard = {each[:4] for each in listener.heard}
            told = {each[:4] for each in listener.hear(taken(core)).heard} - heard
            if told != (due := by_time(reference, since, now)):
                lines.append(f"until {now}: told {sorted(told - due)}, not told {sorted(due - told)}")
        if isinstance(step, Define):
            reference.define(case.segments, now)
            core.define(case.segments, now)
        elif isinstance(step, Arrival):
            reference.send(step)
            core.send(step)
        since = now
        listener.hear(taken(core))
        if listener.believed() != (so := members(reference, now)):
            lines.append(f"at {now}: believed {listener.believed()}, so is {so}")
    return lines + listener.amiss


def taken(core):
    changes, core.local.changes = core.local.changes, []
    return changes


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_told_is_what_brute_force_finds(part):
    for seed in range(part, CASES, PARTS):
        case = case_from_seed(seed, FIRST_PART, calls=(1, 10), rules=(1, 3))
        assert differences(case, seed) == [], f"seed {seed}"


class Edited:
    """Segments that are made, edited and deleted while calls arrive. `records` as definitions have them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.core, self.reference, self.listener = Core(seed), Reference(), Listener()
        self.records, self.fill, self.slot = {}, 0, FIRST_USER_SLOT
        self.lines = []

    def check(self, now):
        self.core.local.turn(now)
        self.listener.hear(taken(self.core))
        so = {}
        for id, record in self.records.items():
            self.reference.define({id: record.live.rule}, record.live.made)
            for user, segments in members(self.reference, now).items():
                so.setdefault(user, set()).update(segments)
        if self.listener.believed() != so:
            self.lines.append(f"at {now}: believed {self.listener.believed()}, so is {so}")

    def send(self, arrival):
        self.reference.send(arrival)
        self.core.send(arrival)

    def edit(self, now):
        """One segment is made or given another rule; nothing is told of that before it is live."""
        id = f"s{self.random.randrange(3)}"
        before = self.records.get(id)
        version = SegmentVersion(
            version=1 if before is None else before.live.version + 1,
            slot=self.slot,
            rule=rule(Rolled(self.random), FIRST_PART, []),
            made=now,
            covers_from=now - RETENTION,
            fill=self.fill + 1,
        )
        self.slot, self.fill = self.slot + 1, self.fill + 1
        live = before and before.live
        self.records[id] = SegmentRecord(id=id, name=id, created=0, updated=0, live=live, pending=version)
        self._define("judge", now, fill=True)
        assert taken(self.core) == [], "of a version that is not live yet nothing is told"
        version.status = "live"
        self.records[id] = SegmentRecord(id=id, name=id, created=0, updated=0, live=version)
        self._define("done", now)

    def delete(self, now):
        if self.records:
            del self.records[self.random.choice(sorted(self.records))]
            self._define("done", now)

    def _define(self, phase, now, fill=False):
        record = FillRecord(fill=self.fill, versions=[], phase=phase)
        rules, broken = rule_set(self.records.values(), record, LIMITS)
        assert not broken
        local = self.core.local
        if fill:
            local.turn(now)
            self.listener.hear(taken(self.core))
            local.fill(rules, now)
        else:
            for shard in local.shards:
                shard.rules = rules
            if self.random.random() < 0.5:
                local.turn(now)
            local.tell_everyone(now)


@pytest.mark.parametrize("part", range(PARTS))
def test_edits_and_deletions_are_told_as_the_difference(part):
    for seed in range(part, CASES, PARTS):
        world = Edited(seed)
        case = case_from_seed(seed, FIRST_PART, calls=(2, 10), rules=(1, 1))
        for step in case.steps:
            now = step.received if isinstance(step, Arrival) else step.at
            if isinstance(step, Arrival):
                world.send(step)
            if world.random.random() < 0.4:
                world.edit(now)
            if world.random.random() < 0.1:
                world.delete(now)
            world.check(now)
        assert world.lines + world.listener.amiss == [], f"seed {seed}"
