"""Everything that was ever sent, and what the contract says follows from it.

Calls go in as they were posted, in order of arrival; questions are asked of an instant that is not before any arrival.
"""

from dataclasses import dataclass, field

from tests.reference.calls import consents, event_time, id_text, refusal
from tests.reference.changes import next_change
from tests.reference.fields import fields_of, read
from tests.reference.identity import Users
from tests.reference.lists import Lists
from tests.reference.profile import Profile
from tests.reference.rules import Judge
from tests.reference.times import DAY, MINUTE

DUPLICATES_FOR = DAY


@dataclass(frozen=True)
class Record:
    """What one call (or upload) left behind. `seq` is its place in the order of arrival.

    `kept` is False where it was older than the retention when it came: it tells its facts and is in no window.
    """

    seq: int
    id: str
    kind: str
    name: str | None
    time: int
    received: int
    kept: bool
    fields: dict
    traits: dict = field(default_factory=dict)

    @property
    def is_page(self):
        return self.kind in ("page", "screen")

    def value(self, path):
        return self.name if path == "name" else read(self.fields, path)


class World:
    def __init__(self, retention_ms=800 * DAY, session_gap_ms=30 * MINUTE, gpc="no_share", bots="keep"):
        self.retention_ms = retention_ms
        self.session_gap_ms = session_gap_ms
        self.gpc = gpc
        self.bots = bots
        self.identity = Users()
        self.lists = Lists()
        self.clock = None  # the last arrival
        self._records = {}  # id -> its records in order of arrival
        self._histories = {}  # canonical id -> the joined history; forgotten with every arrival
        self._profiles = {}
        self._arrived = {}  # (id, messageId) -> when it first came
        self._not_shared = set()
        self._remember = {}
        self._seq = 0

    # What arrives

    def send(self, call, received, *, sent_at=None, origin_user_agent=None, gpc=False):
        """One call, received at `received` ms in a batch sent at `sent_at` ms; says what became of it.

        "accepted", "duplicate", "consent", "gpc", "bot", or the code under which it was rejected.
        """
        self._tick(received)
        refused = refusal(call)
        if refused:
            return refused
        if not consents(call):
            return "consent"
        if gpc and self.gpc == "drop":
            return "gpc"
        user_id, anonymous_id, previous_id = (id_text(call.get(k)) for k in ("userId", "anonymousId", "previousId"))
        if gpc and self.gpc == "no_share":
            self._not_shared.update({user_id, anonymous_id, previous_id} - {None})
        fields = fields_of(call, origin_user_agent)
        if fields.get("device") == "bot" and self.bots == "drop":
            return "bot"
        if self._is_duplicate(user_id or anonymous_id, call.get("messageId"), received):
            return "duplicate"
        self.identity.call(user_id, anonymous_id)
        if call["type"] == "alias":
            if previous_id is not None:
                self.identity.alias(previous_id, user_id)
        else:
            time = event_time(call, received, sent_at)
            self._record(user_id or anonymous_id, call["type"], time, received, fields, _name(call), _traits(call))
        return "accepted"

    def upload(self, user_id, traits, received):
        """A row of `POST /v1/users`: traits at the time of receipt; makes known; no event and no sighting."""
        self._tick(received)
        self._record(id_text(user_id), "upload", received, received, {}, None, traits)

    def erase(self, id, received):
        """`DELETE /v1/users/{id}`: what arrives afterwards under any of the ids starts a new user."""
        self._tick(received)
        ids = list(self.identity.ids(id))
        for one in ids:
            self._records.pop(one, None)
            self._not_shared.discard(one)
        self._arrived = {key: at for key, at in self._arrived.items() if key[0] not in ids}
        self.lists.erase(ids)
        self.identity.erase(id)

    def put(self, segment, mode, users, received):
        """A change of a static list."""
        self._tick(received)
        self.lists.put(segment, mode, users)

    def _tick(self, received):
        if self.clock is not None and received < self.clock:
            raise ValueError("time runs backwards")
        self.clock = received
        self._histories = {}
        self._profiles = {}

    def _is_duplicate(self, id, message_id, received):
        if message_id is None:
            return False
        first = self._arrived.get((id, message_id))
        if first is not None and received - first <= DUPLICATES_FOR:
            return True
        self._arrived[id, message_id] = received
        return False

    def _record(self, id, kind, time, received, fields, name, traits):
        self._seq += 1
        kept = received - time <= self.retention_ms
        record = Record(self._seq, id, kind, name, time, received, kept, fields, traits)
        self._records.setdefault(id, []).append(record)

    # What is asked

    def canonical(self, id):
        return self.identity.canonical(id)

    def history(self, id):
        """All records of the user, of the future too, by event time, ties by arrival."""
        canonical = self.canonical(id)
        if canonical not in self._histories:
            records = [record for one in self.identity.ids(id) for record in self._records.get(one, [])]
            self._histories[canonical] = sorted(records, key=lambda record: (record.time, record.seq))
        return self._histories[canonical]

    def profile(self, id, now):
        if self.clock is not None and now < self.clock:
            raise ValueError("asked of an instant before the last arrival")
        if (id, now) not in self._profiles:
            user_id = self.identity.user_id(id)
            profile = Profile(self.history(id), now, user_id=user_id, session_gap_ms=self.session_gap_ms)
            self._profiles = {(id, now): profile}  # the next question is often of the same user and instant
        return self._profiles[id, now]

    def users(self, now):
        """The canonical ids of all users known at `now`."""
        canonical = {self.canonical(id) for id in self._records}
        return sorted(id for id in canonical if self.profile(id, now).records)

    def member(self, rule, id, now, *, made=None, segments=None):
        """Whether the user is a member at `now` of a segment with this rule, made at `made` (default now)."""
        profile = self.profile(id, now)
        return bool(profile.records) and self._judge(profile, id, made, segments or {}).holds(rule)

    def found(self, rule, id, now, *, made=None):
        """Of one condition: what was counted, the value, or a sequence's times."""
        return self._judge(self.profile(id, now), id, made, {}).found(rule)

    def next_change(self, rule, id, now, *, made=None, segments=None):
        """The next instant at which time alone changes the answer, or None."""
        made = now if made is None else made
        return next_change(self, rule, id, now, made, segments or {})

    def _judge(self, profile, id, made, segments):
        covers_from = (profile.now if made is None else made) - self.retention_ms

        def refer(segment):
            static = self.lists.ids.get(segment, segments[segment].get("users"))  # a list keeps any id of its users
            if static is not None:
                return not set(static).isdisjoint(self.identity.ids(id))
            return judge.holds(segments[segment])

        judge = Judge(profile, covers_from, refer, self._remember)
        return judge

    def facts(self, id, now):
        """As `GET /v1/users/{id}` tells them (times in ISO 8601), without `segments`; None: unknown."""
        profile = self.profile(id, now)
        if not profile.records:
            return None
        plain = ("first_seen", "last_seen", "time_on_site", "device", "os", "browser", "language", "country")
        return {
            "user": self.canonical(id),
            "ids": sorted(self.identity.ids(id)),
            "traits": {key: value for key, value in profile.traits.items() if value is not None},
            **{name: getattr(profile, name) for name in plain},
            "visits": len(profile.visits),
            "first_campaign": profile.first_campaign,
            "last_campaign": profile.last_campaign,
            "counters_7d": profile.counters_7d(),
            "share": not self._not_shared.intersection(self.identity.ids(id)),
        }


def _name(call):
    if call["type"] in ("page", "screen"):
        return "$page"
    return {"track": call.get("event"), "identify": "$identify"}.get(call["type"])


def _traits(call):
    if call["type"] == "group":
        return {"group_id": id_text(call.get("groupId"))}
    traits = call.get("traits") if call["type"] == "identify" else None
    return traits if isinstance(traits, dict) else {}
