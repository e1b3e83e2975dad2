"""What a system of lanes answers, once it has come to rest: memberships, profiles, and what is amiss.

Owns the reading of rows, Redis and the topic of changes; what happens to the lanes is `tests.streams.crashing`'s.
"""

from streams.foresight import next_change
from streams.local import Local
from streams.profile_view import describe_user
from streams.ruleset import RuleSet
from tests.streams.crashing_faults import faults
from tests.streams.hearing import Listener, fresh


class Answering:
    """For a class that has `lanes`, `broker`, `made`, `partitions` and `now`, and can `drain`."""

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
        inside = {id for id, each in self.made.items() if live is not None and live.mask >> each.slot & 1}
        return {id for id in inside if " " not in id}

    def next_change(self, segment, id, now):
        return next_change(self._view(now).live(id, now), self.made[segment].slot)

    def facts(self, id, now):
        live = self._view(now).live(id, now)
        return None if live is None else describe_user(live.profile, now)

    def faults(self):
        """Lines that say where Redis or a partition's sums are not what the rows say; for when all is quiet."""
        pairs = zip(self.lanes, self.broker.redis, strict=True)
        return [line for lane, redis in pairs for line in faults(lane, redis, self.now)] + self._told_amiss()

    def _told_amiss(self):
        """What the topic of changes has heard a reader believe, who passes over repetitions."""
        listener = Listener()
        for log in self.broker.told:
            listener.hear(fresh(log))
        so = {user: self.members(user, self.now) for user in self.users(self.now)}
        if listener.believed() != (so := {user: segments for user, segments in so.items() if segments}):
            return [*listener.amiss, f"believed {listener.believed()}, so is {so}"]
        return listener.amiss
