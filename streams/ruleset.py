"""All rules of all segments, compiled: which series there are, which leaves stand on them, which segments on these.

Owns the order of leaves and segments and the functions that judge a segment by the bits of its leaves. A rule set is
made anew whenever a definition changes; rows remember by its fingerprint which one their bits belong to. Segments
are ordered so that one comes after all that it refers to.
"""

from collections.abc import Callable, Iterable
from hashlib import blake2b

from schemas import rules
from schemas.profile import Profile
from schemas.rules import All, Listed, Not, Rule, User
from schemas.segments import SLOT_ACTIVE_7D, SLOT_NEW_7D
from schemas.times import WEEK
from streams import keeping
from streams.brought import Brought
from streams.compiler import Compiler, SegmentSpec, in_order
from streams.leaf import Leaf
from streams.limits import DEFAULTS, Limits
from streams.matching import Matcher
from streams.series import Series
from streams.trait_series import TraitSeries
from streams.user_leaves import RefLeaf
from streams.visit_series import VisitSeries

__all__ = ["RuleSet", "SegmentSpec"]

Judge = Callable[[int], int]

SYSTEM = (
    SegmentSpec("$active_7d", SLOT_ACTIVE_7D, User("last_seen", "within_last", WEEK), 0),
    SegmentSpec("$new_7d", SLOT_NEW_7D, User("first_seen", "within_last", WEEK), 0),
)


class RuleSet:
    """`specs` compiled together with the segments that the system defines itself, as of fill `latest_fill`.

    `leaves[i]` has bit i of a row's truth; `dependents[i]` the ranks, as bits, of the segments that ask it. The
    segment of rank r is in slot `slots[r]`, a member where `judges[r](truth)` is not 0. `refs`: slot → its leaf,
    where another segment refers to it. `rises` and `falls`: leaves that time alone can make true, or false; `grows`:
    those that one more event can only make true. `blank`: truth for a user of whom nothing is known yet. `as_of`:
    offset up to which definitions are in it; `next_slot`: all slots below were given to versions that it knows of, or
    that are no more.
    """

    as_of = 1 << 62
    next_slot = 0

    def __init__(self, specs: Iterable[SegmentSpec] = (), limits: Limits = DEFAULTS, latest_fill: int = 0) -> None:
        ordered = in_order((*SYSTEM, *specs))
        self.limits = limits
        self.latest_fill = latest_fill
        compiler = Compiler(ordered, limits.exact)
        names = sorted(compiler.leaves)
        self._index = {name: index for index, name in enumerate(names)}
        self.leaves: list[Leaf] = [compiler.leaves[name] for name in names]
        self.fingerprint = int.from_bytes(blake2b("\n".join(names).encode(), digest_size=7).digest(), "big")
        self.specs = ordered
        self.slots = [spec.slot for spec in ordered]
        self.lists = frozenset(spec.slot for spec in ordered if isinstance(spec.rule, Listed))
        self.judges = [self._judge(compiler, spec) for spec in ordered]
        self.every_rank = (1 << len(ordered)) - 1
        self.dependents = self._dependents(compiler)
        self.refs = {leaf.slot: index for index, leaf in enumerate(self.leaves) if isinstance(leaf, RefLeaf)}
        self._index_series(compiler, limits.exact)
        self._brought: dict[int, Brought] = {}
        self._index_users()
        self.rises = sum(1 << i for i, leaf in enumerate(self.leaves) if leaf.rises)
        self.falls = sum(1 << i for i, leaf in enumerate(self.leaves) if leaf.falls)
        self.grows = sum(1 << i for i, leaf in enumerate(self.leaves) if getattr(leaf, "grows", False))
        nobody = Profile(home="", ids=[])
        self.blank = sum(1 << i for i, leaf in enumerate(self.leaves) if leaf.holds(nobody, 0, 0))

    def _judge(self, compiler: Compiler, spec: SegmentSpec) -> Judge:
        # Only numbers and operators of our own get into the text: 0.15 µs a segment, a fifth of walking the tree.
        judge: Judge = eval(f"lambda T: {self._code(compiler, spec, spec.rule)}")  # noqa: S307
        return judge

    def _code(self, compiler: Compiler, spec: SegmentSpec, rule: Rule) -> str:
        """An expression over T that is true, or not 0, where the rule holds."""
        if isinstance(rule, Not):
            return f"(not {self._code(compiler, spec, rule.rule)})"
        if not isinstance(rule, All | rules.Any):
            name = compiler.name(spec, rule)
            return "0" if name is None else f"(T & {1 << self._index[name]})"
        parts = [self._code(compiler, spec, each) for each in rule.rules]
        return "(" + (" and " if isinstance(rule, All) else " or ").join(parts) + ")"

    def _dependents(self, compiler: Compiler) -> list[int]:
        ranks = [0] * len(self.leaves)
        for rank, spec in enumerate(self.specs):
            for name in compiler.used[spec.slot]:
                ranks[self._index[name]] |= 1 << rank
        return ranks

    def _index_series(self, compiler: Compiler, limit: int) -> None:
        self.by_key: dict[str, Series] = dict(sorted(compiler.series.items()))
        for key, series in self.by_key.items():
            series.stand_on(compiler.standing(key, self._index), limit)
        every = self.by_key.values()
        self.visit_series: list[VisitSeries] = [series for series in every if isinstance(series, VisitSeries)]
        self.trait_series: list[TraitSeries] = [series for series in every if isinstance(series, TraitSeries)]
        self.series: list[Series] = [series for series in every if not isinstance(series, VisitSeries | TraitSeries)]
        self.match = Matcher([series.wish.selector for series in self.series]).match

    def _index_users(self) -> None:
        self.by_group: dict[str, list[tuple[int, bool | None]]] = {}
        for index, leaf in enumerate(self.leaves):
            if (group := getattr(leaf, "group", None)) is not None:
                self.by_group.setdefault(group, []).append((index, getattr(leaf, "settled", None)))

    @property
    def standing(self) -> tuple[int, ...]:
        """The slots of live versions: when these change, so may the answer to a reference."""
        return tuple(sorted(spec.slot for spec in self.specs if spec.live))

    def brought(self, fill: int) -> Brought:
        """The series that `fill` brings."""
        if fill not in self._brought:
            self._brought[fill] = Brought(series for series in self.by_key.values() if series.fill == fill)
        return self._brought[fill]

    def drop_unused(self, profile: Profile) -> None:
        """Forgets series that nobody asks; one of a fill that is not known here yet is not ours to drop."""
        keeping.drop_unused(profile, lambda key: key in self.by_key or int(key.partition("@")[2]) > self.latest_fill)

    def holds(self, index: int, profile: Profile, mask: int, now: int) -> bool:
        """Whether leaf `index` holds for a user with membership bits `mask`."""
        return self.leaves[index].holds(profile, mask, now)

    def next(self, index: int, profile: Profile, mask: int, now: int) -> int:
        """When time alone may change leaf `index`; only for leaves of `rises` or `falls`."""
        return self.leaves[index].next(profile, mask, now)

    def look_again(self, index: int, profile: Profile, mask: int, now: int) -> int:
        """As `next`, for after an event: sooner, where that is found at less cost than when it will change."""
        soon = getattr(self.leaves[index], "soon", None)
        instant: int | None = None if soon is None else soon(profile, now)
        return self.leaves[index].next(profile, mask, now) if instant is None else instant
