"""The table of all kinds of series: what keeps each kind of wish; and what is done to all of a row's series at once.

Owns the table, joining the series of two users, and dropping those that nobody asks any more.
"""

from collections.abc import Callable, Mapping

from schemas.profile import Profile
from streams import merged, pairs, wishes
from streams.pairs import GreatestSeries, LeastSeries, NewestSeries, PairSeries
from streams.series import FirstSeries, Series
from streams.trait_series import TraitSeries
from streams.visit_series import MARKS, VISIT, VisitSeries
from streams.wishes import Wish

_SERIES: dict[str, type[Series]] = {
    wishes.TIMES: Series,
    wishes.NUMBERS: PairSeries,
    wishes.TEXTS: PairSeries,
    wishes.LEAST: LeastSeries,
    wishes.GREATEST: GreatestSeries,
    wishes.NEWEST: NewestSeries,
    wishes.FIRST: FirstSeries,
    wishes.TRAITS: TraitSeries,
}


def series_of(key: str, fill: int, wish: Wish) -> Series:
    """What keeps a wish."""
    return (VisitSeries if wish.selector.event == VISIT else _SERIES[wish.keeps])(key, fill, wish)


def join(profile: Profile, other: Profile, known: Mapping[str, Series], now: int) -> None:
    """All series of both; of one that is not `known` here, by its key, everything."""
    pairs.join(profile, other)
    merged.join(profile, other)
    for key in other.series:
        if key in known:
            known[key].join(profile, now)


def drop_unused(profile: Profile, keeps: Callable[[str], bool]) -> None:
    """Forgets the series, by the keys of their selectors' series, that are kept no more."""
    profile.series = {key: times for key, times in profile.series.items() if keeps(key.rstrip(MARKS))}
    if profile.values:
        profile.values = {key: values for key, values in profile.values.items() if keeps(key.rstrip(MARKS))}
    if profile.merged:
        profile.merged = {key: buckets for key, buckets in profile.merged.items() if keeps(key)}
