"""Poison amid a load: each piece is told or in the dead letters, with its reason and counted; all around it arrives."""

import asyncio
import re
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer

from cli.ports import wait_until
from schemas.topics import Topic
from tests.faults import poison
from tests.faults.rounds import same
from tests.parity.live import Live
from tests.parity.loads import Load
from tests.reference.calls import consents, refusal
from tests.support.system import RunningSystem, running_system
from tests.support.topics import read_topics

pytestmark = pytest.mark.timeout(240)


def test_each_is_told_and_all_around_it_arrives(tmp_path: Path) -> None:
    with running_system(tmp_path) as system:
        live, load = Live(system), Load(7, calls=300, rules=6)
        live.define(load)
        told: Counter[str] = Counter()
        during = [
            (0.1, lambda: _bodies(system)),
            (0.3, lambda: told.update(_calls(system))),
            (0.5, lambda: asyncio.run(_records(system))),
            (0.7, lambda: told.update(_calls(system))),
        ]
        live.post(load, during, seconds=2.0)
        live.settle()
        status, good = system.call("GET", "/v1/users/good")
        assert (status, good["counters_7d"]["events"]) == (200, 4 * len(poison.CALLS))
        assert system.call("GET", "/v1/users/odd")[0] == 200
        told.update(_rejections(load))
        _dead_letters(system, told)
        assert system.call("GET", "/v1/segments")[0] == 200
        same(live, load, totals=False)
        live.define(Load(8, 1, rules=3))  # what is filled after it reads the garbage again
        same(live, load, totals=False)
        assert " ended (" not in system.errors, system.errors


def _rejections(load: Load) -> list[str]:
    """What the reference says of the load's own rejected calls, and of consent."""
    codes = [(refusal(each.call), each.call) for each in load.arrivals]
    names = {"no_id": "missing_id", "no_event": "missing_event", "not_an_object": "not_object", None: "consent"}
    return [names.get(code, str(code)) for code, call in codes if code or not consents(call)]


def _bodies(system: RunningSystem) -> None:
    for body in poison.BODIES:
        status, answer = system.call("POST", "/v1/batch", body)
        assert status == 400 and answer["code"] and answer["message"], (body[:50], status, answer)


def _calls(system: RunningSystem) -> Counter[str]:
    told: Counter[str] = Counter()
    good = '{"type":"track","userId":"good","event":"fine"}'
    for call, code in poison.CALLS:
        status, answer = system.call("POST", "/v1/batch", f'{{"batch":[{good},{call},{good}]}}'.encode())
        assert status == 200, (call[:80], answer)
        found = [(each["index"], each["code"]) for each in answer.get("rejected", [])]
        assert found == ([] if code is None else [(1, code)]), (call[:80], answer)
        told.update(each for _, each in found)
        system.settle(answer["position"], 60.0)
    return told


async def _records(system: RunningSystem) -> None:
    """Straight into the topics, some 70 records."""
    producer = AIOKafkaProducer(bootstrap_servers=system.settings.kafka)
    await producer.start()
    try:
        for topic in poison.SOURCES:
            for number, (key, value) in enumerate(poison.RECORDS):
                await producer.send(topic.named(system.namespace), value, key=key, partition=number % 4)
        for number, event in enumerate(poison.EVENTS):
            value = orjson.dumps(event)
            await producer.send(Topic.EVENTS.named(system.namespace), value, key=b"odd", partition=number % 4)
        for key, value in poison.DEFINITIONS:
            await producer.send(Topic.SEGMENTS.named(system.namespace), value, key=key, partition=0)
    finally:
        await producer.stop()


def _dead_letters(system: RunningSystem, told: Counter[str]) -> None:
    """Every piece is there once, with a reason, and counted under it."""
    written = len(poison.SOURCES) * len(poison.RECORDS) + len(poison.EVENTS)
    letters: list[dict[str, Any]] = []

    def complete() -> bool:
        found = asyncio.run(read_topics(system.settings, [Topic.DEAD_LETTERS]))
        letters[:] = [letter for _, _, letter in found]
        return sum(letter["source"] != "collector" for letter in letters) >= written

    assert wait_until(complete, 30.0), (len(letters), written)
    assert all(letter["reason"] and letter["message"] for letter in letters)
    from_topics = Counter(letter["source"].split(":")[0] for letter in letters if letter["source"] != "collector")
    expected = {topic.value: len(poison.RECORDS) for topic in poison.SOURCES}
    expected[Topic.EVENTS.value] += len(poison.EVENTS)
    assert from_topics == expected
    consent = told.pop("consent", 0)
    assert Counter(letter["reason"] for letter in letters if letter["source"] == "collector") == told
    reasons = Counter(letter["reason"] for letter in letters) + Counter({"consent": consent})
    text = system.raw("GET", "/metrics", port=system.settings.metrics)[2].decode()
    counted = re.findall(r'^shoal_dead_letters_total\{reason="(\w+)"\} (\S+)$', text, re.MULTILINE)
    assert {reason: int(float(count)) for reason, count in counted if float(count)} == dict(reasons)
