"""Contract sections 1 and 6: what a running system shows of itself, and how it begins and ends."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.contract.outsider import DAY, Outsider, eventually, iso, new_id, now, page, track
from tests.support.system import SHOAL, alive, running_system

KINDS = {
    "shoal_segment_members": "gauge",
    "shoal_users": "gauge",
    "shoal_users_active_7d": "gauge",
    "shoal_users_new_7d": "gauge",
    "shoal_events": "counter",
    "shoal_event_to_lookup_seconds": "histogram",
    "shoal_lookup_seconds": "histogram",
    "shoal_dead_letters": "counter",
    "shoal_timer_lag_seconds": "histogram",
}
LABELS = {"shoal_segment_members": "segment", "shoal_events": "topic", "shoal_dead_letters": "reason"}


def scrape(it: Outsider) -> dict[str, Any]:
    answer = it.http("GET", "/metrics", port=it.port + 1)
    assert answer.status == 200
    return {family.name: family for family in text_string_to_metric_families(answer.body.decode())}


def value(it: Outsider, name: str, **labels: str) -> float:
    samples = scrape(it)[name].samples
    return sum(each.value for each in samples if each.labels == labels and not each.name.endswith("_created"))


def test_metrics_are_on_the_next_port_and_have_their_names(it: Outsider) -> None:
    event = new_id("event")
    it.live({"did": {"event": event}, "window": {"last": "1s"}})
    user = new_id()
    it.send(track(user, event), page(user))
    it.rejected({"type": "?"})
    it.segments_of(user)
    eventually(lambda: it.segments_of(user) == [], "the window has not run out")
    eventually(lambda: scrape(it).keys() >= KINDS.keys(), "a metric is not there")
    families = scrape(it)
    assert {name: families[name].type for name in KINDS} == KINDS
    for name, label in LABELS.items():
        assert all(label in each.labels for each in families[name].samples)


def test_events_are_counted_by_topic(it: Outsider) -> None:
    topics = ("page-views", "clicks", "events", "identifies")
    user = new_id()
    it.send(page(user), track(user), track(user, "$click"), {"type": "identify", "userId": user})
    before = [value(it, "shoal_events", topic=topic) for topic in topics]
    it.send(page(user), *[track(user, "$click")] * 2, *[track(user)] * 3, *[{"type": "identify", "userId": user}] * 4)
    eventually(
        lambda: (
            [value(it, "shoal_events", topic=topic) for topic in topics]
            == [had + more for had, more in zip(before, (1, 2, 3, 4), strict=True)]
        ),
        "not all are counted",
    )


def test_sizes_are_exact_within_two_seconds(it: Outsider) -> None:
    event = new_id("event")
    [id] = it.live({"did": {"event": event}})
    assert value(it, "shoal_segment_members", segment=id) == 0
    users = value(it, "shoal_users")
    it.send(*[track(new_id(), event) for _ in range(5)])
    eventually(lambda: value(it, "shoal_segment_members", segment=id) == 5, "the size lags for longer")
    assert value(it, "shoal_users") == users + 5
    old = new_id()
    active, new = value(it, "shoal_users_active_7d"), value(it, "shoal_users_new_7d")
    it.send(track(old, timestamp=iso(now() - 8 * DAY)))
    eventually(lambda: value(it, "shoal_users") == users + 6, "the old one is a user too")
    assert (value(it, "shoal_users_active_7d"), value(it, "shoal_users_new_7d")) == (active, new)


def test_lookups_and_latency_are_measured(it: Outsider) -> None:
    def count(name: str) -> float:
        return sum(each.value for each in scrape(it)[name].samples if each.name.endswith("_count"))

    it.send(track(new_id()))
    lookups, events = count("shoal_lookup_seconds"), count("shoal_event_to_lookup_seconds")
    it.send(track(new_id()))
    it.segments_of("anyone")
    assert count("shoal_lookup_seconds") == lookups + 1
    assert count("shoal_event_to_lookup_seconds") > events


@pytest.mark.parametrize("reason", ["not_object", "bad_id", "reserved_name"])
def test_dead_letters_are_counted_by_reason(it: Outsider, reason: str) -> None:
    call = {"not_object": 7, "bad_id": track("x" * 257), "reserved_name": track("u", "$page")}[reason]
    assert it.rejected(call) == [(0, reason)]
    before = value(it, "shoal_dead_letters", reason=reason)
    it.rejected(call, call)
    assert value(it, "shoal_dead_letters", reason=reason) == before + 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_health_on_both_ports_without_a_key(it: Outsider, path: str) -> None:
    for port in (it.port, it.port + 1):
        assert it.http("GET", path, port=port).status == 200


# Section 1: `shoal up`


def test_it_begins_keeps_running_and_ends(tmp_path: Path) -> None:
    """The ready line; a part that dies is there again; SIGTERM leaves nothing."""
    with running_system(tmp_path) as system:
        assert system.ready_line == f"ready http://127.0.0.1:{system.settings.port}"
        it, user = Outsider(system.url), new_id()
        it.send(track(user))
        for role in ("worker", "gateway"):
            gone = system.kill9(role)
            eventually(lambda gone=gone, role=role: [p for p in system.pids(role) if p != gone] != [], "not again")  # type: ignore[misc]
        eventually(lambda: answers(it), "the gateway does not answer again")
        it.send(track(user))
        assert it.counters(user)[2] == 2
        everyone = system.all_pids()
        begun = time.monotonic()
        os.kill(system.pid("up"), signal.SIGTERM)
        assert system.process.wait(15) == 0
        assert time.monotonic() - begun <= 10
        assert not any(map(alive, everyone))


def answers(it: Outsider) -> bool:
    try:
        return it.http("GET", "/readyz").status == 200
    except OSError:
        return False


# `shoal segment test`

EVENTS = [
    {"type": "page", "anonymousId": "a", "timestamp": "2024-05-01T10:00:00Z"},
    {"type": "identify", "userId": "u", "anonymousId": "a", "timestamp": "2024-05-01T10:01:00Z"},
    {"type": "track", "event": "Buy", "userId": "u", "timestamp": "2024-05-01T10:02:00Z"},
    {"type": "track", "event": "Buy", "userId": "v", "receivedAt": "2024-05-03T00:00:00.000Z"},
    {"type": "track", "event": "Buy", "userId": "later", "timestamp": "2024-06-01T00:00:00Z",
     "receivedAt": "2024-06-01T00:00:00Z"},
]  # fmt: skip


def judged(tmp_path: Path, rule: Any, *more: str) -> "subprocess.CompletedProcess[str]":
    (tmp_path / "rule.json").write_text(json.dumps(rule))
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    command = [sys.executable, str(SHOAL), "segment", "test", str(tmp_path / "rule.json")]
    words = [*command, "--events", str(tmp_path / "events.jsonl"), *more]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_a_rule_is_judged_with_no_server(tmp_path: Path) -> None:
    rule = {"did": {"event": "Buy"}, "window": {"last": "7d"}}
    done = judged(tmp_path, rule, "--at", "2024-05-05T00:00:00Z")
    assert done.returncode == 0, done.stderr
    lines = sorted((json.loads(line) for line in done.stdout.splitlines()), key=lambda line: str(line["user"]))
    assert lines == [
        {"user": "u", "member": True, "next_change": "2024-05-08T10:02:00.000Z"},
        {"user": "v", "member": True, "next_change": "2024-05-10T00:00:00.000Z"},
    ]
    done = judged(tmp_path, rule, "--at", "2024-05-08T10:02:00Z")
    members = {json.loads(line)["user"]: json.loads(line) for line in done.stdout.splitlines()}
    assert members["u"] == {"user": "u", "member": False, "next_change": None}
    assert members["v"]["member"] is True


def test_it_knows_other_segments(tmp_path: Path) -> None:
    segments = tmp_path / "segments"
    segments.mkdir()
    (segments / "buyers.json").write_text(json.dumps({"name": "Buyers", "rule": {"did": {"event": "Buy"}}}))
    rule = {"not": {"segment": "buyers"}}
    done = judged(tmp_path, rule, "--at", "2024-05-02T00:00:00Z", "--segments", str(segments))
    members = {json.loads(line)["user"]: json.loads(line)["member"] for line in done.stdout.splitlines()}
    assert members == {"u": False}


def test_a_refused_rule_is_told(tmp_path: Path) -> None:
    done = judged(tmp_path, {"all": []})
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip()
