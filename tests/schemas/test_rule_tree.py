"""Questions to parsed rules: references, cycles, what is not evaluated yet."""

import sys

from schemas.rule_parser import conditions, find_cycle, parse_rule, references, selectors
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
