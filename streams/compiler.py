"""From the rules of all segments to the conditions and series they need: equal ones are one.

Owns which segment version a reference means, the order of segments, and which series a condition gets: one of its own
fill, or an earlier one that it shares. What a rule set does with them is in `streams.ruleset`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter

from schemas.rule_tree import Condition, conditions, references
from schemas.rules import Rule
from streams.keeping import series_of
from streams.leaf import Leaf
from streams.leaves import leaf_of
from streams.series import Series, Standing
from streams.wishes import Wish


@dataclass(frozen=True, slots=True)
class SegmentSpec:
    """One version of a segment, to be compiled. `fill` brought it, or will; `shares`: name of a wish → earlier fill.

    `version` is its number, for who tells of its members."""

    id: str
    slot: int
    rule: Rule
    covers_from: int
    live: bool = True
    fill: int = 0
    shares: Mapping[str, int] = field(default_factory=dict)
    version: int = 1


class Compiler:
    """`leaves`: all conditions, by what they are. `used`: slot → those of its rule. `series`: by their key."""

    def __init__(self, specs: Iterable[SegmentSpec], limit: int) -> None:
        self.leaves: dict[str, Leaf] = {}
        self.series: dict[str, Series] = {}
        self.used: dict[int, set[str]] = {}
        self.limit = limit
        self._specs = list(specs)
        self._wishes: dict[str, set[tuple[str, Wish]]] = {}
        for spec in self._specs:
            names = (self.name(spec, condition) for condition in conditions(spec.rule))
            self.used[spec.slot] = {name for name in names if name is not None}

    def name(self, spec: SegmentSpec, condition: Condition) -> str | None:
        """The leaf's name, which stands for all that it is; None for a reference to a segment that is not live."""
        asked = _Asked(self, spec)
        leaf = leaf_of(condition, asked)
        if leaf is None:
            return None
        name = repr(leaf)
        self.leaves.setdefault(name, leaf)
        for key, wish in asked.wishes:
            self._wishes.setdefault(key, set()).add((name, wish))
        return name

    def standing(self, key: str, index: Mapping[str, int]) -> list[Standing]:
        """The conditions on a series; `index` numbers them."""
        return [(index[name], self.leaves[name], wish) for name, wish in sorted(self._wishes[key], key=repr)]

    def slot(self, spec: SegmentSpec, segment: str) -> int | None:
        target = resolve(self._specs, spec, segment)
        return None if target is None else target.slot


class _Asked:
    """What one version's condition is compiled in."""

    def __init__(self, compiler: Compiler, spec: SegmentSpec) -> None:
        self.covers_from = spec.covers_from
        self.limit = compiler.limit
        self.wishes: list[tuple[str, Wish]] = []
        self._compiler = compiler
        self._spec = spec

    def series(self, wish: Wish) -> str:
        fill = self._spec.shares.get(wish.name, self._spec.fill)
        key = f"{wish.name}@{fill}"
        if key not in self._compiler.series:
            self._compiler.series[key] = series_of(key, fill, wish)
        self.wishes.append((key, wish))
        return key

    def slot(self, segment: str) -> int | None:
        return self._compiler.slot(self._spec, segment)


def resolve(specs: Iterable[SegmentSpec], asking: SegmentSpec, id: str) -> SegmentSpec | None:
    """The version that a reference means: the one filled together with the asking one, else the live one."""
    versions = [spec for spec in specs if spec.id == id]
    if not asking.live:
        for spec in versions:
            if not spec.live and spec.fill == asking.fill:
                return spec
    return next((spec for spec in versions if spec.live), None)


def in_order(specs: Iterable[SegmentSpec]) -> list[SegmentSpec]:
    """Each after all that it refers to."""
    specs = list(specs)
    by_slot = {spec.slot: spec for spec in specs}
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for spec in specs:
        targets = (resolve(specs, spec, id) for id in sorted(references(spec.rule)))
        sorter.add(spec.slot, *(target.slot for target in targets if target is not None))
    return [by_slot[slot] for slot in sorter.static_order()]
