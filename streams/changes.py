"""What the outside has been told of memberships, and what it is to be told next: entered and exited, each once.

Owns the difference between what a row says was told and what is so, for versions that are live. A row is compared
whenever it is written, so that what was told is kept in the same write as what is true; a change of the definitions is
brought to rows that nobody writes by a walk over all of them (`streams.everyone`). Sending is `agents.telling`'s.
"""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Literal, NamedTuple

import msgspec

from schemas.changes import Change
from schemas.profile import Meta, Profile
from schemas.segments import FIRST_USER_SLOT
from schemas.times import format_instant
from streams.live import Live, to_bytes
from streams.ruleset import RuleSet

NAMES_KEY = b"mslots"
"""Of the store: the names of all slots that were ever told of here, for those whose definition is gone."""


class Named(NamedTuple):
    """The version of a segment that a slot stands, or stood, for; `since` is when it was first told of here."""

    segment: str
    version: int
    since: int


_decode_names = msgspec.msgpack.Decoder(dict[int, Named]).decode


class Teller:
    """One partition's. `names` is what was kept under `NAMES_KEY`; `shown` the bits of the slots that are told of."""

    def __init__(self, partition: int, names: bytes | None) -> None:
        self.shown = 0
        self.fingerprint = 0
        """Of what is live, for knowing whether everybody was told of it."""
        self.unsaved = False
        self._partition = partition
        self._names: dict[int, Named] = {} if names is None else _decode_names(names)
        self._slots: dict[str, int] = {}
        self._rules: RuleSet | None = None

    def learn(self, rules: RuleSet, now: int) -> None:
        """From `now` on, the live versions of `rules` are told of."""
        if rules is self._rules:
            return
        self._rules = rules
        self._slots = {spec.id: spec.slot for spec in rules.specs if spec.live and spec.slot >= FIRST_USER_SLOT}
        self.shown = sum(1 << slot for slot in self._slots.values())
        text = "\n".join(f"{slot} {id}" for id, slot in sorted(self._slots.items()))
        self.fingerprint = int.from_bytes(blake2b(text.encode(), digest_size=7).digest(), "big") if text else 0
        for spec in rules.specs:
            if self.shown >> spec.slot & 1 and self._names.get(spec.slot, (None, 0))[:2] != (spec.id, spec.version):
                self._names[spec.slot] = Named(spec.id, spec.version, now)
                self.unsaved = True

    def save(self) -> bytes:
        """The names, to be kept before, or together with, any row that needs them."""
        self.unsaved = False
        return msgspec.msgpack.encode(self._names)

    def is_due(self, live: Live) -> bool:
        """Whether there may be anything to tell of a row."""
        return bool(live.flips) or live.called is not None or live.mask & self.shown != live.told

    def differs(self, row: Profile) -> bool:
        """Whether what was told of a row, as it was written, is not so."""
        return int.from_bytes(row.mask, "little") & self.shown != int.from_bytes(row.told, "little")

    def tell(self, live: Live, now: int, meta: Meta) -> list[Change]:
        """What is to be told of a row that is about to be written, in order; marks it as told."""
        told = _Telling(self._partition, meta, live.profile.canonical)
        before = self._renamed(live, told, now)
        mask = self._replaced(before, told, now)
        if live.called is None:
            for (slot, at), entered in self._lasting(live):
                if mask >> slot & 1 != entered:
                    mask ^= 1 << slot
                    told.add("entered" if entered else "exited", self._names[slot], at)
        differs = mask ^ (live.mask & self.shown)
        for slot in _slots(differs & mask):
            told.add("exited", self._names[slot], now)
        for slot in _slots(differs & ~mask):
            told.add("entered", self._names[slot], now)
        live.told = live.mask & self.shown
        live.profile.told = to_bytes(live.told)
        live.flips.clear()
        live.called = None
        return told.changes

    def carry(self, live: Live) -> None:
        """Before a profile leaves for another partition: what was told of it by names, for slots are kept apart."""
        profile = live.profile
        if live.told:
            names = profile.told_as.setdefault(live.called or profile.canonical, {})
            names |= (self._names[slot][:2] for slot in _slots(live.told))
        live.told, profile.told = 0, b""

    def part(self, live: Live, now: int, meta: Meta) -> list[Change]:
        """What is to be told of a user who is erased: exited, whatever there was."""
        told = _Telling(self._partition, meta, live.profile.canonical)
        self.carry(live)
        for name, segments in live.profile.told_as.items():
            self._exit(name, segments, told, now)
        return told.changes

    def _lasting(self, live: Live) -> Iterable[tuple[tuple[int, int], bool]]:
        """What a row entered and exited in slots that are told of, but for what was undone at the same instant.

        Instants never fall: a row that is judged by other rules than before is judged at the present at once.
        """
        flips: dict[tuple[int, int], bool] = {}
        latest = 0
        for slot, entered, at in live.flips:
            if self.shown >> slot & 1:
                latest = max(latest, at, self._names[slot].since)
                if flips.pop((slot, latest), None) is None:
                    flips[slot, latest] = entered
        return flips.items()

    def _renamed(self, live: Live, told: "_Telling", now: int) -> int:
        """What was told under the user's present name; what was told under others is exited."""
        profile = live.profile
        if live.called is None:
            return live.told
        names, profile.told_as = profile.told_as, {}
        mine = 0
        if live.called == profile.canonical:
            mine = live.told
        elif live.told:
            old = names.setdefault(live.called, {})
            old |= (self._names[slot][:2] for slot in _slots(live.told))
        kept = names.get(profile.canonical, {})
        for segment in kept.keys() & self._slots.keys():
            del kept[segment]
            mine |= 1 << self._slots[segment]
        for name, segments in names.items():
            self._exit(name, segments, told, now)
        return mine

    def _exit(self, name: str, segments: dict[str, int], told: "_Telling", now: int) -> None:
        """What was told under a name is so no more."""
        for segment, version in segments.items():
            slot = self._slots.get(segment)
            named = Named(segment, version, 0) if slot is None else self._names[slot]
            told.add("exited", named, now, name)

    def _replaced(self, mask: int, told: "_Telling", now: int) -> int:
        """What was told of versions that are live no more holds for those that took their place, else is exited."""
        for slot in _slots(mask & ~self.shown):
            mask ^= 1 << slot
            named = self._names[slot]
            if (successor := self._slots.get(named.segment)) is not None:
                mask |= 1 << successor
            else:
                told.add("exited", named, now)
        return mask


class _Telling:
    """Collects the changes of one row, each with its number."""

    def __init__(self, partition: int, meta: Meta, user: str) -> None:
        self.changes: list[Change] = []
        self._partition = partition
        self._meta = meta
        self._user = user

    def add(self, event: Literal["entered", "exited"], named: Named, at: int, user: str | None = None) -> None:
        number = (self._partition, self._meta.changes)
        self._meta.changes += 1
        self.changes.append(
            Change(
                user=user or self._user,
                segment=named.segment,
                event=event,
                at=format_instant(at),
                version=named.version,
                n=number,
            )
        )


def _slots(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        mask ^= lowest
        yield lowest.bit_length() - 1
