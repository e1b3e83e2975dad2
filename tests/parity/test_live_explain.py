"""Explanations of a running system: every node, for every user and segment of a random load, against the reference."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.faults import rounds
from tests.parity.live import Live
from tests.parity.loads import Load
from tests.reference.times import iso
from tests.streams.explaining import nodes_unlike
from tests.support.system import running_system


@pytest.mark.timeout(240)
def test_no_node_differs(tmp_path: Path) -> None:
    with running_system(tmp_path) as system:
        live, load = Live(system), Load(50, families=12, calls=300, rules=9)
        rounds.compared(live, load)
        known = 0
        for user in sorted(live.ids):
            for segment in load.segments:
                lines, found = unlike(live, user, segment)
                assert lines == []
                known += found
        assert known > 100


def unlike(live: Live, user: str, segment: str) -> tuple[list[str], bool]:
    """(what is said otherwise, whether the user is known) at the instant before the question or that after it."""
    before = time.time_ns() // 1_000_000
    told = live.ask("GET", f"/v1/users/{quote(user, safe='')}/explain/{segment}")
    after = time.time_ns() // 1_000_000
    if told is None:
        return ([] if live.reference.facts(user, before) is None else [f"{user} is known"]), False
    return min((_unlike(live.reference, told, user, segment, at) for at in (before, after)), key=len), True


def _unlike(reference: Any, told: Any, user: str, segment: str, at: int) -> list[str]:
    change = reference.next_change(segment, user, at)
    expected = {
        "user": reference.user(user, at),
        "segment": segment,
        "member": segment in reference.members(user, at),
        "next_change": None if change is None else iso(change),
        "rule": told["rule"],
    }
    lines = [] if told == expected else [f"at {iso(at)} {told}: expected {expected}"]
    return lines + nodes_unlike(reference, told["rule"], user, at)
