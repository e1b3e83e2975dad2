"""`shoal segment test`: files in, lines out; the answers are those of the brute-force reading."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cli.main import main
from tests.parity.reference import Reference
from tests.reference.times import iso
from tests.strategies import WHOLE, Arrival, case_from_seed

AT = "2026-11-23T12:00:00Z"
BOUGHT = {"did": {"event": "buy"}, "window": {"last": "7d"}}
Try = Callable[..., Result]


@pytest.fixture
def judge(tmp_path: Path) -> Try:
    """Runs the command on files made of the arguments; an event that is text or bytes is a line as it is."""

    def run(rule: Any, *events: Any, at: str | None = AT, segments: dict[str, Any] | None = None) -> Result:
        words = ["segment", "test", str(tmp_path / "rule.json"), "--events", str(tmp_path / "events.jsonl")]
        (tmp_path / "rule.json").write_bytes(_bytes(rule))
        (tmp_path / "events.jsonl").write_bytes(b"\n".join(map(_bytes, events)))
        if at is not None:
            words += ["--at", at]
        if segments is not None:
            (tmp_path / "segments").mkdir(exist_ok=True)
            words += ["--segments", str(tmp_path / "segments")]
            for id, posted in segments.items():
                (tmp_path / "segments" / f"{id}.json").write_bytes(_bytes(posted))
        return CliRunner().invoke(main, words)

    return run


def _bytes(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    return document.encode() if isinstance(document, str) else json.dumps(document).encode()


def buy(user: str, received: str | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "track", "event": "buy", "userId": user, "receivedAt": received, **more}


def answers(result: Result) -> dict[str, tuple[bool, str | None]]:
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert all(list(line) == ["user", "member", "next_change"] for line in lines)
    return {line["user"]: (line["member"], line["next_change"]) for line in lines}


def test_an_answer_a_known_user_by_canonical_id(judge: Try) -> None:
    result = judge(
        BOUGHT,
        buy("zoë", "2026-11-20T00:00:00.001Z"),
        buy("ann", "2026-11-01T00:00:00Z"),
        {"type": "identify", "userId": "bob", "anonymousId": "a", "receivedAt": "2026-11-22T00:00:00Z"},
    )
    found = answers(result)
    assert list(found) == ["ann", "bob", "zoë"]
    assert found == {"ann": (False, None), "bob": (False, None), "zoë": (True, "2026-11-27T00:00:00.001Z")}
    assert result.stderr == ""


def test_a_line_without_time_of_receipt_was_received_at_the_instant_asked_about(judge: Try) -> None:
    found = answers(judge(BOUGHT, buy("u"), buy("v", None, timestamp="2026-11-23T12:30:00Z")))
    assert found == {"u": (True, "2026-11-30T12:00:00.000Z")}, "v's event is ahead of its time, so v is not known yet"


def test_a_whole_batch_may_stand_in_a_line(judge: Try) -> None:
    batch = {
        "batch": [buy("u", timestamp="2026-11-22T00:00:00Z"), {"type": "track", "userId": "v"}],
        "sentAt": "2026-11-22T01:00:00Z",
        "receivedAt": "2026-11-22T02:00:00Z",
    }
    result = judge(BOUGHT, batch)
    assert answers(result) == {"u": (True, "2026-11-29T01:00:00.000Z")}
    assert result.stderr == "line 1, event 1: missing_event a track call needs `event`, its name\n"


def test_lines_are_taken_in_the_order_of_receipt(judge: Try) -> None:
    first = {"type": "identify", "anonymousId": "a", "userId": "u", "receivedAt": "2026-11-20T00:00:00Z"}
    later = {"type": "identify", "anonymousId": "a", "userId": "v", "receivedAt": "2026-11-21T00:00:00Z"}
    event = {"type": "track", "event": "buy", "anonymousId": "a", "receivedAt": "2026-11-22T00:00:00Z"}
    found = answers(judge(BOUGHT, event, later, first))
    assert found == {"u": (True, "2026-11-29T00:00:00.000Z"), "v": (False, None)}


def test_what_the_collector_would_reject_is_told_by_line(judge: Try) -> None:
    result = judge(
        BOUGHT,
        buy("u", "2026-11-20T00:00:00Z"),
        "{",
        "",
        buy("", "2026-11-20T00:00:00Z"),
        buy("u", "yesterday"),
        b'{"type":"track","userId":"\xff"}',
        {"batch": {}},
        buy("late", "2026-12-01T00:00:00Z"),
    )
    assert list(answers(result)) == ["u"]
    told = [line.split()[:3] for line in result.stderr.splitlines()]
    assert told[:-1] == [
        ["line", "2:", "bad_json"],
        ["line", "4:", "bad_id"],
        ["line", "5:", "bad_received_at"],
        ["line", "6:", "bad_json"],
        ["line", "7:", "bad_batch"],
    ]
    assert result.stderr.endswith("left out: 1\n")


@pytest.mark.parametrize("hours", [0, 1, 23, 24])
@pytest.mark.parametrize("other", ["track", "page"])
def test_repeated_message_ids_count_once_also_in_another_topic(judge: Try, hours: int, other: str) -> None:
    """The first arrival wins, whichever topic it goes to, and however much lies between."""
    day = "2026-11-20T12:00:00Z" if hours < 24 else "2026-11-21T00:00:00Z"
    repeat = f"2026-11-20T{hours:02}:00:00Z" if hours < 24 else day
    first = {"type": other, "event": "look", "userId": "u", "messageId": "m", "receivedAt": "2026-11-20T00:00:00Z"}
    hourly = [f"2026-11-{20 + hour // 24}T{hour % 24:02}:30:00Z" for hour in range(40)]
    between = [{"type": "page", "userId": "u", "messageId": f"p{at}", "receivedAt": at} for at in hourly]
    assert answers(judge(BOUGHT, *between, first, buy("u", repeat, messageId="m"))) == {"u": (False, None)}


def test_other_segments_come_from_a_directory(judge: Try) -> None:
    rule = {"all": [BOUGHT, {"segment": "loud"}]}
    segments = {
        "loud": {"name": "Loud", "rule": {"not": {"segment": "quiet"}}},
        "quiet": {"name": "Quiet", "rule": {"user": "traits.volume", "op": "lt", "value": 5}},
        "broken": "not looked at, for nobody refers to it",
    }
    quiet = {"type": "identify", "userId": "q", "traits": {"volume": 1}}
    found = answers(judge(rule, buy("q"), quiet, buy("u"), segments=segments))
    assert {user: member for user, (member, _) in found.items()} == {"q": False, "u": True}


REFUSED = {
    "no rule": ({}, {}, ["rule unknown_rule"]),
    "no JSON": ("{", {}, ["rule bad_json"]),
    "two mistakes": (
        {"all": [{"did": {"event": "$x"}}, {"user": "hat", "op": "exists"}]},
        {},
        ["all[0].did.event unknown_event", "all[1].user unknown_path"],
    ),
    "no such segment": ({"segment": "x"}, {}, ["segment unknown_segment"]),
    "over the retention": ({"did": {"event": "*"}, "window": {"last": "801d"}}, {}, ["window.last over_retention"]),
    "a list that is none": ({"segment": "s"}, {"s": {"users": "u"}}, ["s.json:users bad_type"]),
    "a list with what is no id": ({"segment": "s"}, {"s": {"users": ["u", []]}}, ["s.json:users[1] bad_value"]),
    "no segment": ({"segment": "s"}, {"s": []}, ["s.json bad_type"]),
    "a segment without rule": ({"segment": "s"}, {"s": {"name": "S"}}, ["s.json:rule missing_key"]),
    "a segment that is no JSON": ({"segment": "s"}, {"s": "{"}, ["s.json bad_json"]),
    "a segment's mistake": (
        {"segment": "s"},
        {"s": {"rule": {"all": [{"segment": "t"}, {}]}}},
        ["s.json:rule.all[0].segment unknown_segment", "s.json:rule.all[1] unknown_rule"],
    ),
    "a cycle": (
        {"segment": "s"},
        {"s": {"rule": {"segment": "t"}}, "t": {"rule": {"not": {"segment": "s"}}}},
        ["s.json:rule cycle"],
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refused_rule(judge: Try, case: str) -> None:
    rule, segments, expected = REFUSED[case]
    result = judge(rule, buy("u"), segments=segments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert [" ".join(line.split()[:2]) for line in result.stderr.splitlines()] == expected
    assert all(len(line.split()) > 3 for line in result.stderr.splitlines()), "each has a message"


def test_an_instant_that_is_none(judge: Try) -> None:
    result = judge(BOUGHT, buy("u"), at="noon")
    assert result.exit_code == 2
    assert "expected ISO 8601" in result.stderr


def test_the_clock_is_asked_where_no_instant_is_given(judge: Try) -> None:
    assert answers(judge(BOUGHT, buy("u"), at=None))["u"][0] is True


@pytest.mark.parametrize("seeds", [range(40), range(40, 80)], ids=str)
def test_as_the_brute_force_reading_has_it(judge: Try, seeds: range) -> None:
    for seed in seeds:
        case = case_from_seed(seed, WHOLE, calls=(3, 16), rules=(3, 3))
        at = case.steps[-1].at
        reference, lines = Reference(), []
        reference.define(case.segments, at)
        for step in case.steps:
            if isinstance(step, Arrival):
                reference.send(Arrival(step.call, step.received, step.sent_at))
                lines.append(_line(step))
        posted = {id: {"name": id, "rule": rule} for id, rule in case.segments.items()}
        last = list(case.segments)[-1]
        found = answers(judge(case.segments[last], *lines, at=iso(at), segments=posted))
        expected = {user: _expected(reference, last, user, at) for user in sorted(reference.users(at))}
        assert list(found.items()) == list(expected.items()), f"case_from_seed({seed}, …)"


def _line(arrival: Arrival) -> Any:
    received = {"receivedAt": iso(arrival.received)}
    if arrival.sent_at is not None:
        return {"batch": [arrival.call], "sentAt": iso(arrival.sent_at), **received}
    return {**arrival.call, **received} if isinstance(arrival.call, dict) else arrival.call or "null"


def _expected(reference: Reference, segment: str, user: str, at: int) -> tuple[bool, str | None]:
    change = reference.next_change(segment, user, at)
    return segment in reference.members(user, at), None if change is None else iso(change)


def test_nothing_heavy_is_loaded() -> None:
    code = "import cli.segment, streams.trial, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"faust", "aiohttp", "aiokafka", "kafka", "redis", "asyncio", "jinja2"} & set(loaded)


def test_static_segments_have_the_users_that_are_listed_by_any_id(judge: Try) -> None:
    joined = {"type": "identify", "userId": "ada", "anonymousId": "a1", "receivedAt": "2026-11-20T00:00:00Z"}
    events = [buy("bob", "2026-11-20T00:00:00Z"), joined, buy("7", "2026-11-20T00:00:00Z")]
    posted = {"s": {"name": "S", "users": ["a1", "nobody", 7]}, "none": {"name": "None", "static": True}}
    listed = judge({"segment": "s"}, *events, segments=posted)
    assert answers(listed) == {"7": (True, None), "ada": (True, None), "bob": (False, None)}
    bought = judge({"all": [{"not": {"segment": "s"}}, BOUGHT]}, *events, segments=posted)
    assert answers(bought)["bob"] == (True, "2026-11-27T00:00:00.000Z")
    assert {member for member, _ in answers(judge({"segment": "none"}, *events, segments=posted)).values()} == {False}
