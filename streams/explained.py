"""The tree of an explanation: a rule's nodes as posted and as parsed, and how each is shown.

Owns the shape of contract section 3's NODE. What is found of each is decided in `streams.explaining`, its sentence in
`streams.findings`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any as Json

from schemas.rules import All, Any, Did, Not, Rule
from schemas.times import format_instant
from streams.findings import Finding, told, unknown


@dataclass(slots=True)
class Node:
    """A node of a rule. `slot`: the one that it is judged in, which tells it from all others."""

    document: dict[str, Json]
    rule: Rule
    slot: int
    children: list["Node"] = field(default_factory=list)

    def all(self) -> Iterator["Node"]:
        """This one and all below it."""
        yield self
        for child in self.children:
            yield from child.all()


def tree(document: dict[str, Json], rule: Rule, first_slot: int) -> Node:
    """The nodes of a rule, `document` as posted and `rule` as parsed, in the slots from `first_slot` on."""
    return _tree(document, rule, count(first_slot))


def shown(node: Node, finding: Callable[[Node], Finding]) -> dict[str, Json]:
    """The node as it was posted, with what is found of it; its children likewise."""
    it = finding(node)
    change = None if it.next_change is None else format_instant(it.next_change)
    of_condition = {} if node.children else {"found": it.found}
    if isinstance(it.rule, Did):
        of_condition["approximate"] = it.approximate
    children = _shown_children(node, [shown(child, finding) for child in node.children])
    return {**node.document, **children, "holds": it.holds, "next_change": change, **of_condition, "sentence": told(it)}


def not_known(document: dict[str, Json], rule: Rule, why: str) -> dict[str, Json]:
    """The node of a rule that cannot be judged for anybody: `holds` and `found` are null all through."""
    return _not_known(tree(document, rule, 0), why)


def _not_known(node: Node, why: str) -> dict[str, Json]:
    of_condition = {} if node.children else {"found": None}
    if isinstance(node.rule, Did):
        of_condition["approximate"] = None
    children = _shown_children(node, [_not_known(child, why) for child in node.children])
    nothing = {"holds": None, "next_change": None, **of_condition}
    return {**node.document, **children, **nothing, "sentence": unknown(node.rule, why)}


def _tree(document: dict[str, Json], rule: Rule, slots: Iterator[int]) -> Node:
    node = Node(document, rule, next(slots))
    if isinstance(rule, Not):
        node.children = [_tree(document["not"], rule.rule, slots)]
    elif isinstance(rule, All | Any):
        listed = document["all" if isinstance(rule, All) else "any"]
        node.children = [_tree(child, parsed, slots) for child, parsed in zip(listed, rule.rules, strict=True)]
    return node


def _shown_children(node: Node, shown: list[dict[str, Json]]) -> dict[str, Json]:
    """Under the key that the rule has them under."""
    if isinstance(node.rule, Not):
        return {"not": shown[0]}
    if isinstance(node.rule, All | Any):
        return {"all" if isinstance(node.rule, All) else "any": shown}
    return {}
