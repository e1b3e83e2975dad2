"""More events than are kept one by one: the oldest are merged, what is measured stays close, and says so."""

import pytest

from schemas.profile import Bucket, Profile
from schemas.rules import Cmp, Did, Measure, Periods, Rolling, Selector, Sequence
from streams import keeping, merged
from streams.spans import span_of
from tests.streams.standing import Standing, buy

BUY = Selector("buy")
LIMIT = 100
MANY = 250


def measured(kind, cmp, window=None, periods=None, number=MANY, order=1):
    of = None if kind == "count" else "properties.n"
    standing = Standing(Did(BUY, Measure(kind, cmp, of), window, periods), limit=LIMIT)
    events = [buy(time, time % 10) for time in range(number)]
    return standing.put(events[::order], MANY)


def test_a_count_over_the_limit_is_reached() -> None:
    standing = measured("count", Cmp("gte", 200))
    assert standing.leaf.holds(standing.profile, 0, MANY)
    assert standing.leaf.found(standing.profile, MANY) == MANY
    assert standing.kept <= LIMIT
    assert not standing.leaf.exact(standing.profile, MANY)


def test_up_to_the_limit_all_are_kept_one_by_one() -> None:
    standing = measured("count", Cmp("gte", 200), number=LIMIT)
    assert standing.leaf.exact(standing.profile, MANY)
    assert not standing.profile.merged
    assert standing.put([buy(LIMIT)], MANY).profile.merged


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(
    ("kind", "number"), [("sum", 9 * 5 * 25), ("avg", 4.5), ("min", 0), ("max", 9), ("count", MANY), ("distinct", 10)]
)
def test_ever_is_measured_of_all(kind, number, order):
    standing = measured(kind, Cmp("gte", 10**6), order=order)
    assert standing.leaf.found(standing.profile, MANY) == number


def test_what_is_merged_leaves_with_its_newest() -> None:
    standing = measured("count", Cmp("gte", 200), Rolling(200))
    leaf, profile, now = standing.leaf, standing.profile, MANY
    found = leaf.found(profile, now)
    assert abs(found - 199) <= LIMIT // 8
    while (at := leaf.next(profile, 0, now)) < 1 << 60:
        assert leaf.found(profile, at - 1) >= leaf.found(profile, at)
        now = at
    assert leaf.found(profile, MANY + 200) == 0
    standing.put([buy(MANY + 200)], MANY + 200)
    assert not profile.merged, "what is too old is forgotten"


def test_periods_and_sequences_stand_on_what_is_merged() -> None:
    standing = measured("count", Cmp("gte", 20), periods=Periods(50, 5, 5))
    assert standing.leaf.holds(standing.profile, 0, MANY)
    assert not standing.leaf.exact(standing.profile, MANY)
    steps = Standing(Sequence((BUY, Selector("sell"))), limit=LIMIT)
    steps.put([buy(time) for time in range(10, MANY)] + [buy(12, name="sell")], MANY)
    assert steps.leaf.holds(steps.profile, 0, MANY)
    assert steps.leaf.found(steps.profile, MANY) == [10, 12]
    assert not steps.leaf.exact(steps.profile, MANY)


def test_buckets_grow_coarse_not_many() -> None:
    profile = Profile(home="u", ids=["u"])
    for start in range(0, 20_000, 20):
        merged.put(profile, "s@1", range(start, start + 20))
    buckets = merged.buckets_of(profile, "s@1")
    assert len(buckets) <= merged.MOST
    assert sum(each.number for each in buckets) == 20_000
    assert [each.last for each in buckets] == sorted(each.last for each in buckets)
    assert buckets[0].first == 0
    assert merged.inside(profile, "s@1", span_of(Rolling(1), 0), 19_999) == [buckets[-1]]


def test_two_users_become_one() -> None:
    one, other = measured("sum", Cmp("gte", 1)), measured("sum", Cmp("gte", 1))
    keeping.join(one.profile, other.profile, one.rules.by_key, MANY)
    assert one.leaf.found(one.profile, MANY) == 2 * 9 * 5 * 25
    assert one.kept <= LIMIT
    nobody = Profile(home="v", ids=["v"])
    keeping.join(nobody, other.profile, {}, MANY)
    assert (nobody.series, nobody.values) == (other.profile.series, other.profile.values)
    assert nobody.merged == other.profile.merged, "series that nobody knows here are joined as well"


def test_texts_are_merged_by_their_number() -> None:
    profile = Profile(home="u", ids=["u"])
    merged.put(profile, "s@1", [1, 2, 3], ["a", "b", "a"])
    assert [each.number for each in merged.buckets_of(profile, "s@1")] == [1, 1, 1]
    assert merged.buckets_of(profile, "s@1")[0] == Bucket(1, 1, 1)
