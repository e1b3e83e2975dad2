"""What the tests of explanations share: an engine in memory, whose users are explained from rows as Redis has them."""

from typing import Any

from schemas.profile import decode_row, due_of, encode_row
from streams.compiled import spec_of
from streams.explaining import Explainer, Explanation
from tests.parity.core import Core


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
