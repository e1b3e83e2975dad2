"""One user under hostile rules: events straight into a shard's logs, and what it costs: bytes of the row, calls made.

Costs are counted, never timed: a call is one of a function of Python's or C's, whatever the machine.
"""

import sys
from contextlib import contextmanager

from schemas import events
from schemas.profile import decode_row, row_key
from schemas.topics import Topic
from streams.limits import Limits
from streams.local import Local
from streams.ruleset import RuleSet
from tests.parity.making import RETENTION, live_rules, versions

START = 1_795_455_000_000


class Costs:
    """How many calls were made."""

    def __init__(self):
        self.calls = 0

    def __call__(self, frame, event, argument):
        self.calls += event in ("call", "c_call")


@contextmanager
def counted():
    """Counts the calls made inside."""
    costs, before = Costs(), sys.getprofile()
    sys.setprofile(costs)
    try:
        yield costs
    finally:
        sys.setprofile(before)


class Hostile:
    """`rules`: id → rule; `exact`: how many events are kept one by one."""

    def __init__(self, rules, exact=10_000):
        self.made = versions(rules, START)
        limits = Limits(retention=RETENTION, exact=exact)
        self.local = Local(RuleSet(limits=limits))
        self.local.fill(live_rules(self.made, limits), START)
        self.number = 0

    def track(self, time, properties=None, name="buy"):
        self.write(Topic.EVENTS, time, type="track", name=name, properties=properties or {})

    def identify(self, time, traits):
        self.write(Topic.IDENTIFIES, time, type="identify", name="$identify", traits=traits)

    def write(self, topic, time, **fields):
        """An event at START + `time`, received at once."""
        self.number += 1
        at = START + time
        made = events.Event(id="u", time=at, received=at, arrival=self.number, message_id=f"m{self.number}", **fields)
        self.local.write(topic, 0, b"u", events.encode(made))
        self.now = at

    def work(self, most=1000):
        """Applies what was written, so many in a step; the calls that took for each of them, rounded up."""
        written = sum(len(log) for log in self.local.logs.values()) - sum(self.local.read.values())
        with counted() as costs:
            self.local.work(self.now, most)
        return -(-costs.calls // max(written, 1))

    def forget(self):
        """Lets go of the records that were worked off; their offsets stay taken."""
        for at, log in self.local.logs.items():
            log[: self.local.read[at]] = [None] * self.local.read[at]

    @property
    def row(self):
        """The bytes of the user's row."""
        return len(self.local.stores[0][row_key("u")])

    @property
    def profile(self):
        return decode_row(self.local.stores[0][row_key("u")])

    def members(self):
        mask = self.local.live("u", self.now).mask
        return {id for id, version in self.made.items() if mask >> version.slot & 1}
