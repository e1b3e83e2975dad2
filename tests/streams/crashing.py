"""A whole system of lanes that crash, as an `Implementation` that is compared with the reference.

Owns the chance: what happens next is drawn from a seed. Beside the lanes there are the definitions, which each lane
learns in its own time, each lane's course through a fill, and the coordinator (as `gateway.segments`).
"""

import random

from msgspec.structs import replace

from gateway.position import ERASING, JOINING, Passing
from gateway.segments.settling import Settling
from schemas.events import MARK
from schemas.profile import due_of
from schemas.segments import FillRecord
from schemas.topics import EVENT_TOPICS, SOURCE_TOPICS, Topic
from schemas.transfers import Erase, Listing
from schemas.transfers import encode as encode_transfer
from streams.compiled import rule_set
from streams.local import Local
from streams.partition import partition_of
from streams.ruleset import RuleSet
from streams.shard import BehindError
from streams.sharing import plan
from tests.parity.making import LIMITS, Collector, record, version_of, versions
from tests.streams.crashing_answers import Answering
from tests.streams.crashing_course import course
from tests.streams.crashing_lane import Broker, Lane


class Crashing(Answering):
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
        self.made = {}
        self.states = [self._rules()]
        self.states[0][0].as_of = 0
        self.known = [0] * self.partitions
        self.lanes = [self._begin(p) for p in range(self.partitions)]
        self.courses = [self._course_of(lane) for lane in self.lanes]
        self.idle = [False] * self.partitions

    # Definitions

    def _rules(self):
        rules, broken = rule_set(self.records.values(), self.fill, LIMITS)
        assert not broken
        return rules, self.fill

    def _define(self, records, fill=None):
        self.records |= {record.id: record for record in records}
        fill = fill or self.fill or FillRecord(fill=0, versions=[], phase="done")
        slots = [each.slot for record in records for each in (record.live, record.pending) if each]
        next_slot = max([self.fill.next_slot if self.fill else 0, *(slot + 1 for slot in slots)])
        self.fill = replace(fill, next_slot=next_slot)
        self.states.append(self._rules())
        self.states[-1][0].as_of = len(self.states)

    def define(self, segments, at):
        """In two fills; as each refers to those before it, the first is whole by itself."""
        self.now = max(self.now, at)
        self.made = versions(segments, at)
        for id, version in self.made.items():
            if version.static:
                self._fill_list(id, version, segments[id]["users"])
        ids = [id for id, rule in segments.items() if "users" not in rule]
        cut = self.random.randint(0, len(ids))
        self.waiting = [part for part in (ids[:cut], ids[cut:]) if part]
        self._work(self.random.randint(0, 20))

    def _fill_list(self, id, version, users):
        """Another content of a list: pending beside the live one until all of it has arrived."""
        old = self.records.get(id)
        pending = replace(record(id, version), live=old and old.live)
        self._define([pending])
        self._list(version, users, True)
        version.status = "live"
        self._define([record(id, version)])

    def _list(self, version, users, on):
        ends = {}
        for user in users:
            listing = Listing(to=user, sent=user, slot=version.slot, on=on, since=len(self.states))
            p = partition_of(user, self.partitions)
            self.broker.write(Topic.TRANSFERS, p, user.encode(), encode_transfer(listing))
            ends[Topic.TRANSFERS, p] = len(self.broker.logs[Topic.TRANSFERS, p])
        self._pass(ends, 1)

    def _pass(self, ends, messages):
        """As the gateway waits, whatever else happens meanwhile."""
        passing = Passing(ends, messages)
        for _ in range(100_000):
            if passing.passed([redis.fields for redis in self.broker.redis]):
                return
            self._move()
        raise AssertionError("it does not arrive")

    def _coordinate(self):
        """What the gateway does about fills; whether there was anything."""
        fill = self.fill
        if fill is None or fill.phase == "done":
            if not getattr(self, "waiting", None):
                return False
            number = 1 if fill is None else fill.fill + 1
            ids = self.waiting.pop(0)
            live = [record.live for record in self.records.values() if record.live]
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
                state = next(
                    i
                    for i, (rules, _) in enumerate(self.states)
                    if rules.latest_fill >= behind.fill and rules.as_of >= behind.since
                )
                if self.known[p] < state:
                    self._learn(p, state)
                if lane.shard.meta.fill < behind.fill:
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
            self._write(call)
        self._work(self.random.choice([0, 1, 10, 40]))

    def _write(self, call):
        records = Local(RuleSet(), self.partitions)
        records.send(call)
        for (topic, p), log in records.logs.items():
            for each in log:
                self.broker.write(topic, p, each.key, each.value)

    def upload(self, user, traits, at):
        self.now = max(self.now, at)
        self._write(self.collector.upload(user, traits, at))
        self._work(self.random.choice([0, 1, 10]))

    def put(self, segment, mode, users, at):
        self.now = max(self.now, at)
        if mode in ("append", "remove"):
            self._list(self.made[segment], users, mode == "append")
        else:
            slot = 1 + max(version.slot for version in self.made.values())
            self.made[f"{segment} until {slot}"] = self.made[segment]
            self.made[segment] = version_of({"users": []}, slot, at)
            self._fill_list(segment, self.made[segment], users if mode == "replace" else [])

    def erase(self, id, at):
        """As the gateway does: marks behind all that was sent; once that is visible, the request."""
        self.now = max(self.now, at)
        ends = {}
        for topic in (*EVENT_TOPICS, Topic.IDENTITY):
            for p in range(self.partitions):
                self.broker.write(topic, p, None, MARK)
                ends[topic, p] = len(self.broker.logs[topic, p])
        self._pass(ends, JOINING)
        p = partition_of(id, self.partitions)
        self.broker.write(Topic.TRANSFERS, p, id.encode(), encode_transfer(Erase(to=id)))
        self._pass({(Topic.TRANSFERS, p): len(self.broker.logs[Topic.TRANSFERS, p])}, ERASING)
