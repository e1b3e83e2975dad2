"""What is wrong with a rule, and where: the closed list of codes, and the collector that a parse writes to.

Owns codes, paths and limits on how much is told; finding the mistakes is the parser's. A path is written as in
JavaScript, from the rule's own root, which is "": `all[1].did.where[0].op`, `did["odd key"]`.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_ERRORS = 100
"""A rule that is wrong more often is told so many; what is left is not looked at."""

CODES = {
    "ambiguous_rule": "an object that is two kinds of rule at once",
    "at_least_over_of_last": "`at_least` more periods than `of_last`",
    "bad_duration": "no duration: a whole number and one of `s m h d w`",
    "bad_instant": "no ISO 8601 date or time",
    "bad_number": "no number, or not a whole one where periods are counted",
    "bad_regex": "an expression that RE2 does not compile",
    "bad_type": "not an object, list, text or `true` where one is needed",
    "bad_value": "a value that the operator cannot take",
    "cycle": "the segment refers to itself, by way of others or at once",
    "empty_list": "no element where one is needed",
    "empty_window": "a window without any bound",
    "for_not_allowed": "`for` on another field than a trait, or with an operator that reads the clock itself",
    "from_after_to": "a window that ends before it begins",
    "mixed_window": "`last` or `until` beside `from` or `to`",
    "missing_comparison": "a measure without its comparison",
    "missing_key": "a key that is needed",
    "missing_value": "an operator without its `value`",
    "over_retention": "a time that reaches further back than events are kept",
    "periods_with_first": "`periods` beside `first`",
    "periods_with_window": "`periods` beside `window`",
    "sequence_length": "a sequence of fewer than 2 or more than 5 selectors",
    "too_deep": "rules in rules, more than 10 deep",
    "too_long": "a text or list over the limit",
    "too_many_conditions": "more than 100 conditions",
    "too_many_patterns": "more than 100 regular expressions in a rule",
    "two_comparisons": "more than one comparison in a measure, or in `for`",
    "two_measures": "more than one measure of the same events",
    "unexpected_value": "a `value` that the operator does not take",
    "unknown_event": "a `$` name that no selector may ask for",
    "unknown_key": "a key that does not belong there",
    "unknown_operator": "no such operator",
    "unknown_path": "no such field, or one that only `$visit` has",
    "unknown_rule": "an object that is no kind of rule",
    "unknown_segment": "a segment that does not exist",
    "until_not_before_last": "`until` as long as `last`, or longer",
    "wrong_order": "`between` with the higher end first",
    "zero_duration": "a duration of nothing",
    "zero_periods": "`of_last` 0",
}
"""Every code that a RuleError can have, and what it stands for."""

_PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True)
class RuleError:
    """One mistake: where it is, its code of CODES, and a sentence for whoever wrote the rule."""

    path: str
    code: str
    message: str


class RuleErrors(Exception):
    """All the mistakes found in a rule, at least one."""

    def __init__(self, errors: list[RuleError]) -> None:
        super().__init__("; ".join(f"{error.path or 'rule'}: {error.message}" for error in errors[:3]))
        self.errors = errors


@dataclass(slots=True)
class Parse:
    """One parse: what it is told, and what it has found so far."""

    retention: int
    exists: Callable[[str], bool]
    errors: list[RuleError] = field(default_factory=list)
    conditions: int = 0
    patterns: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the rule that is being parsed."""

    parse: Parse
    path: str = ""

    def key(self, key: str) -> "Place":
        if _PLAIN_KEY.fullmatch(key):
            return Place(self.parse, f"{self.path}.{key}" if self.path else key)
        return Place(self.parse, f"{self.path}[{shown(key)}]")

    def item(self, index: int) -> "Place":
        return Place(self.parse, f"{self.path}[{index}]")

    def refuse(self, code: str, message: str) -> None:
        if not self.full:
            self.parse.errors.append(RuleError(self.path, code, message))

    @property
    def full(self) -> bool:
        """Whether no further mistake is told, so that no further part needs to be read."""
        return len(self.parse.errors) >= MAX_ERRORS


def shown(value: object) -> str:
    """A value from a rule as a message shows it: short, whatever it is."""
    if isinstance(value, str):
        return json.dumps(value[:60] + "…" if len(value) > 60 else value, ensure_ascii=not value[:60].isprintable())
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list | tuple):
        return "an object" if isinstance(value, dict) else "a list"
    return "null" if value is None else "a number"
