"""Questions to parsed rules: references, cycles, what is not evaluated yet."""

import sys

from schemas.rule_parser import conditions, find_cycle, not_yet, parse_rule, references, selectors
from schemas.rules import All, Did, Not, Ref, Rule, Sequence, User
from tests.schemas.refusing import RETENTION, did, user

LONG = sys.getrecursionlimit() * 3


def parsed(document: object) -> Rule:
    return parse_rule(document, retention=RETENTION, exists=lambda segment: True)


def test_conditions_selectors_and_references_in_the_order_written() -> None:
    rule = parsed(
        {
            "all": [
                {"segment": "a"},
                {"any": [did(), {"not": {"segment": "b"}}]},
                {"sequence": [{"event": "x"}, {"event": "y"}]},
                user("visits", "gt", 3),
            ]
        }
    )
    assert [type(leaf) for leaf in conditions(rule)] == [Ref, Did, Ref, Sequence, User]
    assert [selector.event for selector in selectors(rule)] == ["$page", "x", "y"]
    assert references(rule) == {"a", "b"}


def test_cycles() -> None:
    rules = {"a": Not(Ref("b")), "b": All((Ref("c"), Ref("d"))), "c": Ref("none"), "d": Ref("a"), "e": Ref("a")}
    assert find_cycle(rules, "a") == ["a", "b", "d", "a"]
    assert find_cycle(rules, "d") == ["d", "a", "b", "d"]
    assert find_cycle(rules, "c") is None
    assert find_cycle(rules, "e") is None, "it leads to a cycle, but is on none"
    assert find_cycle({"a": Ref("a")}, "a") == ["a", "a"]
    assert find_cycle({}, "a") is None


def test_a_chain_of_segments_may_be_long() -> None:
    chain: dict[str, Rule] = {f"s{index}": Ref(f"s{index + 1}") for index in range(LONG)}
    assert find_cycle(chain, "s0") is None
    assert find_cycle(chain | {f"s{LONG}": Ref("s0")}, "s0") == [*(f"s{index}" for index in range(LONG + 1)), "s0"]


def test_many_ways_are_walked_once() -> None:
    layers = {f"s{index}": All((Ref(f"s{index + 1}"), Ref(f"s{index + 2}"))) for index in range(200)}
    assert find_cycle(layers, "s0") is None


def test_what_is_not_evaluated_yet() -> None:
    periods = {"every": "7d", "of_last": 4, "at_least": 3}
    rule = parsed(
        {
            "all": [
                did(),
                did(first=True),
                {"not": did(sum={"of": "properties.price", "gt": 5}, periods=periods)},
                {"sequence": [{"event": "x"}, {"event": "y"}]},
                user("traits.plan", "is", "pro", **{"for": {"gte": "7d"}}),
            ]
        }
    )
    assert [(error.path, error.code) for error in not_yet(rule)] == [
        ("all[1].first", "not_yet"),
        ("all[2].not.sum", "not_yet"),
        ("all[2].not.periods", "not_yet"),
        ("all[3].sequence", "not_yet"),
        ("all[4].for", "not_yet"),
    ]
    assert not_yet(parsed(did(count={"lt": 3}, window={"from": "2026-01-01"}))) == []
    assert [error.path for error in not_yet(parsed(did(first=True)))] == ["first"]
