"""A whole system of lanes that crash, as an `Implementation` that is compared with the reference.

Owns the chance: what happens next is drawn from a seed. Beside the lanes there are the definitions, which each lane
learns in its own time, each lane's course through a fill, and the coordinator (as `gateway.segments`).
"""

import random

from gateway.segments.settling import Settling
from schemas.profile import due_of
from schemas.segments import FillRecord
from schemas.topics import SOURCE_TOPICS
from streams.compiled import rule_set
from streams.foresight import next_change
from streams.local import Local
from streams.profile_view import describe_user
from streams.ruleset import RuleSet
from streams.shard import BehindError
from streams.sharing import plan
from tests.parity.making import LIMITS, Collector, record, versions
from tests.streams.crashing_course import course
from tests.streams.crashing_faults import faults
from tests.streams.crashing_lane import Broker, Lane


class Crashing:
    """`crashes`: at most so many. `order` of everything, and what is lost, follow from `seed`."""

    def __init__(self, seed=0, crashes=8):
        self.random = random.Random(seed)
        self.crashes = crashes
        self.partitions = self.random.choice([1, 2, 3])
        self.now = 0
        self.collector = Collector(self.random)
        self.broker = Broker(self.partitions)
        self.records, self.fill = {}, None
        self.settling = None
        self.states = [self._rules()]
        self.known = [0] * self.partitions
        self.lanes = [self._begin(p) for p in range(self.partitions)]
        self.courses = [self._course_of(lane) for lane in self.lanes]
        self.idle = [False] * self.partitions

    # Definitions

    def _rules(self):
        rules, broken = rule_set(self.records.values(), self.fill, LIMITS)
        assert not broken
        return rules, self.fill

    def _define(self, records, fill):
        self.records |= {record.id: record for record in records}
        self.fill = fill
        self.states.append(self._rules())

    def define(self, segments, at):
        """In two fills; as each refers to those before it, the first is whole by itself."""
        self.now = max(self.now, at)
        ids = list(segments)
        cut = self.random.randint(0, len(ids))
        self.waiting = [part for part in (ids[:cut], ids[cut:]) if part]
        self.made = versions(segments, at)
        self._work(self.random.randint(0, 20))

    def _coordinate(self):
        """What the gateway does about fills; whether there was anything."""
        fill = self.fill
        if fill is None or fill.phase == "done":
            if not getattr(self, "waiting", None):
                return False
            number = 1 if fill is None else fill.fill + 1
            ids = self.waiting.pop(0)
            live = [record.live for record in self.records.values()]
            for id, shared in plan(live, {id: self.made[id] for id in ids}, LIMITS).items():
                self.made[id].series = shared
            self._bring(ids, number, "backfilling", "read")
            return True
        fields = [redis.fields for redis in self.broker.redis]
        states = [each.get("fill") for each in fields]
        if fill.phase == "read" and all(state == f"{fill.fill}:read" for state in states):
            if self.settling is None:
                self.settling = Settling(fields)
            if self.settling.settled(fields):
                self.settling = None
                self._define([], FillRecord(fill=fill.fill, versions=fill.versions, phase="judge"))
                return True
        elif fill.phase == "judge" and all(state == f"{fill.fill}:filled" for state in states):
            ids = [id for id, _ in fill.versions]
            self._bring(ids, fill.fill, "live", "done")
            return True
        return False

    def _bring(self, ids, number, status, phase):
        for id in ids:
            self.made[id].fill, self.made[id].status = number, status
        records = [record(id, self.made[id]) for id in ids]
        self._define(records, FillRecord(fill=number, versions=[(id, 1) for id in ids], phase=phase))

    # What lanes know

    def _course_of(self, lane):
        return course(lane, lambda: self.states[self.known[lane.number]])

    def _begin(self, p):
        self.known[p] = len(self.states) - 1
        return Lane(p, self.partitions, self.broker, self.states[-1][0], self.random, lambda: self.now)

    def _learn(self, p, state):
        self.known[p] = state
        self.lanes[p].shard.rules = self.states[state][0]
        self.idle[p] = False

    # What happens

    def _work(self, moves):
        for _ in range(moves):
            self._move()

    def _move(self):
        p = self.random.randrange(self.partitions)
        lane = self.lanes[p]
        move = self.random.choices(
            (self._read_on, self._confirm, self._finish, self._follow, self._other), (4, 6, 6, 2, 2)
        )[0]
        move(p, lane)
        if self.crashes and self.random.random() < 0.03:
            self.crashes -= 1
            p = self.random.randrange(self.partitions)
            self.lanes[p].crash()
            self.lanes[p] = self._begin(p)
            self.courses[p] = self._course_of(self.lanes[p])
            self.idle[p] = False

    def _read_on(self, p, lane):
        topics = [topic for topic in SOURCE_TOPICS if lane.at[topic] < len(self.broker.logs[topic, p])]
        if topics and lane.free:
            try:
                lane.read(self.random.choice(topics), self.random.choice([1, 2, 5, 100]))
            except BehindError as behind:
                state = next(i for i, (rules, _) in enumerate(self.states) if rules.latest_fill >= behind.fill)
                if self.known[p] < state:
                    self._learn(p, state)
                lane.keep(lane.shard.switch_on(behind.fill, self.now))

    def _confirm(self, p, lane):
        if pending := lane.pending():
            lane.confirm(self.random.choice(pending))

    def _finish(self, p, lane):
        lane.finish()

    def _follow(self, p, lane):
        if not self.idle[p]:
            self.idle[p] = bool(next(self.courses[p]))

    def _other(self, p, lane):
        what = self.random.randrange(7)
        if what == 0:
            lane.commit(self.random.choice(SOURCE_TOPICS))
        elif what == 1 and lane.settling and lane.free:
            lane.settle()
        elif what == 2 and lane.free:
            due = [
                key[1:].decode() for key, value in lane.store.items() if key[:1] == b"r" and due_of(value) <= self.now
            ]
            lane.turn(lane.shard.turn(due[: self.random.choice([1, 100])], self.now))
        elif what == 3 and self.known[p] < len(self.states) - 1:
            self._learn(p, self.random.randint(self.known[p] + 1, len(self.states) - 1))
        elif what == 4:
            self._coordinate()
        elif what == 5:
            lane.tell(lane.report)
        elif what == 6 and self.crashes and self.random.random() < 0.1:
            self.broker.redis[p].whole = False
            self.broker.redis[p].lookups.clear()
            self.broker.redis[p].masks.clear()
            self.broker.redis[p].fields.clear()

    def _quiet(self):
        if getattr(self, "waiting", None) or (self.fill is not None and self.fill.phase != "done"):
            return False
        for p, lane in enumerate(self.lanes):
            if lane.steps or lane.turning or lane.settling or not self.idle[p] or self.known[p] < len(self.states) - 1:
                return False
            if any(lane.at[topic] < len(self.broker.logs[topic, p]) for topic in SOURCE_TOPICS):
                return False
            if any(key[:1] == b"r" and due_of(value) <= self.now for key, value in lane.store.items()):
                return False
        return True

    def drain(self, now):
        """Until nothing is left to do; a lane's last beat has told all."""
        self.now = max(self.now, now)
        for _ in range(100_000):
            if self._quiet():
                for lane in self.lanes:
                    lane.tell({})
                return
            self._move()
        raise AssertionError("it does not come to an end")

    # As an implementation

    def send(self, arrival):
        self.now = max(self.now, arrival.received)
        if (call := self.collector.take(arrival)) is not None:
            records = Local(RuleSet(), self.partitions)
            records.send(call)
            for (topic, p), log in records.logs.items():
                for record in log:
                    self.broker.write(topic, p, record.key, record.value)
        self._work(self.random.choice([0, 1, 10, 40]))

    def _view(self, now):
        self.drain(now)
        view = Local(RuleSet(), self.partitions)
        view.shards = [lane.shard for lane in self.lanes]
        view.stores = [lane.store for lane in self.lanes]
        return view

    def user(self, id, now):
        return self._view(now).canonical(id)

    def users(self, now):
        return [live.profile.canonical for live in self._view(now).users(now)]

    def members(self, id, now):
        live = self._view(now).live(id, now)
        return set() if live is None else {id for id, each in self.made.items() if live.mask >> each.slot & 1}

    def next_change(self, segment, id, now):
        return next_change(self._view(now).live(id, now), self.made[segment].slot)

    def facts(self, id, now):
        live = self._view(now).live(id, now)
        return None if live is None else describe_user(live.profile, now)

    def faults(self):
        """Lines that say where Redis or a partition's sums are not what the rows say; for when all is quiet."""
        pairs = zip(self.lanes, self.broker.redis, strict=True)
        return [line for lane, redis in pairs for line in faults(lane, redis, self.now)]
