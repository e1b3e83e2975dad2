"""One condition alone, over events that are put into its series in any order: for tests of each kind by itself."""

from schemas.events import Event
from schemas.profile import Profile
from streams.limits import Limits
from streams.ruleset import RuleSet, SegmentSpec
from tests.streams.windows import changes_as_expected

SLOT = 16


def buy(time, value=None, name="buy", **more):
    properties = {} if value is None else {"n": value}
    return Event(
        id="u", type="track", name=name, time=time, received=time, message_id="m", properties=properties, **more
    )


class Standing:
    """The leaf of one condition, made when `covers_from` was as far as "ever" reaches, and a user's row for it."""

    def __init__(self, condition, covers_from=0, limit=10_000):
        self.rules = RuleSet([SegmentSpec("s", SLOT, condition, covers_from)], Limits(exact=limit))
        place = self.rules.slots.index(SLOT)
        (self.leaf,) = (
            leaf for leaf, ranks in zip(self.rules.leaves, self.rules.dependents, strict=True) if ranks >> place & 1
        )
        self.profile = Profile(home="u", ids=["u"], known_at=0)

    def put(self, events, now):
        """Into the series of what they meet, as they come."""
        for arrival, event in enumerate(events):
            for number in self.rules.match(event):
                self.rules.series[number].insert(self.profile, event, arrival, now)
        return self

    def follows(self, expected, now):
        """The leaf says what `expected` does, at `now` and as time goes on."""
        for at in range(now, now + 25):
            changes_as_expected(self.leaf, self.profile, expected, at)

    @property
    def kept(self):
        """How many times all its series have together."""
        return sum(map(len, self.profile.series.values()))
