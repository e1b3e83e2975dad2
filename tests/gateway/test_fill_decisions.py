"""From `backfilling` to `live`: what is decided, without the loop that acts on it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.segments.fills import PartitionFill, beginning, finishing, progress_of, read_report, waiting
from gateway.segments.settling import ROUNDS, Settling
from gateway.segments.versions import HIGHEST_SLOT, bare, high_water, next_slot, with_rule
from schemas.segments import FIRST_USER_SLOT, FillRecord, SegmentRecord, SegmentVersion
from tests.gateway.conftest import RULE


def made(id: str, slot: int, **more: Any) -> SegmentRecord:
    return with_rule(bare(id, id, "", 0), more.get("rule", RULE), slot, 0, 0)


@pytest.mark.parametrize(
    ("field", "report"),
    [
        ("3:10:40:reading", PartitionFill(3, 10, 40, "reading")),
        ("3:0:0:read", PartitionFill(3, 0, 0, "read")),
        ("3:1:2:failed:a: b:c", PartitionFill(3, 1, 2, "failed", "a: b:c")),
        ("3:1:2:sleeping", None),
        ("3:x:2:read", None),
        ("3", None),
        ("", None),
        (None, None),
    ],
)
def test_reports_are_read(field: str | None, report: PartitionFill | None) -> None:
    assert read_report(field) == report


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=8))
def test_progress_never_falls_from_phase_to_phase(parts: list[tuple[int, int]]) -> None:
    def at(state: Any) -> float:
        return progress_of([PartitionFill(1, done, total, state) for done, total in parts])

    assert 0 <= at("reading") <= at("read") <= at("judging") < at("filled") == 1


def test_slots_are_never_given_twice() -> None:
    first = made("a", next_slot([], None))
    assert first.pending is not None
    assert first.pending.slot == FIRST_USER_SLOT
    _, fill = beginning({"a": first}, None)
    assert fill.next_slot == FIRST_USER_SLOT + 1
    # The segment is deleted: only the fill's record remembers its slot.
    assert next_slot([], fill) == FIRST_USER_SLOT + 1
    assert high_water([made("b", 40)], fill) == 41


def test_after_the_last_slot_free_ones_are_used() -> None:
    fill = FillRecord(fill=9, versions=[], next_slot=HIGHEST_SLOT + 1)
    assert next_slot([made("a", FIRST_USER_SLOT)], fill) == FIRST_USER_SLOT + 1


def test_what_is_referred_to_goes_live_first() -> None:
    chain = {"a": made("a", 16), "b": made("b", 17), "c": made("c", 18)}
    records, fill = beginning(chain, None)
    segments = {record.id: record for record in records}
    ended, done = finishing(segments, fill, {"a": {"b"}, "b": {"c", "elsewhere"}})
    assert [record.id for record in ended] == ["c", "b", "a"]
    assert all(record.live and record.live.status == "live" and record.pending is None for record in ended)
    assert done.phase == "done"


def test_what_was_edited_or_deleted_meanwhile_is_left_out() -> None:
    records, fill = beginning({id: made(id, slot) for slot, id in enumerate(("a", "b"), 16)}, None)
    edited = with_rule(records[0], RULE, 30, 1, 0)
    ended, done = finishing({"a": edited}, fill, {})
    assert ended == []
    assert waiting({"a": edited}, done) == [edited]
    assert waiting({"a": edited}, fill) == [edited]


def test_what_was_deleted_and_made_anew_is_not_what_the_fill_brings() -> None:
    """Both are version 1: the second has not been filled by anyone."""
    records, fill = beginning({"a": made("a", 16)}, None)
    anew = made("a", 17)
    assert finishing({"a": anew}, fill, {})[0] == []
    assert waiting({"a": anew}, fill) == [anew]
    assert waiting({"a": records[0]}, fill) == []


def test_a_rule_that_cannot_be_read_fails_alone() -> None:
    odd, usual = made("odd", 16, rule={"moon": "full"}), made("usual", 17)
    records, fill = beginning({"odd": odd, "usual": usual}, None)
    assert fill.versions == [("usual", 1)]
    by_id = {record.id: record.pending for record in records}
    assert (by_id["odd"] and by_id["odd"].status, by_id["odd"] and by_id["odd"].error) == (
        "failed",
        "this version cannot read the rule",
    )
    assert by_id["usual"] is not None
    assert by_id["usual"].fill == 1


def test_a_version_whose_fill_was_never_begun_waits_again() -> None:
    # The gateway died between the records and the fill's own record.
    record = made("a", 16)
    assert record.pending is not None
    stray = SegmentVersion(version=1, slot=16, rule=RULE, made=0, covers_from=0, fill=5)
    record = SegmentRecord(id="a", name="a", created=0, updated=0, pending=stray)
    last = FillRecord(fill=4, versions=[("b", 1)], phase="done")
    assert waiting({"a": record}, last) == [record]


def fields(sent: list[list[int]], applied: list[int], hops: int = 0) -> list[dict[str, str]]:
    """What partitions tell: `sent[p][q]` end offsets, `applied[q]` next offsets."""
    return [
        {f"out:{q}": str(end) for q, end in enumerate(ends)} | {"o:transfers": str(applied[p]), "hops": str(hops)}
        for p, ends in enumerate(sent)
    ]


def test_settling_takes_all_rounds_and_waits_for_what_was_sent_on() -> None:
    start = fields([[0, 5], [0, 0]], [0, 0])
    settling = Settling(start)
    assert not settling.settled(start)
    passed_on = fields([[0, 5], [3, 0]], [0, 5])
    assert not settling.settled(passed_on)
    assert not settling.settled(passed_on)
    arrived = fields([[0, 5], [3, 0]], [3, 5])
    assert settling.settled(arrived)


def test_longer_chains_take_more_rounds() -> None:
    quiet = fields([[0]], [0], hops=3)
    settling = Settling(quiet)
    assert [settling.settled(quiet) for _ in range(ROUNDS + 3)] == [False] * (ROUNDS + 2) + [True]


def test_a_series_that_is_there_is_shared() -> None:
    """What brought it may be a fill before the last: the record says which."""
    records, first = beginning({"a": made("a", 16)}, None)
    ended, first = finishing({each.id: each for each in records}, first, {})
    segments = {each.id: each for each in ended}
    records, second = beginning({**segments, "b": made("b", 17)}, first)
    (brought,) = records
    assert brought.pending is not None
    assert list(brought.pending.series.values()) == [1]
    assert second.fill == 2
