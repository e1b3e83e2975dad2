"""Events that were merged: where a user has more of them than are kept one by one, the oldest become a few sums.

Owns the buckets of a series. Each stands for a run of events by its first and newest time, their number, and sum, least
and greatest value; in a window it counts where its newest does. The older, the coarser. Source: contract section 5,
"Exact up to 10,000 matching events".
"""

from bisect import insort
from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from schemas.profile import Bucket, Profile
from streams.measures import total
from streams.spans import Span

MOST = 256
"""Buckets of a series, some 10 KB; over it each two neighbours of the older half become one."""

_AT_ONCE = 16
"""Buckets that are made when there are too many events, of an eighth of those that are kept."""

_by_last = attrgetter("last")


def chunk(number: int, cap: int) -> int:
    """How many of the oldest are merged where there are so many, and no more than `cap` are kept one by one."""
    return max(number - cap, cap // 8 + 1)


def buckets_of(profile: Profile, series: str) -> Sequence[Bucket]:
    """By their newest time; () as long as all events are kept one by one."""
    return profile.merged.get(series, ()) if profile.merged else ()


def inside(profile: Profile, series: str, span: Span, now: int) -> Sequence[Bucket]:
    """The buckets that count in a window at `now`: those whose newest event does."""
    buckets = buckets_of(profile, series)
    return [each for each in buckets if span.takes_in(each.last, now)] if buckets else ()


def put(profile: Profile, series: str, times: Sequence[int], values: Sequence[Any] | None = None) -> None:
    """Merges events, by time; `values` are theirs."""
    buckets = profile.merged.setdefault(series, [])
    size = -(-len(times) // _AT_ONCE)
    for begin in range(0, len(times), size):
        run = slice(begin, begin + size)
        insort(buckets, _bucket(times[run], None if values is None else values[run]), key=_by_last)
    if len(buckets) > MOST:
        _coarsen(buckets)


def join(profile: Profile, other: Profile) -> None:
    """The buckets of both, of all series."""
    for series, theirs in other.merged.items():
        buckets = profile.merged[series] = sorted([*buckets_of(profile, series), *theirs], key=_by_last)
        while len(buckets) > MOST:
            _coarsen(buckets)


def forget(profile: Profile, series: str, up_to: int) -> None:
    """Drops the buckets that are no younger than `up_to`."""
    buckets = profile.merged.get(series)
    if buckets and buckets[0].last <= up_to:
        buckets[:] = [each for each in buckets if each.last > up_to]
        if not buckets:
            del profile.merged[series]


def forget_from(profile: Profile, series: str, instant: int) -> None:
    """Drops the buckets that reach `instant`, as what they stand for is put in anew."""
    if series in profile.merged:
        profile.merged[series] = [each for each in profile.merged[series] if each.last < instant]
        if not profile.merged[series]:
            del profile.merged[series]


def _bucket(times: Sequence[int], values: Sequence[Any] | None) -> Bucket:
    if values is None:
        return Bucket(times[0], times[-1], len(times))
    if isinstance(values[0], str):
        return Bucket(times[0], times[-1], len(set(values)))
    return Bucket(times[0], times[-1], len(times), total(values, 1), min(values), max(values))


def _coarsen(buckets: list[Bucket]) -> None:
    half = len(buckets) // 2 // 2 * 2
    pairs = zip(buckets[0:half:2], buckets[1:half:2], strict=True)
    buckets[:half] = [_both(one, other) for one, other in pairs]


def _both(one: Bucket, other: Bucket) -> Bucket:
    sums = total([one.total, other.total], 1)
    number = one.number + other.number
    first = min(one.first, other.first)
    return Bucket(first, other.last, number, sums, min(one.low, other.low), max(one.high, other.high))
