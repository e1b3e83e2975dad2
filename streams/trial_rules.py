"""The rules that a trial needs: the one that is tried, and those of all segments that it refers to.

Owns the reading of segments as they were posted, but for their rules, and what is refused: a rule's own mistakes, a
segment that is not there, a cycle. A segment that the rule does not refer to is not read.
"""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import orjson

from schemas.errors import Rejected
from schemas.rule_parser import RuleError, RuleErrors, find_cycle, parse_rule, references
from schemas.rules import Rule
from streams.normalise_ids import read_id

TRIED = "$tried"
"""Stands for the id of the rule that is tried; no segment can have it."""


class Tried(NamedTuple):
    """Id → rule, and id → ids on the list where a segment is static."""

    rules: dict[str, Rule]
    lists: dict[str, list[str]]


def read_rules(document: bytes, segments: Mapping[str, bytes], retention: int) -> Tried:
    """What stands under `TRIED` and whatever it refers to by way of others. `segments`: id → JSON as posted.

    Raises RuleErrors with every mistake; the path of one in a segment begins with its file.
    """
    rules: dict[str, Rule] = {}
    lists: dict[str, list[str]] = {}
    errors: list[RuleError] = []
    ahead = [TRIED]
    while ahead:
        id = ahead.pop()
        try:
            posted = _read_segment(id, segments[id]) if id != TRIED else {"rule": _json(document, "")}
            if "users" in posted or posted.get("static"):
                lists[id] = _read_list(id, posted)
                continue
            rules[id] = rule = _read_rule(id, posted, segments, retention)
        except RuleErrors as found:
            errors += found.errors
            continue
        ahead += sorted(references(rule) - rules.keys() - lists.keys() - set(ahead), reverse=True)
    cycle = next((cycle for id in sorted(rules) if (cycle := find_cycle(rules, id))), None)
    if cycle is not None:
        message = "segments refer to one another: " + " → ".join(cycle)
        errors.append(RuleError(_in_file(cycle[0], ""), "cycle", message))
    if errors:
        raise RuleErrors(errors)
    return Tried(rules, lists)


def _read_segment(id: str, text: bytes) -> dict[str, Any]:
    posted = _json(text, f"{id}.json")
    if not isinstance(posted, dict):
        raise RuleErrors([RuleError(f"{id}.json", "bad_type", "a segment is an object with `rule` or `users`")])
    return posted


def _read_list(id: str, posted: dict[str, Any]) -> list[str]:
    users = posted.get("users", [])
    if not isinstance(users, list):
        raise RuleErrors([RuleError(f"{id}.json:users", "bad_type", "must be a list of ids")])
    ids: list[str] = []
    for index, user in enumerate(users):
        try:
            ids.append(read_id("a user's id", user) or "")
        except Rejected as rejected:
            raise RuleErrors([RuleError(f"{id}.json:users[{index}]", "bad_value", str(rejected))]) from None
    return [each for each in ids if each]


def _read_rule(id: str, posted: dict[str, Any], segments: Collection[str], retention: int) -> Rule:
    if "rule" not in posted:
        raise RuleErrors([RuleError(f"{id}.json:rule", "missing_key", "`rule` is required")])
    try:
        return parse_rule(posted["rule"], retention=retention, exists=lambda each: each in segments)
    except RuleErrors as found:
        if id == TRIED:
            raise
        raise RuleErrors([RuleError(_in_file(id, it.path), it.code, it.message) for it in found.errors]) from None


def _json(text: bytes, path: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RuleErrors([RuleError(path, "bad_json", f"is not JSON: {error}")]) from None


def _in_file(id: str, path: str) -> str:
    return f"{id}.json:rule{'.' if path and not path.startswith('[') else ''}{path}"
