"""Which series a new version of a segment need not have filled: those that live versions keep already, and enough of.

Owns the comparison of needs. A series is shared only where all that the new condition may ever ask is in it, so that
what it keeps never has to grow; what it keeps follows from all versions that stand on it, so that the one that brought
it may be deleted. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from schemas.rule_parser import RuleErrors, conditions, parse_rule
from schemas.rules import Did, Selector
from schemas.segments import SegmentVersion
from streams.leaves import CountLeaf, count_leaf
from streams.limits import Limits
from streams.series import Series, selector_key

_NO_BOUND = 1 << 60
_NOTHING = Selector("")


class _Need(NamedTuple):
    """What a series keeps for its conditions (see `streams.series.Series`), and how far back they may ask."""

    cap: int
    age: int
    covers_from: int

    def covers(self, other: "_Need") -> bool:
        by_age = not self.age or 0 < other.age <= self.age
        return by_age and other.cap <= self.cap and other.covers_from >= self.covers_from


def plan(
    live: Iterable[SegmentVersion], new: Mapping[str, SegmentVersion], limits: Limits
) -> dict[str, dict[str, int]]:
    """For each id of `new`: selector key → fill that brought the series to share; other selectors are filled anew."""
    kept = _kept(live, limits)
    return {id: _shared(version, kept, limits) for id, version in new.items()}


def _shared(version: SegmentVersion, kept: Mapping[str, Mapping[int, _Need]], limits: Limits) -> dict[str, int]:
    shared: dict[str, int] = {}
    for selector, leaves in _leaves(version).items():
        need = _need(leaves, version.covers_from, limits)
        there = kept.get(selector, {})
        fill = min((fill for fill, has in there.items() if has.covers(need)), default=None)
        if fill is not None:
            shared[selector] = fill
    return shared


def _kept(live: Iterable[SegmentVersion], limits: Limits) -> dict[str, dict[int, _Need]]:
    """Selector key → fill → what its series keeps."""
    standing: defaultdict[tuple[str, int], list[CountLeaf]] = defaultdict(list)
    covers_from: dict[tuple[str, int], int] = {}
    for version in live:
        for selector, leaves in _leaves(version).items():
            at = (selector, version.series.get(selector, version.fill))
            standing[at] += leaves
            covers_from[at] = min(version.covers_from, covers_from.get(at, version.covers_from))
    kept: defaultdict[str, dict[int, _Need]] = defaultdict(dict)
    for (selector, fill), leaves in standing.items():
        kept[selector][fill] = _need(leaves, covers_from[selector, fill], limits)
    return kept


def _leaves(version: SegmentVersion) -> dict[str, list[CountLeaf]]:
    """The version's conditions by the key of their selector; none where its rule can no longer be read."""
    leaves: defaultdict[str, list[CountLeaf]] = defaultdict(list)
    try:
        rule = parse_rule(version.rule, retention=_NO_BOUND, exists=lambda _: True)
    except RuleErrors:
        return leaves
    for condition in conditions(rule):
        if isinstance(condition, Did) and condition.measure.kind == "count" and condition.measure.cmp is not None:
            leaf = count_leaf("", condition.measure.cmp, condition.window, version.covers_from)
            leaves[selector_key(condition.selector)].append(leaf)
    return leaves


def _need(leaves: Iterable[CountLeaf], covers_from: int, limits: Limits) -> _Need:
    series = Series("", 0, _NOTHING)
    series.stand_on(enumerate(leaves), limits.exact)
    return _Need(series.cap, series.age, covers_from)
