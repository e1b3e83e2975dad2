"""Reads the tables and runs them through an `Implementation`; every expectation that is not met is one line."""

import re
from pathlib import Path

import yaml

from tests.reference.times import duration, instant, iso
from tests.strategies import Arrival

BASE = instant("2026-11-20T00:00:00Z")
FILES = sorted(Path(__file__).parent.glob("*.yaml"))
EXPECTATIONS = ("in", "not_in", "same", "known", "changes", "facts")
STEP_KEYS = {"at", "send", "make", *EXPECTATIONS}


def scenarios():
    """Every scenario of every table."""
    return [scenario for path in FILES for scenario in yaml.safe_load(path.read_text())]


def moment(text):
    """`7d - 1ms`, `2d + 3h`, `0`: ms after the scenario's start."""
    parts = re.findall(r"([+-]?)\s*(\d+)(ms|[smhdw])?", str(text))
    if re.sub(r"\s*[+-]?\s*\d+(ms|[smhdw])?", "", str(text)):
        raise ValueError(f"no instant: {text!r}")
    total = 0
    for sign, number, unit in parts:
        length = int(number) if unit in ("", "ms") else duration(number + unit)
        total += -length if sign == "-" else length
    return total


def run(scenario, implementation):
    """The lines that say what was expected and found instead."""
    steps, lines, clock = scenario["steps"], [], 0
    if not any("make" in step for step in steps):
        implementation.define(scenario["segments"], BASE)
    for step in steps:
        if step.keys() - STEP_KEYS or moment(step["at"]) < clock:
            raise ValueError(f"no step: {step}")
        clock = moment(step["at"])
        if "make" in step:
            implementation.define(scenario["segments"], BASE + clock)
        sent = step.get("send", [])
        for call in sent if isinstance(sent, list) else [sent]:
            implementation.send(arrival(call, BASE + clock))
        for key in EXPECTATIONS:
            if key in step:
                found = _CHECKS[key](implementation, step[key], BASE + clock)
                lines += [f"at {step['at']}: {line}" for line in found]
    return lines


def arrival(call, received):
    """A call of a table as it is posted."""
    posted = {key: value for key, value in call.items() if key not in ("happened", "sent")}
    for key, name in (("happened", "timestamp"), ("sent", "sentAt")):
        if key in call:
            posted[name] = iso(BASE + moment(call[key]))
    return Arrival(posted, received)


def _in(implementation, expected, now, *, is_in=True):
    for id, segments in expected.items():
        members = implementation.members(id, now)
        for segment in segments:
            if (segment in members) is not is_in:
                yield f"{id} should {'' if is_in else 'not '}be in {segment}"


def _not_in(implementation, expected, now):
    return _in(implementation, expected, now, is_in=False)


def _same(implementation, expected, now):
    for id, user in expected.items():
        found = implementation.user(id, now)
        if found != user:
            yield f"{id} should lead to {user}, not {found}"


def _known(implementation, expected, now):
    found = sorted(implementation.users(now))
    if found != sorted(expected):
        yield f"known should be {sorted(expected)}, not {found}"


def _changes(implementation, expected, now):
    for id, segments in expected.items():
        for segment, text in segments.items():
            wanted = None if text is None else BASE + moment(text)
            found = implementation.next_change(segment, id, now)
            if found != wanted:
                yield f"{id} and {segment} should change at {text}, not {found} (start + {(found or BASE) - BASE} ms)"


def _facts(implementation, expected, now):
    for id, facts in expected.items():
        found = implementation.facts(id, now) or {}
        for name, value in facts.items():
            if found.get(name) != value:
                yield f"{id}: {name} should be {value}, not {found.get(name)}"


_CHECKS = {"in": _in, "not_in": _not_in, "same": _same, "known": _known, "changes": _changes, "facts": _facts}
