"""Why a user is a member of a segment or not: every node of its rule judged, with what was found and what time brings.

Owns the tree of an answer. Nothing is read a second way: each node is compiled as a segment of its own, by the rule set
that decides memberships, over the user's own row; so composites and references say exactly what they would decide, and
`streams.foresight` when that changes. Pure. Source: contract section 3, `explain`.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any as Json
from typing import NamedTuple

from schemas.profile import Profile
from schemas.rule_tree import references
from streams import foresight
from streams.apply import advance
from streams.compiler import SegmentSpec
from streams.explained import Node, shown, tree
from streams.findings import Finding, ready
from streams.leaf import Leaf
from streams.limits import DEFAULTS, Limits
from streams.live import Live
from streams.ruleset import RuleSet
from streams.user_leaves import RefLeaf


class Explanation(NamedTuple):
    """`rule`: the root's node, as JSON; `next_change` in ms, None: time alone changes nothing."""

    member: bool
    next_change: int | None
    rule: dict[str, Json]


class Explainer:
    """One live version of a segment, made ready to be explained for any user.

    `document`: its rule as posted. `live` gives the live version of a segment that it refers to, if there is one.
    """

    def __init__(
        self,
        document: dict[str, Json],
        version: SegmentSpec,
        live: Callable[[str], SegmentSpec | None],
        limits: Limits = DEFAULTS,
        latest_fill: int = 0,
    ) -> None:
        referred = _referred(version, live)
        first = max([version.slot, *(spec.slot for spec in referred)]) + 1
        self._root = tree(document, version.rule, first)
        self._nodes = list(self._root.all())
        specs = [replace(version, id=f"${node.slot}", slot=node.slot, rule=node.rule) for node in self._nodes]
        self._rules = RuleSet([*referred, *specs], limits, latest_fill)
        self._leaves = self._find_leaves()

    def _find_leaves(self) -> dict[int, Leaf]:
        """Slot of a condition's node → what it is compiled to; one that asks for no live segment has none."""
        rules = self._rules
        asking = {1 << rank: slot for rank, slot in enumerate(rules.slots)}
        conditions = [node.slot for node in self._nodes if not node.children]
        return {
            slot: leaf
            for bit, slot in asking.items()
            if slot in conditions
            for leaf, ranks in zip(rules.leaves, rules.dependents, strict=True)
            if ranks & bit
        }

    def explain(self, profile: Profile, due: int, now: int, patient: Callable[[], bool] = lambda: True) -> Explanation:
        """Of a user's row as of `now`; `profile` is the decoded row, which is used up, `due` its due instant.

        Changes that are not foreseen while `patient` is are left out, so that an answer takes no longer than wanted.
        """
        profile.ruleset = 0
        live = Live(profile, due, self._rules, now)
        advance(live, now)
        mask, found = live.mask, {node.slot: self._found(node, live, now) for node in self._nodes}
        changes = foresight.changes(live, [node.slot for node in self._nodes], patient)

        def finding(node: Node) -> Finding:
            holds = bool(mask >> node.slot & 1)
            parts = tuple(bool(mask >> child.slot & 1) for child in node.children)
            return Finding(node.rule, holds, changes.get(node.slot), *found[node.slot], parts)

        root = self._root
        return Explanation(bool(mask >> root.slot & 1), changes.get(root.slot), shown(root, finding))

    def _found(self, node: Node, live: Live, now: int) -> tuple[Json, bool]:
        """What a condition was decided by, and whether that is approximate."""
        leaf = self._leaves.get(node.slot)
        if leaf is None or isinstance(leaf, RefLeaf):
            return bool(live.mask >> node.slot & 1), False
        return ready(node.rule, leaf.found(live.profile, now)), not leaf.exact(live.profile, now)


def _referred(version: SegmentSpec, live: Callable[[str], SegmentSpec | None]) -> list[SegmentSpec]:
    """The versions that a rule asks for, by way of others too."""
    found: dict[str, SegmentSpec] = {}
    ahead = sorted(references(version.rule))
    while ahead:
        id = ahead.pop()
        if id not in found and (spec := live(id)) is not None:
            found[id] = spec
            ahead += sorted(references(spec.rule))
    return list(found.values())
