"""Conditions that events do not settle by their number: operators on the user's facts, membership of other segments.

Owns how a user PATH is asked, and when time alone changes what it says; `group` names the facts whose change asks such
a condition anew. How long one has held is in `streams.held`. Source: contract section 5, "User".
"""

from dataclasses import dataclass

from schemas.profile import NEVER, Profile
from schemas.rules import User
from streams import facts
from streams.operators import depends_on_time, next_change, predicate


class UserLeaf:
    """An operator on a user PATH."""

    __slots__ = ("_field", "_test", "falls", "group", "rises", "rule")

    settled: bool | None = None

    def __init__(self, rule: User) -> None:
        self.rule = rule
        self.group = facts.group_of(rule.field)
        self.rises = self.falls = depends_on_time(rule.op)
        self._field = facts.user_path(rule.field)
        self._test = predicate(rule.op, rule.value)

    def __repr__(self) -> str:
        return f"UserLeaf({self.rule})"

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return self._test(self._field(profile), now)

    def next(self, profile: Profile, mask: int, now: int) -> int:
        if not self.rises:
            return NEVER
        instant = next_change(self.rule.op, self.rule.value, self._field(profile), now)
        return NEVER if instant is None else instant

    def found(self, profile: Profile, now: int) -> object:
        return self._field(profile)

    def exact(self, profile: Profile, now: int) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class AgeLeaf:
    """`within_last` on first_seen or last_seen: as UserLeaf, without the way over text, for every event asks it."""

    group: str
    duration: int
    inside: bool

    @property
    def settled(self) -> bool | None:
        """The answer that another event cannot change, as last_seen only ever grows; None where it can."""
        return self.inside if self.group == "last_seen" else None

    @property
    def rises(self) -> bool:
        return True

    @property
    def falls(self) -> bool:
        return True

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        instant: int | None = getattr(profile, self.group)
        return (instant is not None and now - self.duration < instant <= now) is self.inside

    def next(self, profile: Profile, mask: int, now: int) -> int:
        instant: int | None = getattr(profile, self.group)
        if instant is None or instant + self.duration <= now:
            return NEVER
        return instant if instant > now else instant + self.duration

    def found(self, profile: Profile, now: int) -> object:
        return facts.user_path(self.group)(profile)

    def exact(self, profile: Profile, now: int) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class RefLeaf:
    """Membership of the segment version in this slot; its own changes set this leaf, not time."""

    slot: int

    @property
    def rises(self) -> bool:
        return False

    @property
    def falls(self) -> bool:
        return False

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return bool(mask >> self.slot & 1)

    def next(self, profile: Profile, mask: int, now: int) -> int:
        return NEVER

    def found(self, profile: Profile, now: int) -> object:
        return None

    def exact(self, profile: Profile, now: int) -> bool:
        return True


def user_leaf(rule: User) -> UserLeaf | AgeLeaf:
    """The quickest leaf for an operator on a user PATH."""
    if rule.field in facts.INSTANTS and rule.op in ("within_last", "not_within_last") and isinstance(rule.value, int):
        return AgeLeaf(rule.field, rule.value, rule.op == "within_last")
    return UserLeaf(rule)
