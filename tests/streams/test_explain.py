"""Explanations: every node of every rule says what the brute-force reading says of it, and when that changes."""

import os
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.profile import decode_row, encode_row
from schemas.times import DAY, HOUR, MINUTE, parse_instant
from streams.thresholds import SHOWN
from tests.parity.reference import Reference
from tests.reference.times import iso
from tests.strategies import WHOLE, Arrival, Define, case_from_seed, cases
from tests.streams.explaining import Explained, nodes_unlike, posted

EXAMPLES = int(os.environ.get("EXPLAIN_EXAMPLES", "25"))
T = parse_instant("2026-11-20T00:00:00Z") or 0


def unlike(case: Any, seed: int) -> list[str]:
    """Runs a case; what the nodes say, held against the reference."""
    engine, reference = Explained(seed), Reference()
    lines: list[str] = []
    for step in case.steps:
        if isinstance(step, Define):
            reference.define(case.segments, step.at)
            engine.define(case.segments, step.at)
        elif isinstance(step, Arrival):
            reference.send(step)
            engine.send(step)
        else:
            for user in reference.users(step.at):
                for segment in case.segments:
                    lines += _unlike(engine, reference, user, segment, step.at)
    return lines


def _unlike(engine: Explained, reference: Any, user: str, segment: str, now: int) -> list[str]:
    told = engine.explain(user, segment, now)
    rule = reference.segments[segment]
    lines = [] if posted(told.rule) == rule else [f"{rule} is told as {told.rule}"]
    root = (told.rule["holds"], told.rule["next_change"])
    if root != (told.member, None if told.next_change is None else iso(told.next_change)):
        lines.append(f"the root says {root}, the answer {told}")
    return lines + nodes_unlike(reference, told.rule, user, now)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases(WHOLE, calls=(1, 10), rules=(1, 3), asks=(1, 2)), st.integers(0, 9))
def test_small_cases_agree(case: Any, seed: int) -> None:
    assert unlike(case, seed) == []


def test_rolled_cases_agree() -> None:
    for seed in range(max(10, EXAMPLES)):
        case = case_from_seed(seed, WHOLE, calls=(3, 14), rules=(3, 6), asks=(1, 2))
        assert unlike(case, seed) == [], f"case_from_seed({seed}, …)"


def track(event: str, at: int, user: str = "u", **properties: Any) -> Arrival:
    call = {"type": "track", "userId": user, "event": event, "properties": properties, "timestamp": iso(at)}
    return Arrival({**call, "messageId": f"{event}{at}"}, at)


def explained(rule: Any, *arrivals: Arrival, at: int, others: dict[str, Any] | None = None) -> Any:
    engine = Explained()
    engine.define({**(others or {}), "s": rule}, T)
    for arrival in arrivals:
        engine.send(arrival)
    return engine.explain("u", "s", at)


BUY = {"did": {"event": "buy"}, "count": {"gte": 3}, "window": {"last": "7d"}}


def test_what_is_missing_is_said() -> None:
    told = explained(BUY, track("buy", T), at=T + HOUR)
    assert (told.member, told.next_change, told.rule["found"]) == (False, None, 1)
    assert told.rule["sentence"] == ('Users who did "buy" at least 3 times in the last 7 days – no: once, needs 2 more')


def test_when_it_ends_is_said() -> None:
    told = explained(BUY, *(track("buy", T + day * DAY) for day in range(4)), at=T + 3 * DAY)
    assert (told.member, told.next_change, told.rule["found"]) == (True, T + 8 * DAY, 4)
    assert told.rule["sentence"] == (
        'Users who did "buy" at least 3 times in the last 7 days '
        "– yes, until 2026-11-28T00:00:00.000Z if nothing happens before: 4 times"
    )


def test_a_composite_changes_when_it_does_and_not_with_its_children() -> None:
    day, week = ({**BUY, "count": {"gte": 1}, "window": {"last": last}} for last in ("1d", "7d"))
    told = explained({"any": [day, week]}, track("buy", T), at=T)
    assert told.next_change == T + 7 * DAY
    assert [child["next_change"] for child in told.rule["any"]] == [iso(T + DAY), iso(T + 7 * DAY)]
    told = explained({"all": [week, {"not": day}]}, track("buy", T), at=T)
    assert (told.member, told.next_change) == (False, T + DAY)
    assert told.rule["sentence"].endswith(
        "– no, but from 2026-11-21T00:00:00.000Z on if nothing happens before: 1 of 2 hold"
    )


def test_a_condition_may_change_more_than_once_before_the_whole_does() -> None:
    """Bought between two days and one day ago: it begins and ends while the other part still holds the whole back."""
    before = {**BUY, "count": {"gte": 1}, "window": {"last": "2d", "until": "1d"}}
    lately = {**before, "window": {"last": "36h"}}
    told = explained({"all": [{"not": before}, {"not": lately}]}, track("buy", T), at=T)
    assert [iso(T + DAY), iso(T + 36 * HOUR)] == [node["next_change"] for node in told.rule["all"]]
    assert (told.member, told.next_change) == (False, T + 2 * DAY)


