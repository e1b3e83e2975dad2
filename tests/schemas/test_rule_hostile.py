"""Rules sent to hurt: deep, wide, huge, slow to compile. All are refused after bounded work."""

import time
from typing import Any

import pytest

from schemas.rule_errors import MAX_ERRORS
from tests.schemas.refusing import LEAF, mistakes, user


def _nested(levels: int, key: str) -> dict[str, Any]:
    rule: Any = LEAF
    for _ in range(levels):
        rule = {key: rule if key == "not" else [rule] * 100}
    return rule


HOSTILE = {
    "100,000 deep": _nested(100_000, "not"),
    "100 wide and 9 deep": _nested(8, "any"),
    "a million conditions": {"all": [LEAF] * 1_000_000},
    "a million unknown keys": {"all": [LEAF]} | {f"k{index}": 1 for index in range(1_000_000)},
    "a key of 10 MB": {"all": [LEAF], "k" * 10_000_000: 1},
    "texts of 10 MB": user("x" * 10_000_000, "x" * 10_000_000, "x" * 10_000_000),
    "a million empty filters": {"did": {"event": "a", "where": [{}] * 1_000_000}},
    "a value 100,000 deep": user("traits.a", "is", _nested(100_000, "not")),
    "expressions that take long to compile": {
        "did": {
            "event": "a",
            "where": [{"field": "url", "op": "matches", "value": r"\pL" * 333 + str(index)} for index in range(100)],
        }
    },
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_rules_are_refused_and_soon(name: str) -> None:
    began = time.process_time()
    found = mistakes(HOSTILE[name])
    assert 1 <= len(found) <= MAX_ERRORS
    assert all(len(error.message) < 1_000 and len(error.path) < 1_000 for error in found)
    assert time.process_time() - began < 20, "bounded work, far below what the input's size could ask for"
