"""Rules as sentences: what a rule, or any node of one, says, for those who read segments rather than write them.

Owns the clauses, one row a kind of rule: what it says of users, and what its opposite does. Each is a relative clause,
so that all of them join: users `who viewed a page at least once and whose trait "plan" is "pro"`. The words below a
rule are `streams.words`. Source: contract section 5.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any as Node

from schemas.measures import MEASURES
from schemas.operators import OPERATORS
from schemas.rules import All, Any, Did, Held, Listed, Measure, Not, Periods, Ref, Rule, Sequence, User
from streams import words

HELD_WORDS = {"gte": "for at least {} without a break", "lt": "for less than {} so far"}
_COMPLEMENTS = {row.negates: name for name, row in OPERATORS.items() if row.negates}
_OPPOSITE = _COMPLEMENTS | {negative: op for op, negative in _COMPLEMENTS.items()}
"""Operator → the one that holds exactly where it does not."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of rule in words: the relative clause, and that of its opposite."""

    said: Callable[[Node], str]
    denied: Callable[[Node], str]


def sentence(rule: Rule) -> str:
    """Which users the rule means, without an end mark: `Users who viewed a page at least once in the last 7 days`."""
    return f"Users {said(rule)}"


def said(rule: Rule) -> str:
    """The rule as a relative clause."""
    bare = _bare(rule)
    return KINDS[type(bare)].said(bare)


def denied(rule: Rule) -> str:
    """That the rule does not hold, as a relative clause."""
    bare = _bare(rule)
    return KINDS[type(bare)].denied(bare)


def _bare(rule: Rule) -> Rule:
    """The rule without joints that join nothing, and without two negations that cancel out."""
    while True:
        if isinstance(rule, All | Any) and len(rule.rules) == 1:
            rule = rule.rules[0]
        elif isinstance(rule, Not) and isinstance(opposite := _bare(rule.rule), Not):
            rule = opposite.rule
        else:
            return rule


def _within(rule: Rule) -> str:
    """A rule as part of another: in brackets where its own joints could be read as the other's."""
    return f"({said(rule)})" if isinstance(_bare(rule), All | Any) else said(rule)


def _not_among(rule: Rule) -> str:
    return f"who are not among those {_within(rule)}"


def _did(did: Did) -> str:
    if _is_never(did):
        return f"who did not {words.do(did.selector)}{words.window(did.window)}"
    return f"who {words.done(did.selector)}{_measured(did)}"


def _did_not(did: Did) -> str:
    return _not_among(did) if _is_never(did) else f"who did not {words.do(did.selector)}{_measured(did)}"


def _is_never(did: Did) -> bool:
    """Whether it says just that nothing was done: the words for `exactly 0 times`."""
    cmp = did.measure.cmp
    return did.measure.kind == "count" and cmp is not None and (cmp.op, cmp.value, did.periods) == ("eq", 0, None)


def _measured(did: Did) -> str:
    comma = "," if did.selector.where else ""
    time = words.window(did.window) if did.periods is None else _periods(did.periods)
    return f"{comma} {measure(did.measure)}{time}"


def measure(measure: Measure) -> str:
    """`at least 3 times`, `with the property "price" averaging more than 5`."""
    row = MEASURES[measure.kind]
    if measure.cmp is None:
        return row.phrase
    if row.one and measure.cmp.value == 1 and measure.cmp.high is None:
        return words.CMP_WORDS[measure.cmp.op].format(row.one)
    return row.phrase.format(of=words.field(measure.of) if measure.of else "", number=words.compared(measure.cmp))


def _periods(periods: Periods) -> str:
    every = words.duration(periods.every)
    return f", in at least {periods.at_least} of the last {periods.of_last} periods of {every}"


def _sequence(sequence: Sequence) -> str:
    steps = ", then ".join(map(words.done, sequence.selectors))
    within = "" if sequence.within is None else f", all within {words.duration(sequence.within)}"
    time = words.window(sequence.window)
    return f"who {steps}{within}{',' if time else ''}{time}"


def _user(condition: User) -> str:
    return f"whose {words.asked(condition, condition.op)}{_held(condition.held)}"


def _user_not(condition: User) -> str:
    if condition.held is not None or condition.op not in _OPPOSITE:
        return _not_among(condition)
    return f"whose {words.asked(condition, _OPPOSITE[condition.op])}"


def _held(held: Held | None) -> str:
    return "" if held is None else " " + HELD_WORDS[held.op].format(words.duration(held.duration))


KINDS: dict[type, Kind] = {
    All: Kind(lambda rule: " and ".join(map(_within, rule.rules)), _not_among),
    Any: Kind(lambda rule: " or ".join(map(_within, rule.rules)), _not_among),
    Not: Kind(lambda rule: denied(rule.rule), lambda rule: said(rule.rule)),
    Did: Kind(_did, _did_not),
    Sequence: Kind(_sequence, _not_among),
    User: Kind(_user, _user_not),
    Ref: Kind(
        lambda rule: f"who are in the segment {words.quoted(rule.segment)}",
        lambda rule: f"who are not in the segment {words.quoted(rule.segment)}",
    ),
    Listed: Kind(lambda _: "who are on the list", lambda _: "who are not on the list"),
}
