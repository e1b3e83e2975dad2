"""The pure core as an `Implementation`: shards in memory, calls through the collector's own normalisation."""

import random

from streams.foresight import next_change
from streams.local import Local
from streams.profile_view import describe_user
from streams.ruleset import RuleSet
from tests.parity.making import LIMITS, Collector, live_rules, versions


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

    def send(self, arrival):
        if (call := self.collector.take(arrival)) is not None:
            self.local.send(call)
        self.local.work(arrival.received, self.random.choice([1, 2, 1000]), self.random.shuffle)

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
