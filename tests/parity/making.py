"""What adapters of the engine make of a case: calls as the collector takes them, segments as definitions have them.

Owns the numbering of slots and of arrivals; when anything happens is each adapter's own.
"""

from schemas.calls import Accepted, CallContext, Policy
from schemas.segments import FIRST_USER_SLOT, FillRecord, SegmentRecord, SegmentVersion
from schemas.times import DAY
from schemas.topics import Topic
from streams.compiled import rule_set
from streams.limits import Limits
from streams.normalise import normalise
from streams.uploads import uploaded

RETENTION = 800 * DAY
LIMITS = Limits(retention=RETENTION)


class Collector:
    """Calls in the order of arrival; `random` makes the ids of messages that have none."""

    def __init__(self, random, gpc="no_share", bots="keep"):
        self.policy = Policy(new_id=lambda: f"made-{random.random()}", gpc=gpc, bots=bots)
        self.arrival = 0

    def take(self, arrival):
        """The accepted call, None where it is rejected or not stored."""
        self.arrival = max(self.arrival + 1, arrival.received * 1000)
        context = CallContext(
            received=arrival.received,
            arrival=self.arrival,
            sent_at=arrival.sent_at,
            agent=arrival.origin_user_agent,
            gpc=arrival.gpc,
        )
        call = normalise(arrival.call, context, self.policy)
        return call if isinstance(call, Accepted) else None

    def upload(self, user, traits, at):
        """The same of an upload."""
        self.arrival = max(self.arrival + 1, at * 1000)
        event = uploaded({"user_id": user, "traits": traits}, at, self.arrival, f"up-{self.arrival}")
        return Accepted(Topic.IDENTIFIES, event, ())


def versions(segments, at):
    """{id: the first version}, made at `at`, each with a slot of its own and no fill yet."""
    return {id: version_of(rule, FIRST_USER_SLOT + index, at) for index, (id, rule) in enumerate(segments.items())}


def version_of(rule, slot, at):
    """A version that is not live yet; a static one has its ids said afterwards."""
    static = "users" in rule
    kept = {} if static else rule
    return SegmentVersion(version=1, slot=slot, rule=kept, made=at, covers_from=at - RETENTION, static=static)


def record(id, version):
    """The definition of a segment that has this one version."""
    place = "live" if version.status == "live" else "pending"
    return SegmentRecord(id=id, name=id, created=0, updated=0, **{place: version})


def live_rules(made, limits=LIMITS):
    """The rule set of versions that one fill has brought and that are live."""
    for version in made.values():
        version.fill, version.status = 1, "live"
    next_slot = 1 + max([version.slot for version in made.values()], default=FIRST_USER_SLOT)
    fill = FillRecord(fill=1, versions=[(id, 1) for id in made], phase="done", next_slot=next_slot)
    rules, broken = rule_set([record(id, version) for id, version in made.items()], fill, limits)
    assert not broken, broken
    return rules
