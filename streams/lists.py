"""Static lists: which ids of a user are on which list, and what follows when the users of two ids are joined.

Owns the `lists` of a profile. Every content of a list that replaces another has a slot of its own, so that a list is
emptied or replaced at one instant, by its definition. What is said of an id is told apart by where it stands in the
log of the id's partition: the latest counts, however often and wherever it is read. Source: contract section 4.
"""

from collections.abc import Container
from dataclasses import dataclass
from typing import Any, Protocol

from schemas.profile import NEVER, Profile


def put(profile: Profile, slot: int, id: str, stamp: int, on: bool) -> int:
    """Puts an id of this user on a list, or takes it off: how many more ids of the user are on it then, -1, 0 or 1."""
    entries = profile.lists.get(slot)
    if entries is None:
        entries = profile.lists[slot] = {}
    before = entries.get(id, 0)
    if stamp <= abs(before):
        return 0
    entries[id] = stamp if on else -stamp
    return on - (before > 0)


def join(profile: Profile, other: Profile) -> dict[int, int]:
    """Takes in what is said of another user's ids; the slots it concerns, with how many more ids are listed."""
    joined: dict[int, int] = {}
    for slot, entries in other.lists.items():
        joined[slot] = sum(put(profile, slot, id, abs(stamp), stamp > 0) for id, stamp in entries.items())
    return joined


def is_on(profile: Profile, slot: int) -> bool:
    """Whether any id of the user is on the list."""
    entries = profile.lists.get(slot)
    return entries is not None and any(stamp > 0 for stamp in entries.values())


def ids_on(profile: Profile, slot: int) -> list[str]:
    """The ids of the user that are on the list, in order."""
    return sorted(id for id, stamp in profile.lists.get(slot, {}).items() if stamp > 0)


def counts_of(profile: Profile) -> dict[int, int]:
    """Slot → how many ids of the user are on that list."""
    return {slot: sum(stamp > 0 for stamp in entries.values()) for slot, entries in profile.lists.items()}


class Known(Protocol):
    """What a rule set knows of slots: those of static lists, and below which it knows all that were ever given."""

    @property
    def lists(self) -> Container[int]: ...
    @property
    def next_slot(self) -> int: ...


def forget(by_slot: dict[int, Any], rules: Known) -> None:
    """Drops what is kept of lists that are no more; one that is not known yet is not ours to drop."""
    for slot in [slot for slot in by_slot if slot < rules.next_slot and slot not in rules.lists]:
        del by_slot[slot]


@dataclass(frozen=True, slots=True)
class ListLeaf:
    """Whether any id of the user is on the static list in this slot."""

    slot: int

    @property
    def group(self) -> str:
        return group_of(self.slot)

    @property
    def rises(self) -> bool:
        return False

    @property
    def falls(self) -> bool:
        return False

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        return is_on(profile, self.slot)

    def next(self, profile: Profile, mask: int, now: int) -> int:
        return NEVER

    def found(self, profile: Profile, now: int) -> object:
        return ids_on(profile, self.slot)

    def exact(self, profile: Profile, now: int) -> bool:
        return True


def group_of(slot: int) -> str:
    """What changes together, as a user's PATHs do."""
    return f"list {slot}"
