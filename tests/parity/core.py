"""The pure core as an `Implementation`: shards in memory, calls through the collector's own normalisation."""

import random

from schemas.calls import Accepted, CallContext, Policy
from schemas.rule_parser import parse_rule
from schemas.times import DAY
from streams.limits import Limits
from streams.local import Local, next_change
from streams.normalise import normalise
from streams.profile_view import describe_user
from streams.ruleset import RuleSet, SegmentSpec

RETENTION = 800 * DAY


class Core:
    """`partitions` and the order in which topics are worked off are drawn from `seed`; neither may change an answer."""

    def __init__(self, seed=0, gpc="no_share", bots="keep"):
        self.random = random.Random(seed)
        self.local = Local(RuleSet(limits=Limits(retention=RETENTION)), self.random.choice([1, 2, 5]))
        self.policy = Policy(new_id=lambda: f"made-{self.random.random()}", gpc=gpc, bots=bots)
        self.slots = {}
        self.arrival = 0

    def define(self, segments, at):
        self.slots = {id: 16 + index for index, id in enumerate(segments)}
        specs = [
            SegmentSpec(
                id,
                self.slots[id],
                parse_rule(rule, retention=RETENTION, exists=lambda _: True),
                at - RETENTION,
                fill=1,
            )
            for id, rule in segments.items()
        ]
        rules = RuleSet(specs, Limits(retention=RETENTION), latest_fill=1)
        self.local.fill(rules, at, self.random.choice([1, 3, 1000]))

    def send(self, arrival):
        self.arrival = max(self.arrival + 1, arrival.received * 1000)
        context = CallContext(
            received=arrival.received,
            arrival=self.arrival,
            sent_at=arrival.sent_at,
            agent=arrival.origin_user_agent,
            gpc=arrival.gpc,
        )
        call = normalise(arrival.call, context, self.policy)
        if isinstance(call, Accepted):
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
        return set() if live is None else {each for each, slot in self.slots.items() if live.mask >> slot & 1}

    def next_change(self, segment, id, now):
        return next_change(self._live(id, now), self.slots[segment])

    def facts(self, id, now):
        live = self._live(id, now)
        return None if live is None else describe_user(live.profile, now)