def test_an_event_that_is_still_to_come_changes_it_at_its_time() -> None:
    once = {**BUY, "count": {"gte": 2}, "window": {"last": "1d"}}
    ahead = Arrival({**track("buy", T + 30 * MINUTE).call, "messageId": "ahead"}, T)
    told = explained(once, track("buy", T), ahead, at=T)
    assert (told.member, told.next_change, told.rule["found"]) == (False, T + 30 * MINUTE, 1)
    told = explained(once, track("buy", T), ahead, at=T + 40 * MINUTE)
    assert (told.member, told.next_change, told.rule["found"]) == (True, T + DAY, 2)
    calm = {"not": {**BUY, "count": {"gte": 1}, "window": {"last": "10m"}}}
    told = explained({"all": [once, calm]}, track("buy", T), ahead, at=T)
    assert (told.member, told.next_change) == (False, T + 40 * MINUTE)
    assert [node["next_change"] for node in told.rule["all"]] == [iso(T + 30 * MINUTE), iso(T + 10 * MINUTE)]


def test_other_segments_change_by_time_too() -> None:
    once = {**BUY, "count": {"gte": 1}, "window": {"last": "1d"}}
    others = {"base": once, "between": {"not": {"segment": "base"}}}
    told = explained({"segment": "between"}, track("buy", T), at=T, others=others)
    assert (told.member, told.next_change, told.rule["found"]) == (False, T + DAY, False)
    assert told.rule["sentence"].endswith(": no member")


def test_a_segment_that_is_not_live_has_no_members() -> None:
    engine = Explained()
    engine.define({"base": BUY, "s": {"not": {"segment": "base"}}}, T)
    engine.send(track("buy", T))
    from streams.compiled import spec_of
    from streams.explaining import Explainer

    version = engine.core.made["s"]
    engine.explainers["s"] = Explainer(version.rule, spec_of("s", version), lambda _: None)
    told = engine.explain("u", "s", T)
    assert (told.member, told.rule["not"]["found"]) == (True, False)


SAID = [
    ({"did": {"event": "buy"}, "sum": {"of": "properties.n", "gte": 100}}, 40, "no: it adds up to 40, needs 60 more"),
    ({"did": {"event": "buy"}, "avg": {"of": "properties.n", "lt": 100}}, 40, "yes: it averages 40"),
    ({"did": {"event": "buy"}, "max": {"of": "properties.x", "lt": 100}}, None, "no: there is none"),
    ({"did": {"event": "buy"}, "distinct": {"of": "properties.n", "eq": 2}}, 1, "no: 1 of them, needs 1 more"),
    ({"did": {"event": "buy"}, "count": {"eq": 0}}, 1, "no: once, 1 too many"),
    ({"did": {"event": "sell"}, "count": {"eq": 0}}, 0, "yes: never"),
    ({"did": {"event": "buy"}, "first": True}, iso(T), f"yes: that was {iso(T)}"),
    ({"did": {"event": "sell"}, "first": True}, None, "no: never"),
    ({"sequence": [{"event": "buy"}, {"event": "sell"}]}, [iso(T)], "no: 1 of 2 steps"),
    ({"user": "visits", "op": "gt", "value": 1}, 1, "no: it is 1"),
    ({"user": "traits.plan", "op": "is", "value": "pro"}, None, "no: there is none"),
    ({"user": "user_id", "op": "is", "value": "u"}, "u", 'yes: it is "u"'),
    (
        {"did": {"event": "buy"}, "periods": {"every": "1d", "of_last": 2, "at_least": 2}},
        1,
        "no: 1 of them, needs 1 more",
    ),
]


@pytest.mark.parametrize(("rule", "found", "said"), SAID)
def test_what_was_found_is_said(rule: Any, found: Any, said: str) -> None:
    told = explained(rule, track("buy", T, n=40), at=T)
    assert told.rule["found"] == found
    answer = told.rule["sentence"].split(" – ")[1]
    assert (answer.split(",")[0].split(":")[0], answer.split(": ")[-1]) == tuple(said.split(": ", 1))


def test_more_than_is_kept_is_approximate() -> None:
    told = explained(BUY, *(track("buy", T + second) for second in range(40)), at=T + HOUR)
    assert (told.member, told.rule["approximate"], told.rule["found"]) == (True, True, SHOWN)
    assert told.rule["sentence"].endswith(": 8 times, and older ones that are not kept one by one")


def test_what_would_take_too_long_to_foresee_is_left_out() -> None:
    day, week = ({**BUY, "count": {"gte": 1}, "window": {"last": last}} for last in ("1d", "7d"))
    engine = Explained()
    engine.define({"s": {"any": [day, week]}}, T)
    engine.send(track("buy", T))
    for looks, expected in ((0, (None, None)), (1, (None, T + DAY)), (9, (T + 7 * DAY, T + DAY))):
        left = iter([True] * looks)
        profile, due = engine.core.local._row("u")
        told = engine.explainers["s"].explain(decode_row(encode_row(profile, due)), due, T, partial(next, left, False))
        child = told.rule["any"][0]["next_change"]
        assert (told.member, told.next_change, parse_instant(child)) == (True, *expected)
