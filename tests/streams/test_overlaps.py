"""Comparisons by bits are those of plain sets, however users are spread over partitions."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.rule_parser import parse_rule
from streams.overlaps import Overlaps, evaluate

IDS = ("a", "b", "c")
USERS = st.sets(st.integers(0, 30))
EXPRESSIONS = st.recursive(
    st.sampled_from(IDS).map(lambda id: {"segment": id}),
    lambda inner: st.one_of(
        st.fixed_dictionaries({"all": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"any": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=5,
)


def bits(users: set[int]) -> int:
    return sum(1 << user for user in users)


def holds(expression: dict[str, Any], user: int, members: dict[str, set[int]]) -> bool:
    ((key, value),) = expression.items()
    if key == "segment":
        return user in members[value]
    if key == "not":
        return not holds(value, user, members)
    return (all if key == "all" else any)(holds(each, user, members) for each in value)


@given(USERS, st.fixed_dictionaries(dict.fromkeys(IDS, USERS)), EXPRESSIONS, st.integers(1, 4))
def test_the_figures_are_those_of_sets(known, members, expression, partitions):
    members = {id: users & known for id, users in members.items()}
    rule = parse_rule(expression, retention=1, exists=IDS.__contains__)
    found = Overlaps({})
    for partition in range(partitions):
        here = {user for user in known if user % partitions == partition}
        found.add(bits(here), {id: bits(users & here) for id, users in members.items()}, IDS, rule)
    assert found.sizes == {id: len(users) for id, users in members.items()}
    for one, other in combinations(IDS, 2):
        both, either = members[one] & members[other], members[one] | members[other]
        assert found.both[one, other] == len(both)
        assert found.jaccard(one, other) == (len(both) / len(either) if either else 0.0)
    assert found.all == len(members["a"] & members["b"] & members["c"])
    assert found.any == len(members["a"] | members["b"] | members["c"])
    assert found.expression == sum(holds(expression, user, members) for user in known)


def test_another_rule_is_no_expression() -> None:
    rule = parse_rule({"did": {"event": "buy"}}, retention=1, exists=IDS.__contains__)
    with pytest.raises(TypeError):
        evaluate(rule, 0, {})
