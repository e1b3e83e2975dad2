"""A user's row while it is being worked on: bits of conditions, memberships, and the instant time alone changes them.

Owns judging: which leaf flipped, which segments that concerns, when to look again. Every step is exact: between two
looks nothing can change, for the row is advanced through each due instant before an event is applied. Does not know
how events become facts and series (`streams.apply`).
"""

from schemas.profile import NEVER, Profile, encode_part, encode_row
from schemas.segments import SLOT_KNOWN
from schemas.times import DAY, HOUR
from streams import lists
from streams.ruleset import RuleSet
from streams.thresholds import CountLeaf
from streams.visits import Hours, all_visits

KEPT_HOURS = 7 * DAY // HOUR
"""Hours that the rolling counters reach back to, this one included."""


class Live:
    """A decoded profile with its bits as integers. `totals` collects what its counters changed by since it was read.

    `seen` is for `streams.fences`: message ids of ids that have many. For `streams.changes`: `told`, the bits of the
    slots that the outside was told of; `flips`, what was entered (slot, True, instant) and exited since; `called`, what
    the user was called before it was joined or named anew, None: neither.
    """

    __slots__ = ("called", "due", "flips", "mask", "profile", "rules", "seen", "told", "totals", "truth")

    def __init__(self, profile: Profile, due: int, rules: RuleSet, now: int) -> None:
        self.profile = profile
        self.rules = rules
        self.totals: Hours = {}
        self.seen: dict[str, set[bytes]] = {}
        self.mask = int.from_bytes(profile.mask, "little")
        self.told = int.from_bytes(profile.told, "little")
        self.flips: list[tuple[int, bool, int]] = []
        self.called: str | None = None
        self.due = due
        if profile.ruleset == rules.fingerprint:
            self.truth = int.from_bytes(profile.truth, "little")
        elif profile.known_at is None and not profile.identified and not profile.lists:
            self.truth = rules.blank
        else:
            self.rejudge(now)

    @property
    def known(self) -> bool:
        return self.profile.known_at is not None

    def become_known(self, at: int, now: int) -> int:
        """The user is known since `at`, for its first event, identify or upload; the ranks of segments to judge."""
        profile = self.profile
        if profile.known_at is not None:
            profile.known_at = min(profile.known_at, at)
            return 0
        profile.known_at = at
        self._enter(SLOT_KNOWN, now)
        return self.rules.every_rank

    def rename(self, name: str, at: int) -> bool:
        """An alias that arrived at `at` (µs) names the user, if none did later; whether that made a difference."""
        profile = self.profile
        if (at, name) <= (profile.name_at, profile.name or ""):
            return False
        self.called = self.called or profile.canonical
        profile.name, profile.name_at = name, at
        return True

    def rejudge(self, now: int) -> None:
        """Every leaf and every segment from the series and facts alone, as if nothing had been judged before."""
        rules, profile = self.rules, self.profile
        rules.drop_unused(profile)
        lists.forget(profile.lists, rules)
        if rules.visit_series:
            every = all_visits(profile, rules.limits.session_gap)
            for series in rules.visit_series:
                series.rebuild(profile, every)
        gone = self.mask
        for slot in (SLOT_KNOWN, *rules.slots):
            gone &= ~(1 << slot)
        for slot in range(gone.bit_length()):
            if gone >> slot & 1:
                self._exit(slot, now)
        self.truth = 0
        for index in range(len(rules.leaves)):
            if rules.holds(index, profile, self.mask, now):
                self.truth |= 1 << index
        self.judge(rules.every_rank, now)
        self.look_ahead(now)

    def set_leaf(self, index: int, holds: bool) -> int:
        """Sets a leaf's bit; the ranks of segments to judge if that changed it."""
        bit = 1 << index
        if bool(self.truth & bit) is holds:
            return 0
        self.truth ^= bit
        return self.rules.dependents[index]

    def ask(self, index: int, now: int) -> int:
        """Looks at one leaf anew; the ranks of segments to judge."""
        ranks = self.set_leaf(index, self.rules.holds(index, self.profile, self.mask, now))
        self.watch(index, now)
        return ranks

    def ask_counts(self, leaves: dict[int, CountLeaf], asked: int, times: list[int], now: int) -> int:
        """As `ask` for conditions on one series, given by their bits."""
        ranks = 0
        while asked:
            bit = asked & -asked
            asked ^= bit
            leaf = leaves[bit]
            if leaf.accepts(times, now) is not bool(self.truth & bit):
                self.truth ^= bit
                ranks |= self.rules.dependents[bit.bit_length() - 1]
            if leaf.last:
                self.due = min(self.due, leaf.changes(times, now))
        return ranks

    def ask_group(self, group: str, now: int) -> None:
        """Looks anew at all that hangs on a group of user PATHs."""
        ranks = 0
        for index, _ in self.rules.by_group.get(group, ()):
            ranks |= self.ask(index, now)
        self.judge(ranks, now)

    def watch(self, index: int, now: int) -> None:
        """Makes sure that the row is looked at again when time alone may change this leaf."""
        rules = self.rules
        if (rules.falls if self.truth >> index & 1 else rules.rises) >> index & 1:
            instant = rules.look_again(index, self.profile, self.mask, now)
            self.due = min(self.due, instant)

    def judge(self, ranks: int, at: int) -> None:
        """Judges the segments of these ranks, and those that refer to them; they change at instant `at`."""
        if not self.known:
            return
        rules = self.rules
        while ranks:
            lowest = ranks & -ranks
            ranks ^= lowest
            rank = lowest.bit_length() - 1
            slot = rules.slots[rank]
            holds = bool(rules.judges[rank](self.truth))
            if holds is bool(self.mask >> slot & 1):
                continue
            if holds:
                self._enter(slot, at)
            else:
                self._exit(slot, at)
            if slot in rules.refs:
                ranks |= self.set_leaf(rules.refs[slot], holds)

    def turn(self, at: int) -> None:
        """Looks at every leaf that time may have changed by the instant `at`."""
        rules = self.rules
        candidates = (self.truth & rules.falls) | (~self.truth & rules.rises)
        ranks = 0
        while candidates:
            lowest = candidates & -candidates
            candidates ^= lowest
            index = lowest.bit_length() - 1
            ranks |= self.set_leaf(index, rules.holds(index, self.profile, self.mask, at))
        self.judge(ranks, at)

    def look_ahead(self, now: int) -> None:
        """Sets the due instant to the first at which time alone may change anything."""
        rules, profile = self.rules, self.profile
        self.due = min((time for time, _, _ in profile.parked), default=NEVER)
        if not self.known:
            return
        candidates = (self.truth & rules.falls) | (~self.truth & rules.rises)
        while candidates:
            lowest = candidates & -candidates
            candidates ^= lowest
            self.due = min(self.due, rules.next(lowest.bit_length() - 1, profile, self.mask, now))

    def _enter(self, slot: int, at: int) -> None:
        self.mask |= 1 << slot
        self.profile.since[slot] = at
        self.flips.append((slot, True, at))

    def _exit(self, slot: int, at: int) -> None:
        self.mask &= ~(1 << slot)
        self.profile.since.pop(slot, None)
        self.flips.append((slot, False, at))

    def encode(self, now: int) -> bytes:
        """The row's value for the store, with its due instant; what no window can reach is left out."""
        profile, rules = self.profile, self.rules
        profile.truth = to_bytes(self.truth)
        profile.mask = to_bytes(self.mask)
        profile.ruleset = rules.fingerprint
        oldest = now // HOUR - KEPT_HOURS
        if profile.hours and min(profile.hours) <= oldest:
            profile.hours = {hour: counts for hour, counts in profile.hours.items() if hour > oldest}
        return encode_row(profile, self.due)

    def packed(self) -> bytes:
        """The profile alone, for a transfer to another partition."""
        self.profile.truth, self.profile.mask = b"", b""
        return encode_part(self.profile)


def to_bytes(bits: int) -> bytes:
    """Little-endian, no longer than needed."""
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")
