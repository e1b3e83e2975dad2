"""Entering and leaving by time alone, both directions, seen within a second; also after the worker was killed."""

import time
from pathlib import Path
from typing import Any

import pytest

from cli.ports import wait_until
from tests.parity.live import LAG, Live
from tests.reference.times import iso
from tests.support.system import RunningSystem, running_system

pytestmark = pytest.mark.timeout(180)

PING = {"event": "ping"}
RULES: dict[str, Any] = {
    "lately": {"did": PING, "window": {"last": "29s"}},
    "not-lately": {"not": {"did": PING, "window": {"last": "29s"}}},
    "before": {"did": PING, "window": {"last": "33s", "until": "30s"}},
    "once": {"did": PING, "count": {"eq": 1}, "window": {"last": "31s"}},
    "few": {"did": PING, "count": {"lt": 2}, "window": {"last": "32s"}},
    "refers": {"all": [{"segment": "few"}, {"not": {"segment": "before"}}]},
    "seen": {"user": "last_seen", "op": "within_last", "value": "30s"},
    "not-seen": {"user": "last_seen", "op": "not_within_last", "value": "31s"},
}
USERS = 40
SPREAD = 150
"""Milliseconds from one user's event to the next one's."""

Seen = list[tuple[int, int, dict[str, list[str]]]]


def test_within_a_second(tmp_path: Path) -> None:
    with running_system(tmp_path) as system:
        live = Live(system)
        for id, rule in RULES.items():
            assert system.call("POST", "/v1/segments", {"id": id, "name": id, "rule": rule})[0] == 201
            live.reference.segments[id] = rule
        live.reference.made = _now()
        live.until_live()
        _watched(live, "a")
        _watched(live, "b", kill=True)


def _watched(live: Live, prefix: str, kill: bool = False) -> None:
    """Two events a user; then everybody is asked, all the time, until all of it has passed."""
    system = live.system
    began = _now()
    users = [f"{prefix}{number}" for number in range(USERS)]
    calls = [
        {"type": "track", "event": "ping", "userId": user, "messageId": f"{user}-{late}", "timestamp": iso(at)}
        for number, user in enumerate(users)
        for late in (0, 1500)
        for at in [began - number * SPREAD - late]
    ]
    position = system.send(*calls)
    for call in calls:
        live.reference.world.send(call, began)
    system.settle(position)
    if kill:
        former = system.kill9("worker")
        assert wait_until(lambda: system.pids("worker") not in ([], [former]), 10.0), system.errors
        assert wait_until(lambda: system.call("GET", "/readyz")[0] == 200, 30.0)
        last = {"type": "track", "event": "last", "userId": f"{prefix}-last", "messageId": f"{prefix}-last"}
        system.settle(system.send(last))
        time.sleep(LAG / 1000)
    assert _now() < began + 28_000, "the machine was too slow for anything to be left to see"
    time.sleep(max(0, began + 20_000 - _now()) / 1000)
    seen = _ask_until(system, users, began + 35_000)
    assert len(seen) > 20
    wrong = [line for each in seen for line in _wrong(live, *each)]
    assert not wrong, f"{len(wrong)} of {len(seen) * USERS} answers:\n" + "\n".join(wrong[:20]) + system.errors
    assert len({str(sorted(each[2].items())) for each in seen}) > 10


def _ask_until(system: RunningSystem, users: list[str], end: int) -> Seen:
    seen: Seen = []
    while (before := _now()) < end:
        status, answer = system.call("POST", "/v1/users/segments", {"users": users})
        assert status == 200, answer
        seen.append((before, _now(), {each["user"]: sorted(each["segments"]) for each in answer["users"]}))
        time.sleep(0.1)
    return seen


def _wrong(live: Live, before: int, after: int, told: dict[str, list[str]]) -> list[str]:
    """Whoever is not, in any segment, as the reference says of an instant of the last second."""
    lines = []
    for user, segments in told.items():
        low = max(live.reference.world.clock or 0, before - LAG)
        instants = {low, after} | _changes(live, user, low, after)
        right = [live.reference.members(user, at) for at in sorted(instants)]
        for id in RULES:
            if all((id in each) != (id in segments) for each in right):
                lines.append(f"{user} at {iso(before)}: {id} {'is' if id in segments else 'is not'} among {segments}")
    return lines


def _changes(live: Live, user: str, low: int, high: int) -> set[int]:
    times = [record.time for record in live.reference.world.history(user)]
    lengths = [29_000, 30_000, 31_000, 32_000, 33_000]
    return {time + length for time in times for length in lengths if low < time + length <= high}


def _now() -> int:
    return time.time_ns() // 1_000_000
