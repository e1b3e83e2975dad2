"""The calls that the simulation makes: repeatable, by time, at the wanted pace, and such as the collector takes."""

from collections import Counter
from itertools import islice, pairwise, takewhile

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.simulation.calls import Call, Plan, calls
from cli.simulation.demo_segments import SEGMENTS
from cli.simulation.visits import visit
from schemas.calls import Accepted, CallContext, Ignored, Policy
from schemas.rule_parser import parse_rule
from schemas.times import DAY, HOUR, MINUTE, SECOND, parse_instant
from streams.normalise import normalise

NOW = 1_795_455_000_000
PLANS = st.builds(
    Plan,
    seed=st.integers(0, 1 << 40),
    now=st.integers(NOW, NOW + DAY),
    history=st.sampled_from([0, SECOND, 5 * MINUTE, HOUR, 14 * DAY]),
    users=st.integers(10, 500),
    rate=st.floats(0.1, 2000.0),
)
SHAPES = {"page": "name", "track": "event", "identify": "traits"}


@given(PLANS)
@settings(max_examples=40, deadline=None)
def test_a_plan_has_one_sequence(plan: Plan) -> None:
    assert list(islice(calls(plan), 300)) == list(islice(calls(plan), 300))


@given(PLANS)
@settings(max_examples=40, deadline=None)
def test_calls_come_by_time_from_the_start_on(plan: Plan) -> None:
    times = [call.at for call in islice(calls(plan), 600)]
    assert times[0] == plan.start
    assert times == sorted(times)


@given(PLANS)
@settings(max_examples=40, deadline=None)
def test_calls_are_well_formed(plan: Plan) -> None:
    made = list(islice(calls(plan), 400))
    for call in made:
        well_formed(call)
    assert len({call.body["messageId"] for call in made}) == len(made)


def well_formed(call: Call) -> None:
    """Contract section 2: what the collector asks of a call."""
    body = call.body
    assert body[SHAPES[body["type"]]]
    assert parse_instant(body["timestamp"]) == call.at
    assert 1 <= len(body["anonymousId"]) <= 256
    assert 1 <= len(body.get("userId", "user")) <= 256
    assert not body.get("event", "").startswith("$") or body["event"] == "$click"
    assert len(orjson.dumps(body)) < 32 * 1024
    assert set(body["context"]) >= {"userAgent", "locale", "location", "screen", "page"}


def test_the_collector_takes_them_as_they_are_meant() -> None:
    policy = Policy(new_id=lambda: "made")
    kinds: Counter[str] = Counter()
    for index, call in enumerate(islice(calls(Plan(1, NOW, DAY, 300, 5.0)), 3000)):
        context = CallContext(received=NOW + DAY, arrival=index, sent_at=NOW + DAY)
        taken = normalise(call.body, context, policy)
        if isinstance(taken, Ignored):
            kinds[taken.reason] += 1
            continue
        assert isinstance(taken, Accepted), taken
        event = taken.event
        assert event is not None
        assert (event.time, event.message_id) == (call.at, call.body["messageId"])
        assert None not in (event.url, event.path, event.country, event.os, event.browser)
        kinds[str(event.device)] += 1
    assert set(kinds) == {"desktop", "mobile", "tablet", "bot", "consent"}


def test_other_seeds_are_other_people() -> None:
    ids = [{call.body["anonymousId"] for call in islice(calls(Plan(seed, NOW, DAY, 50, 5.0)), 500)} for seed in (1, 2)]
    assert not ids[0] & ids[1]


def test_the_same_seed_at_another_time_brings_the_same_people_back_with_new_messages() -> None:
    first, second = (list(islice(calls(Plan(1, now, DAY, 50, 5.0)), 500)) for now in (NOW, NOW + DAY))
    assert first[0].body["anonymousId"] == second[0].body["anonymousId"]
    assert not {call.body["messageId"] for call in first} & {call.body["messageId"] for call in second}


@pytest.mark.parametrize("rate", [2.0, 12.0, 200.0])
def test_the_pace_holds_from_the_first_seconds_on(rate: float) -> None:
    plan = Plan(3, NOW, 0, 2000, rate)
    seconds = 60
    made = sum(1 for _ in takewhile(lambda call: call.at < NOW + seconds * SECOND, calls(plan)))
    assert made == pytest.approx(rate * seconds, rel=0.1)


def test_the_past_has_what_the_segments_ask_for() -> None:
    plan = Plan(1, NOW, 14 * DAY, 400, 5.0)
    past = list(takewhile(lambda call: call.at < NOW, calls(plan)))
    names = Counter(call.body.get("event", call.body["type"]) for call in past)
    assert {"page", "identify", "$click", "Product Viewed", "Product Added", "Order Completed"} <= set(names)
    orders = Counter(call.body["anonymousId"] for call in past if call.body.get("event") == "Order Completed")
    assert max(orders.values()) >= 2
    quiet = {call.body["anonymousId"] for call in past if call.at <= NOW - 7 * DAY}
    assert quiet - {call.body["anonymousId"] for call in past if call.at > NOW - 7 * DAY}
    assert any("campaign" in call.body["context"] for call in past)


def test_an_anonymous_id_belongs_to_one_user() -> None:
    owners: dict[str, set[str]] = {}
    for call in islice(calls(Plan(5, NOW, 14 * DAY, 300, 5.0)), 12_000):
        if "userId" in call.body:
            owners.setdefault(call.body["anonymousId"], set()).add(call.body["userId"])
    assert max(map(len, owners.values())) == 1
    assert len({user for users in owners.values() for user in users}) < len(owners), "nobody has two devices"


def test_no_visit_has_a_gap_that_would_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    visits: list[list[int]] = []

    def recorded(*arguments: object) -> object:
        made = visit(*arguments)  # type: ignore[arg-type]
        visits.append([at for at, _ in made])
        return made

    monkeypatch.setattr("cli.simulation.calls.visit", recorded)
    list(islice(calls(Plan(6, NOW, DAY, 200, 5.0)), 4000))
    assert max(later - at for times in visits for at, later in pairwise(times)) < 30 * MINUTE


def test_the_rules_are_taken_and_stand_after_those_they_refer_to() -> None:
    seen: set[str] = set()
    for segment in SEGMENTS:
        parse_rule(segment["rule"], retention=800 * DAY, exists=seen.__contains__)
        seen.add(segment["id"])
    assert len(seen) == 6
