"""What a rule's tree can be asked: its conditions, selectors and references, and cycles of segments.

Owns walks over parsed rules only. A parsed rule is at most 10 deep, so its walks may recurse; a chain of segments may
be of any length, so the search for cycles does not.
"""

from collections.abc import Iterator, Mapping

from schemas.rules import All, Any, Did, Listed, Not, Ref, Rule, Selector, Sequence, User

Condition = Did | Sequence | User | Ref | Listed


def conditions(rule: Rule) -> Iterator[Condition]:
    """The leaves, in the order written."""
    if isinstance(rule, All | Any):
        for child in rule.rules:
            yield from conditions(child)
    elif isinstance(rule, Not):
        yield from conditions(rule.rule)
    else:
        yield rule


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


def _onwards(rules: Mapping[str, Rule], segment: str) -> Iterator[str]:
    return iter(sorted(references(rules[segment])) if segment in rules else ())
