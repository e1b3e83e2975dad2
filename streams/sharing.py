"""Which series a new version of a segment need not have filled: those that live versions keep already, and enough of.

Owns the comparison of needs. A series is shared only where all that the new condition may ever ask is in it, so that
what it keeps never has to grow; what it keeps follows from all versions that stand on it, so that the one that brought
it may be deleted. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from schemas.rule_parser import RuleErrors, conditions, parse_rule
from schemas.segments import SegmentVersion
from streams import wishes
from streams.leaves import leaf_of
from streams.limits import Limits
from streams.series import Series
from streams.wishes import Wish

_NO_BOUND = 1 << 60


class _Need(NamedTuple):
    """What a series keeps for its conditions (see `streams.series.Series`), and how far back they may ask.

    `starts`: where it keeps the first time from each of these instants on, and nothing else.
    """

    cap: int
    merges: bool
    age: int
    starts: frozenset[int]
    covers_from: int

    def covers(self, other: "_Need") -> bool:
        by_age = not self.age or 0 < other.age <= self.age
        by_number = other.cap <= self.cap and other.merges <= self.merges
        return by_age and by_number and other.starts <= self.starts and other.covers_from >= self.covers_from


class _Wishing:
    """What a version's conditions are compiled in to hear what they wish for. A reference wishes for nothing."""

    def __init__(self, version: SegmentVersion, limits: Limits) -> None:
        self.covers_from = version.covers_from
        self.limit = limits.exact
        self.wishes: defaultdict[str, list[Wish]] = defaultdict(list)

    def series(self, wish: Wish) -> str:
        self.wishes[wish.name].append(wish)
        return wish.name

    def slot(self, segment: str) -> int | None:
        return None


def plan(
    live: Sequence[SegmentVersion], new: Mapping[str, SegmentVersion], limits: Limits
) -> dict[str, dict[str, int]]:
    """For each id of `new`: name of a wish → fill that brought the series to share; other wishes are filled anew."""
    kept = _kept(live, limits)
    return {id: _shared(version, kept, limits) for id, version in new.items()}


def _shared(version: SegmentVersion, kept: Mapping[str, Mapping[int, _Need]], limits: Limits) -> dict[str, int]:
    shared: dict[str, int] = {}
    for name, asked in _wishes(version, limits).items():
        need = _need(asked, version.covers_from, limits)
        there = kept.get(name, {})
        fill = min((fill for fill, has in there.items() if has.covers(need)), default=None)
        if fill is not None:
            shared[name] = fill
    return shared


def filled_under(shared: Mapping[str, int], live: Iterable[SegmentVersion], limits: Limits) -> int:
    """The lowest limit that any series of a new version was filled under, when it shares these."""
    by_fill = _limits(live, limits)
    return min([limits.exact, *(by_fill.get(fill, limits.exact) for fill in shared.values())])


def _limits(live: Iterable[SegmentVersion], limits: Limits) -> dict[int, int]:
    """Fill → the limit that its series were filled under: above it they have not more, whatever the limit is by now.

    All that stand on a fill know it, or a lower one.
    """
    found: dict[int, int] = {}
    for version in live:
        for fill in {version.fill, *version.series.values()}:
            found[fill] = max(found.get(fill, 0), min(version.limit or limits.exact, limits.exact))
    return found


def _kept(live: Sequence[SegmentVersion], limits: Limits) -> dict[str, dict[int, _Need]]:
    """Name of a wish → fill → what its series keeps."""
    by_fill = _limits(live, limits)
    standing: defaultdict[tuple[str, int], list[Wish]] = defaultdict(list)
    covers_from: dict[tuple[str, int], int] = {}
    for version in live:
        for name, asked in _wishes(version, limits).items():
            at = (name, version.series.get(name, version.fill))
            standing[at] += asked
            covers_from[at] = min(version.covers_from, covers_from.get(at, version.covers_from))
    kept: defaultdict[str, dict[int, _Need]] = defaultdict(dict)
    for (name, fill), asked in standing.items():
        kept[name][fill] = _need(asked, covers_from[name, fill], replace(limits, exact=by_fill[fill]))
    return kept


def _wishes(version: SegmentVersion, limits: Limits) -> Mapping[str, list[Wish]]:
    """What the version's conditions wish for, by name; nothing where its rule can no longer be read."""
    wishing = _Wishing(version, limits)
    try:
        rule = parse_rule(version.rule, retention=_NO_BOUND, exists=lambda _: True)
    except RuleErrors:
        return wishing.wishes
    for condition in conditions(rule):
        leaf_of(condition, wishing)
    return wishing.wishes


def _need(asked: list[Wish], covers_from: int, limits: Limits) -> _Need:
    series = Series("", 0, asked[0])
    series.keep_for(asked, limits.exact)
    starts = series.starts if asked[0].keeps == wishes.FIRST else ()
    return _Need(series.cap, series.merges, series.age, frozenset(starts), covers_from)
