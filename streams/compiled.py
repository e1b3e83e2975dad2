"""From the definitions, as their topic has them, to the rule set that rows are judged by.

Owns which versions count: live ones, and those that the current fill brings. One that waits for a fill of its own is
not looked at yet, a failed one not any more.
"""

from collections.abc import Iterable

from schemas.rule_parser import RuleErrors, parse_rule
from schemas.rules import Listed, Rule
from schemas.segments import FillRecord, SegmentRecord, SegmentVersion
from streams.limits import Limits
from streams.ruleset import RuleSet, SegmentSpec

_NO_BOUND = 1 << 60
"""What was accepted once is not measured again by a retention that was made shorter since."""


def rule_set(records: Iterable[SegmentRecord], fill: FillRecord | None, limits: Limits) -> tuple[RuleSet, list[str]]:
    """The rule set, and the ids of segments whose stored rule can no longer be read; those are left out."""
    latest = fill.fill if fill else 0
    specs: list[SegmentSpec] = []
    broken: list[str] = []
    for record in sorted(records, key=lambda record: record.id):
        try:
            versions = [version for version in (record.live, record.pending) if version is not None]
            specs += [spec_of(record.id, version) for version in versions if _counts(version, latest)]
        except RuleErrors:
            broken.append(record.id)
    rules = RuleSet(specs, limits, latest)
    rules.next_slot = fill.next_slot if fill else 0
    return rules, broken


def _counts(version: SegmentVersion, latest: int) -> bool:
    if version.status == "failed":
        return False
    return version.status == "live" or version.static or 0 < version.fill == latest


def _rule(version: SegmentVersion) -> Rule:
    return parse_rule(version.rule, retention=_NO_BOUND, exists=lambda _: True)


def spec_of(id: str, version: SegmentVersion) -> SegmentSpec:
    """What a version of segment `id` is compiled as. Raises RuleErrors where its rule can no longer be read."""
    return SegmentSpec(
        id=id,
        slot=version.slot,
        rule=Listed(version.slot) if version.static else _rule(version),
        covers_from=version.covers_from,
        live=version.status == "live",
        fill=version.fill,
        shares=version.series,
        version=version.version,
    )
