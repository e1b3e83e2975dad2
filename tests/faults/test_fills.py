"""New segments over a long history while workers die, Redis is emptied, and segments are edited and deleted."""

import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.faults.rounds import flush, kill, same
from tests.parity.live import Live
from tests.parity.loads import Load
from tests.support.system import running_system

pytestmark = pytest.mark.timeout(300)

HISTORY = 12_000
"""Events of other users, so that reading the past takes its time."""


def test_filled_amid_faults(tmp_path: Path) -> None:
    """Two segments are never seen before they are live; an edited one answers by its old rule meanwhile."""
    with running_system(tmp_path) as system:
        live = Live(system)
        history(live, HISTORY)
        for number, fault in enumerate((killed, emptied, both)):
            filled(live, Load(20 + number, number, calls=250, rules=8), fault, random.Random(number))


def history(live: Live, events: int) -> None:
    """Of users that nobody asks about."""
    for start in range(0, events, 1000):
        calls = [
            {"type": "track", "event": "buy", "userId": f"other{number % 700}", "properties": {"n": number % 9}}
            for number in range(start, start + 1000)
        ]
        assert live.system.call("POST", "/v1/batch", {"batch": calls})[0] == 200


def filled(live: Live, load: Load, fault: Callable[[Live, random.Random], None], rolled: random.Random) -> None:
    """All segments at once; then one is edited, one deleted, and the fault strikes, at any moment of it."""
    live.post(load)
    live.define(load)
    edited, deleted = unreferred(load)[:2]
    steps = [lambda: fault(live, rolled), lambda: edit(live, load, edited), lambda: delete(live, deleted)]
    rolled.shuffle(steps)
    for step in steps:
        time.sleep(rolled.uniform(0, 0.8))
        nobody_too_early(live, load)
        step()
    nobody_too_early(live, load)
    same(live, load, totals=False)


def killed(live: Live, rolled: random.Random) -> None:
    kill(live.system, "worker", rolled)


def emptied(live: Live, _: random.Random) -> None:
    flush(live.system)


def both(live: Live, rolled: random.Random) -> None:
    kill(live.system, "worker", rolled)
    kill(live.system, "gateway", rolled)
    flush(live.system)


def unreferred(load: Load) -> list[str]:
    text = orjson.dumps(load.segments).decode()
    return [id for id in load.segments if f'{{"segment":"{id}"}}' not in text]


def edit(live: Live, load: Load, id: str) -> None:
    rule = {"not": load.segments[id]}
    live.put("PUT", f"/v1/segments/{id}", {"name": "Edited", "rule": rule}, 200)
    live.reference.segments[id] = rule


def delete(live: Live, id: str) -> None:
    live.put("DELETE", f"/v1/segments/{id}", None, 204)
    del live.reference.segments[id]


def nobody_too_early(live: Live, load: Load) -> None:
    """Whoever is in a segment is in one that was live by then."""
    users = sorted(load.ids)[:500]
    answers = live.ask("POST", "/v1/users/segments", {"users": users})["users"]
    inside = {id for each in answers for id in each["segments"]}
    assert inside <= ever_live(live.ask("GET", "/v1/segments")["segments"]), inside


def ever_live(segments: list[dict[str, Any]]) -> set[str]:
    """Ids of those that are live, or that were edited, or made over Redis's loss."""
    return {each["id"] for each in segments if each["status"] == "live" or each["version"] > 1}
