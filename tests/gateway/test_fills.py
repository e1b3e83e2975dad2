"""From `backfilling` to `live`: what is decided, and the loop that acts on it, over stand-ins for the workers."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.clock import now
from gateway.segments import coordinator as loop
from gateway.segments.fills import PartitionFill, beginning, finishing, progress_of, read_report, waiting
from gateway.segments.settling import ROUNDS, Settling
from gateway.segments.versions import HIGHEST_SLOT, bare, high_water, next_slot, with_rule
from schemas.segments import FIRST_USER_SLOT, FillRecord, SegmentRecord, SegmentVersion
from tests.gateway.conftest import RULE, Gateway
from tests.gateway.fakes import beating


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


def workers(gateway: Gateway, state: str, fill: int = 1, done: int = 1, total: int = 2) -> None:
    gateway.lookups.told = beating(now(), fill=f"{fill}:{done}:{total}:{state}")


async def until(holds: Any, seconds: float = 5) -> None:
    for _ in range(int(seconds * 100)):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to that")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "WATCH", 0.01)
    monkeypatch.setattr(loop, "QUIET", 0.05)
    monkeypatch.setattr(loop, "AGAIN", 0.02)


def phase(gateway: Gateway) -> tuple[int, str] | None:
    fill = gateway.definitions.fill
    return None if fill is None else (fill.fill, fill.phase)


async def test_segments_made_together_are_filled_by_one_pass(gateway: Gateway) -> None:
    for id in ("a", "b", "c"):
        await gateway.make(id=id)
    await until(lambda: phase(gateway) == (1, "read"))
    fill = gateway.definitions.fill
    assert fill is not None
    assert sorted(fill.versions) == [("a", 1), ("b", 1), ("c", 1)]
    workers(gateway, "reading")
    assert (await gateway.get("/v1/segments/a"))["progress"] == 0.4
    await gateway.make(id="late")
    workers(gateway, "read")
    await until(lambda: phase(gateway) == (1, "judge"))
    workers(gateway, "judging")
    body = await gateway.get("/v1/segments/a")
    assert (body["status"], 0.8 < body["progress"] < 1) == ("backfilling", True)
    assert (await gateway.get("/v1/segments/late"))["progress"] == 0
    workers(gateway, "filled")
    await until(lambda: phase(gateway) == (2, "read"))
    listed = (await gateway.get("/v1/segments"))["segments"]
    assert {each["id"]: each["status"] for each in listed} == dict.fromkeys("abc", "live") | {"late": "backfilling"}


async def test_segments_that_keep_coming_are_waited_for_but_not_for_ever(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "MOST_QUIET_SPELLS", 5)

    async def keep_making() -> None:
        for i in range(60):
            await gateway.make(id=f"s{i}")
            await asyncio.sleep(0.02)

    making = asyncio.create_task(keep_making())
    await until(lambda: phase(gateway) == (1, "read"))
    assert not making.done()
    fill = gateway.definitions.fill
    assert fill is not None
    assert 3 <= len(fill.versions) < 60
    await making


async def test_one_partition_that_lags_holds_all(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await until(lambda: phase(gateway) == (1, "read"))
    workers(gateway, "read")
    gateway.lookups.told[2]["fill"] = "1:1:2:reading"
    await asyncio.sleep(0.2)
    assert phase(gateway) == (1, "read")
    gateway.lookups.told[2] = {}
    await asyncio.sleep(0.2)
    assert phase(gateway) == (1, "read")


async def test_a_fill_that_fails_keeps_the_old_version_answering(gateway: Gateway) -> None:
    await gateway.make(id="a")
    for state in ("read", "filled"):
        await until(lambda: phase(gateway) is not None)
        workers(gateway, state)
        await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (1, "done"))
    gateway.lookups.slots["ann"] = {0, 16}
    await gateway.ask("PATCH", "/v1/segments/a", json={"rule": {"not": RULE}})
    await until(lambda: phase(gateway) == (2, "read"))
    workers(gateway, "failed:no room left", fill=2)
    await until(lambda: phase(gateway) == (2, "done"))
    body = await gateway.get("/v1/segments/a")
    assert (body["status"], body["error"], body["version"]) == ("failed", "no room left", 2)
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == ["a"]


async def test_what_failed_holds_no_other_segment(gateway: Gateway) -> None:
    """What a failed version asked for may be deleted; then it cannot come back."""
    await gateway.make(id="base")
    await gateway.make(id="s", rule={"segment": "base"})
    await until(lambda: phase(gateway) == (1, "read"))
    assert (await gateway.error("DELETE", "/v1/segments/base"))[1]["segments"] == ["s"]
    workers(gateway, "failed:no room left")
    await until(lambda: phase(gateway) == (1, "done"))
    assert (await gateway.ask("DELETE", "/v1/segments/base")).status == 204
    status, error = await gateway.error("PATCH", "/v1/segments/s", json={"rule": {"segment": "base"}})
    assert (status, error["errors"][0]["code"]) == (422, "unknown_segment")
    assert (await gateway.get("/v1/segments/s"))["status"] == "failed"


async def test_the_same_rule_again_is_tried_again_after_a_failure(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await until(lambda: phase(gateway) == (1, "read"))
    workers(gateway, "failed:no room left")
    await until(lambda: phase(gateway) == (1, "done"))
    workers(gateway, "reading", fill=2)
    body = await (await gateway.ask("PATCH", "/v1/segments/a", json={"rule": RULE})).json()
    assert (body["status"], body["version"], "error" in body) == ("backfilling", 2, False)
    await until(lambda: phase(gateway) == (2, "read"))
    for state in ("read", "filled"):
        workers(gateway, state, fill=2)
        await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (2, "done"))
    assert (await gateway.get("/v1/segments/a"))["status"] == "live"


async def test_an_edit_amid_the_fill_of_an_edit(gateway: Gateway) -> None:
    """The first edit never goes live; the old version answers until the second one does."""
    await gateway.make(id="a")
    for state in ("read", "filled"):
        await until(lambda: phase(gateway) is not None)
        workers(gateway, state)
        await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (1, "done"))
    seen: list[int] = []
    gateway.definitions.on_change(lambda: seen.append(live_version(gateway, "a")))
    await gateway.ask("PATCH", "/v1/segments/a", json={"rule": {"not": RULE}})
    await until(lambda: phase(gateway) == (2, "read"))
    await gateway.ask("PUT", "/v1/segments/a", json={"name": "a", "rule": {"not": {"not": RULE}}})
    for fill in (2, 3):
        for state in ("read", "filled"):
            await until(lambda fill=fill: (phase(gateway) or (0, ""))[0] == fill)
            workers(gateway, state, fill=fill)
            await asyncio.sleep(0.15)
    await until(lambda: phase(gateway) == (3, "done"))
    assert set(seen) == {1, 3}
    assert seen == sorted(seen)


def live_version(gateway: Gateway, id: str) -> int:
    live = gateway.definitions.segments[id].live
    assert live is not None
    return live.version


async def test_redis_or_the_broker_away_only_delays(gateway: Gateway) -> None:
    await gateway.make(id="a")
    gateway.definitions.away = True
    await asyncio.sleep(0.3)
    assert phase(gateway) is None
    gateway.definitions.away = False
    await until(lambda: phase(gateway) == (1, "read"))
    gateway.lookups.away = True
    workers(gateway, "read")
    await asyncio.sleep(0.2)
    assert phase(gateway) == (1, "read")
    gateway.lookups.away = False
    await until(lambda: phase(gateway) == (1, "judge"))


async def test_a_fill_of_nothing_left_is_walked_to_its_end(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await until(lambda: phase(gateway) == (1, "read"))
    await gateway.ask("DELETE", "/v1/segments/a")
    for state, then in (("read", "judge"), ("filled", "done")):
        workers(gateway, state)
        await until(lambda then=then: phase(gateway) == (1, then))
    assert gateway.definitions.segments == {}


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
