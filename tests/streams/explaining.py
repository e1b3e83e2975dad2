"""What the tests of explanations share: an engine in memory, whose users are explained from rows as Redis has them."""

from typing import Any

from schemas.profile import decode_row, due_of, encode_row
from streams.compiled import spec_of
from streams.explaining import Explainer, Explanation
from streams.thresholds import SHOWN
from tests.parity.core import Core
from tests.reference.times import iso


class Explained:
    """Segments over the pure core. `send` and `define` as tests.parity.protocol has them."""

    def __init__(self, seed: int = 0) -> None:
        self.core: Any = Core(seed)

    def define(self, segments: dict[str, Any], at: int) -> None:
        self.core.define(segments, at)
        specs = {id: spec_of(id, version) for id, version in self.core.made.items()}
        self.explainers = {
            id: Explainer(segments[id], spec, specs.get, self.core.limits, 1) for id, spec in specs.items()
        }

    def send(self, arrival: Any) -> None:
        self.core.send(arrival)

    def explain(self, user: str, segment: str, now: int) -> Explanation:
        """From the row as it was last written, whenever that was; it stays as it is."""
        profile, due = self.core.local._row(user)
        value = encode_row(profile, due)
        explanation = self.explainers[segment].explain(decode_row(value), due_of(value), now)
        again, due = self.core.local._row(user)
        assert encode_row(again, due) == value
        return explanation


def nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    """A node and all below it."""
    below = node.get("all") or node.get("any") or ([node["not"]] if "not" in node else [])
    return [node, *(each for child in below for each in nodes(child))]


def posted(node: Any) -> Any:
    """The rule that a node repeats."""
    if isinstance(node, list):
        return [posted(each) for each in node]
    told = ("holds", "next_change", "found", "approximate", "sentence")
    rule = {key: value for key, value in node.items() if key not in told}
    return {key: posted(value) if key in ("all", "any", "not") else value for key, value in rule.items()}


def nodes_unlike(reference: Any, root: dict[str, Any], user: str, now: int) -> list[str]:
    """What the nodes of an explanation say otherwise than a tests.parity.reference."""
    return [
        f"at {iso(now)} {user}: {what} of {node}: expected {expected!r}"
        for node in nodes(root)
        for what, expected, found in _answers(reference, posted(node), node, user, now)
        if expected != found
    ]


def _answers(reference: Any, rule: Any, node: Any, user: str, now: int) -> list[tuple[str, Any, Any]]:
    more = {"made": reference.made, "segments": reference.segments}
    change = reference.world.next_change(rule, user, now, **more)
    answers = [
        ("holds", reference.world.member(rule, user, now, **more), node["holds"]),
        ("next_change", None if change is None else iso(change), node["next_change"]),
    ]
    if "segment" in rule:
        answers.append(("found", node["holds"], node["found"]))
    elif not rule.keys() & {"all", "any", "not"}:
        found = reference.world.found(rule, user, now, made=reference.made)
        answers.append(("found", _as_kept(rule, _as_told(rule, found), node), _whole(rule, node)))
    if "did" in rule:
        answers.append(("approximate", False, node["approximate"] and node["found"] != SHOWN))
    return answers


def _as_told(rule: Any, found: Any) -> Any:
    if "first" in rule and found is not None:
        return iso(found)
    return [iso(time) for time in found] if "sequence" in rule and found else found


def _whole(rule: Any, node: Any) -> Any:
    """What was found; of a sequence only a whole one, for the reference looks for no other."""
    if "sequence" in rule and len(node["found"]) < len(rule["sequence"]):
        return None
    return node["found"]


def _as_kept(rule: Any, found: Any, node: Any) -> Any:
    """What is known of a number where not all of it is kept."""
    return min(found, SHOWN) if node.get("approximate") else found
