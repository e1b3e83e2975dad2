"""Rules as segments use them: checked before they are kept, with their sentence and the segments they refer to.

Owns the step from a posted document to a rule that may be kept. The grammar and its refusals are the parser's
(`schemas.rule_parser`), the words `streams.sentences`.
"""

from functools import lru_cache
from typing import Any

import orjson

from gateway.errors import Refused, invalid
from gateway.ports import Definitions
from gateway.segments.versions import LARGEST_RULE, versions_of
from schemas.rule_parser import RuleError, RuleErrors, find_cycle, parse_rule, references
from schemas.rules import All, Listed, Rule
from schemas.segments import SegmentRecord, SegmentVersion
from streams.sentences import sentence

_ANY_LENGTH = 1 << 62
"""A kept rule was checked when it came; a shorter retention set since then does not make it unreadable."""


def same_rule(one: Any, other: Any) -> bool:
    """Whether two rule documents are the same JSON, but for the order of keys."""
    return _canonical(one) == _canonical(other)


def is_readable(version: SegmentVersion) -> bool:
    """Whether this version of the system can read the rule."""
    return version.static or _kept(_canonical(version.rule)) is not None


def references_of(rule: dict[str, Any]) -> set[str]:
    """Ids of the segments that a kept rule asks for."""
    kept = _kept(_canonical(rule))
    return set() if kept is None else references(kept)


def sentence_of(version: SegmentVersion) -> str:
    """What a version says of its users, in words."""
    kept = Listed(version.slot) if version.static else _kept(_canonical(version.rule))
    return "Users by a rule that this version cannot read" if kept is None else sentence(kept)


class RuleBook:
    """The rules of all segments as they are now."""

    def __init__(self, definitions: Definitions, retention: int) -> None:
        self._definitions = definitions
        self._retention = retention

    def check(self, document: Any, id: str) -> None:
        """Raises Refused 422, with every mistake, where segment `id` cannot have this rule."""
        segments = self._definitions.segments
        if len(_canonical(document)) > LARGEST_RULE:
            raise invalid(("rule", "too_long", f"a rule may not be more than {LARGEST_RULE >> 10} KB of JSON"))
        try:
            # A rule that names its own new id is told as the cycle it is.
            rule = parse_rule(document, retention=self._retention, exists=lambda each: each in segments or each == id)
        except RuleErrors as errors:
            raise refused(errors.errors, "rule") from None
        # What answers now and what is being filled both count: neither may ever meet the other in a cycle.
        rules = {record.id: _combined(record) for record in segments.values()} | {id: rule}
        if cycle := find_cycle(rules, id):
            raise invalid(("rule", "cycle", "segments would refer to one another: " + " → ".join(cycle)))

    def referring_to(self, id: str) -> list[str]:
        """Ids of the other segments that ask for this one, in a version that answers or is being filled."""
        return sorted(
            record.id
            for record in self._definitions.segments.values()
            if record.id != id and any(id in references_of(version.rule) for version in _counting(record))
        )


def _counting(record: SegmentRecord) -> list[SegmentVersion]:
    """The versions that answer or are being filled: what failed asks for nothing any more."""
    return [version for version in versions_of(record) if version.status != "failed"]


def _combined(record: SegmentRecord) -> Rule:
    kept = (_kept(_canonical(version.rule)) for version in _counting(record))
    return All(tuple(rule for rule in kept if rule is not None))


def refused(errors: list[RuleError], key: str) -> Refused:
    """422 with the mistakes of the rule that stands under `key` of a body."""
    return invalid(*((_in_body(error.path, key), error.code, error.message) for error in errors))


def _in_body(path: str, key: str) -> str:
    """A path of the parser, which begins at the rule, as one that begins at the body."""
    return f"{key}{path}" if path.startswith("[") or not path else f"{key}.{path}"


def _canonical(document: Any) -> bytes:
    return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)


@lru_cache(maxsize=4096)
def _kept(canonical: bytes) -> Rule | None:
    """A rule from the definitions' topic; None where somebody else wrote what is none."""
    try:
        return parse_rule(orjson.loads(canonical), retention=_ANY_LENGTH, exists=lambda _: True)
    except RuleErrors:
        return None
