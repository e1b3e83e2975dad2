"""What a rule's tree can be asked: its conditions, selectors and references, cycles, and what is not evaluated yet.

Owns walks over parsed rules only. A parsed rule is at most 10 deep, so its walks may recurse; a chain of segments may
be of any length, so the search for cycles does not.
"""

from collections.abc import Iterator, Mapping

from schemas.rule_errors import RuleError
from schemas.rules import All, Any, Did, Not, Ref, Rule, Selector, Sequence, User

Condition = Did | Sequence | User | Ref


def conditions(rule: Rule) -> Iterator[Condition]:
    """The leaves, in the order written."""
    return (condition for _, condition in _placed(rule, ""))


def selectors(rule: Rule) -> Iterator[Selector]:
    """Every selector of every condition, in the order written, repeated where it is."""
    for condition in conditions(rule):
        if isinstance(condition, Did):
            yield condition.selector
        elif isinstance(condition, Sequence):
            yield from condition.selectors


def references(rule: Rule) -> set[str]:
    """The ids of the segments that the rule asks for."""
    return {condition.segment for condition in conditions(rule) if isinstance(condition, Ref)}


def find_cycle(rules: Mapping[str, Rule], segment: str) -> list[str] | None:
    """The segments on a way from `segment` back to itself, it first and last; None if there is none.

    A segment without a rule (a static one, or none at all) refers to nothing.
    """
    way = [segment]
    ahead = [_onwards(rules, segment)]
    seen: set[str] = set()
    while ahead:
        following = next(ahead[-1], None)
        if following is None:
            ahead.pop()
            way.pop()
        elif following == segment:
            return [*way, segment]
        elif following not in seen:
            seen.add(following)
            way.append(following)
            ahead.append(_onwards(rules, following))
    return None


def not_yet(rule: Rule) -> list[RuleError]:
    """What the engine does not evaluate, each with code `not_yet`; the rule itself is valid."""
    return [
        RuleError(path, "not_yet", f"{what} cannot be evaluated yet")
        for path, condition in _placed(rule, "")
        for path, what in _unready(path, condition)
    ]


def _unready(path: str, condition: Condition) -> Iterator[tuple[str, str]]:
    dot = "." if path else ""
    if isinstance(condition, Sequence):
        yield f"{path}{dot}sequence", "a sequence"
    elif isinstance(condition, Did):
        kind = condition.measure.kind
        if kind != "count":
            yield f"{path}{dot}{kind}", f"the measure {kind}"
        if condition.periods is not None:
            yield f"{path}{dot}periods", "periods"
    elif isinstance(condition, User) and condition.held is not None:
        yield f"{path}{dot}for", "for"


def _placed(rule: Rule, path: str) -> Iterator[tuple[str, Condition]]:
    dot = "." if path else ""
    if isinstance(rule, All | Any):
        kind = "all" if isinstance(rule, All) else "any"
        for index, child in enumerate(rule.rules):
            yield from _placed(child, f"{path}{dot}{kind}[{index}]")
    elif isinstance(rule, Not):
        yield from _placed(rule.rule, f"{path}{dot}not")
    else:
        yield path, rule


def _onwards(rules: Mapping[str, Rule], segment: str) -> Iterator[str]:
    return iter(sorted(references(rules[segment])) if segment in rules else ())
