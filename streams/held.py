"""`for`: how long a condition on a trait has held without a break.

Owns the question alone; what is kept for it is `streams.trait_series`'s. A condition holds since the user became known
at the earliest, and since a value was set that it is true of, if one before it was not. Source: contract section 5.
"""

from schemas.profile import NEVER, Profile
from schemas.rules import Held, User
from streams import facts
from streams.leaf import Context
from streams.merged import buckets_of
from streams.trait_series import Condition, wish_for


class HeldLeaf:
    """`rule` on a trait has held for at least, or for less than, so long. Asked anew when a user was known earlier."""

    __slots__ = ("_condition", "_field", "held", "rule", "series")

    group = "known_at"
    settled: bool | None = None

    def __init__(self, series: str, rule: User, held: Held) -> None:
        self.series, self.rule, self.held = series, rule, held
        self._condition = Condition(rule.field, rule.op, rule.value)
        self._field = facts.user_path(rule.field)

    def __repr__(self) -> str:
        return f"HeldLeaf({self.series}, {self.rule}, {self.held})"

    @property
    def rises(self) -> bool:
        return self.held.op == "gte"

    @property
    def falls(self) -> bool:
        return self.held.op == "lt"

    def since(self, profile: Profile, now: int) -> int | None:
        """Since when it holds without a break, or an instant long enough ago; None where it does not hold."""
        since = None
        for time, holds in self._condition.newest_first(profile, self.series):
            if not holds:
                return since
            since = time
            if now - since >= self.held.duration:
                return since
        return profile.known_at if self._condition.unset and not buckets_of(profile, self.series) else since

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        since = self.since(profile, now)
        return since is not None and (now - since >= self.held.duration) is (self.held.op == "gte")

    def next(self, profile: Profile, mask: int, now: int) -> int:
        since = self.since(profile, now)
        instant = NEVER if since is None else since + self.held.duration
        return instant if instant > now else NEVER

    def found(self, profile: Profile, now: int) -> object:
        return self._field(profile)

    def exact(self, profile: Profile, now: int) -> bool:
        return not buckets_of(profile, self.series)


def held_leaf(rule: User, held: Held, context: Context) -> HeldLeaf:
    return HeldLeaf(context.series(wish_for(rule, held.duration)), rule, held)
