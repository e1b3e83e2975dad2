"""The pure core as an `Implementation`: shards in memory, calls through the collector's own normalisation."""

import random

from schemas.transfers import Erase, Listing
from streams.foresight import next_change
from streams.local import Local
from streams.profile_view import describe_user
from streams.ruleset import RuleSet
from tests.parity.making import LIMITS, Collector, live_rules, version_of, versions


class Core:
    """`partitions` and the order in which topics are worked off are drawn from `seed`; neither may change an answer."""

    def __init__(self, seed=0, limits=LIMITS):
        self.random = random.Random(seed)
        self.local = Local(RuleSet(limits=limits), self.random.choice([1, 2, 5]))
        self.limits = limits
        self.collector = Collector(self.random)
        self.made = {}

    def define(self, segments, at):
        self.made = versions(segments, at)
        self.local.fill(live_rules(self.made, self.limits), at, self.random.choice([1, 3, 1000]))
        for id, rule in segments.items():
            if rule.get("users"):
                self.put(id, "append", rule["users"], at)

    def send(self, arrival):
        if (call := self.collector.take(arrival)) is not None:
            self.local.send(call)
        self.local.work(arrival.received, self.random.choice([1, 2, 1000]), self.random.shuffle)

    def upload(self, user, traits, at):
        self.local.send(self.collector.upload(user, traits, at))
        self._work(at)

    def put(self, segment, mode, users, at):
        """As the gateway does: another content is another version, which goes live when all is there."""
        before = self.made[segment]
        if mode in ("replace", "clear"):
            slot = 1 + max(version.slot for version in self.made.values())
            self.made[segment] = version_of({"users": []}, slot, at)
            self.local.judge(live_rules({**self.made, f"{segment} before": before}, self.limits), at)
        for user in users if mode != "clear" else ():
            slot = self.made[segment].slot
            self.local.tell(Listing(to=user, sent=user, slot=slot, on=mode != "remove", since=0))
        self._work(at)
        if self.made[segment] is not before:
            self.local.judge(live_rules(self.made, self.limits), at)

    def erase(self, id, at):
        self._work(at)
        self.local.tell(Erase(to=id))
        self._work(at)

    def _work(self, at):
        self.local.work(at, self.random.choice([1, 2, 1000]), self.random.shuffle)

    def _live(self, id, now):
        self.local.turn(now)
        return self.local.live(id, now)

    def user(self, id, now):
        self.local.turn(now)
        return self.local.canonical(id)

    def users(self, now):
        self.local.turn(now)
        return [live.profile.canonical for live in self.local.users(now)]

    def members(self, id, now):
        live = self._live(id, now)
        return set() if live is None else {id for id, each in self.made.items() if live.mask >> each.slot & 1}

    def next_change(self, segment, id, now):
        return next_change(self._live(id, now), self.made[segment].slot)

    def facts(self, id, now):
        live = self._live(id, now)
        return None if live is None else describe_user(live.profile, now)
