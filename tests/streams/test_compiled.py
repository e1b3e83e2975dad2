"""Which versions of the definitions count for rows, and what a rule set says of itself."""

from schemas.segments import FillRecord, SegmentRecord, SegmentVersion
from schemas.times import DAY
from streams.compiled import rule_set
from streams.limits import Limits

LIMITS = Limits()
RULE = {"did": {"event": "buy"}}


def record(id="a", **parts):
    return SegmentRecord(id=id, name=id, created=0, updated=0, **parts)


def version(slot=16, rule=RULE, **more):
    return SegmentVersion(version=1, slot=slot, rule=rule, made=0, covers_from=0, **more)


def slots(*records, fill=None):
    rules, broken = rule_set(records, fill, LIMITS)
    return [slot for slot in rules.slots if slot >= 16], broken


def test_live_ones_count_whatever_fill_there_is() -> None:
    assert slots(record(live=version(status="live", fill=1))) == ([16], [])
    assert slots(record(live=version(status="live", fill=1)), fill=FillRecord(fill=9, versions=[])) == ([16], [])


def test_pending_ones_count_from_their_fill_on() -> None:
    assert slots(record(pending=version())) == ([], [])
    assert slots(record(pending=version(fill=2)), fill=FillRecord(fill=1, versions=[])) == ([], [])
    assert slots(record(pending=version(fill=2)), fill=FillRecord(fill=2, versions=[])) == ([16], [])


def test_an_edit_is_beside_the_live_one() -> None:
    edited = record(live=version(status="live", fill=1), pending=version(17, fill=2))
    assert sorted(slots(edited, fill=FillRecord(fill=2, versions=[]))[0]) == [16, 17]


def test_failed_ones_do_not_count() -> None:
    failed = version(fill=2, status="failed")
    assert slots(record(pending=failed), fill=FillRecord(fill=2, versions=[])) == ([], [])


def test_a_rule_that_cannot_be_read_is_told_and_the_others_count() -> None:
    odd = record("odd", live=version(17, {"no": "rule"}, status="live"))
    assert slots(record(live=version(status="live")), odd) == ([16], ["odd"])


def test_a_rule_over_a_retention_that_was_made_shorter_is_read() -> None:
    long = {"did": {"event": "buy"}, "window": {"last": "700d"}}
    rules, broken = rule_set([record(live=version(16, long, status="live"))], None, Limits(retention=DAY))
    assert broken == []
    assert 16 in rules.slots


def test_the_fingerprint_is_that_of_the_conditions() -> None:
    one, _ = rule_set([record("a", live=version(status="live", fill=1))], None, LIMITS)
    other, _ = rule_set([record("b", live=version(40, status="live", fill=1))], None, LIMITS)
    third, _ = rule_set([record("a", live=version(status="live", fill=2))], None, LIMITS)
    assert one.fingerprint == other.fingerprint != third.fingerprint
