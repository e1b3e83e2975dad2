"""The rules that a trial needs: the one that is tried, and those of all segments that it refers to.

Owns the reading of segments as they were posted, but for their rules, and what is refused: a rule's own mistakes, a
segment that is not there, a cycle. A segment that the rule does not refer to is not read.
"""

from collections.abc import Collection, Mapping

import orjson

from schemas.rule_parser import RuleError, RuleErrors, find_cycle, parse_rule, references
from schemas.rules import Rule

TRIED = "$tried"
"""Stands for the id of the rule that is tried; no segment can have it."""


def read_rules(document: bytes, segments: Mapping[str, bytes], retention: int) -> dict[str, Rule]:
    """Id → rule, for `TRIED` and whatever it refers to by way of others. `segments`: id → JSON as posted.

    Raises RuleErrors with every mistake; the path of one in a segment begins with its file.
    """
    rules: dict[str, Rule] = {}
    errors: list[RuleError] = []
    ahead = [TRIED]
    while ahead:
        id = ahead.pop()
        try:
            rules[id] = rule = (
                _read_tried(document, segments, retention)
                if id == TRIED
                else _read_segment(id, segments[id], segments, retention)
            )
        except RuleErrors as found:
            errors += found.errors
            continue
        ahead += sorted(references(rule) - rules.keys() - set(ahead), reverse=True)
    cycle = next((cycle for id in sorted(rules) if (cycle := find_cycle(rules, id))), None)
    if cycle is not None:
        message = "segments refer to one another: " + " → ".join(cycle)
        errors.append(RuleError(_in_file(cycle[0], ""), "cycle", message))
    if errors:
        raise RuleErrors(errors)
    return rules


def _read_tried(document: bytes, segments: Collection[str], retention: int) -> Rule:
    return _checked(_json(document, ""), segments, retention)


def _read_segment(id: str, text: bytes, segments: Collection[str], retention: int) -> Rule:
    posted = _json(text, f"{id}.json")
    if not isinstance(posted, dict):
        raise RuleErrors([RuleError(f"{id}.json", "bad_type", "a segment is an object with `rule`")])
    if "users" in posted or posted.get("static"):
        raise RuleErrors([RuleError(f"{id}.json:users", "not_yet", "static segments cannot be made yet")])
    if "rule" not in posted:
        raise RuleErrors([RuleError(f"{id}.json:rule", "missing_key", "`rule` is required")])
    try:
        return _checked(posted["rule"], segments, retention)
    except RuleErrors as found:
        raise RuleErrors([RuleError(_in_file(id, it.path), it.code, it.message) for it in found.errors]) from None


def _checked(document: object, segments: Collection[str], retention: int) -> Rule:
    return parse_rule(document, retention=retention, exists=lambda id: id in segments)


def _json(text: bytes, path: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise RuleErrors([RuleError(path, "bad_json", f"is not JSON: {error}")]) from None


def _in_file(id: str, path: str) -> str:
    return f"{id}.json:rule{'.' if path and not path.startswith('[') else ''}{path}"
