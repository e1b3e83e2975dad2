"""Contract section 2, the topics, as a consumer and another producer see them; what is told while parts are away."""

import asyncio
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.contract.outsider import WRITE, Outsider, basic, eventually, new_id, now, page, track
from tests.support import servers
from tests.support.servers import Server
from tests.support.system import running_system

PARTITIONS = 4
SOURCES = ("page-views", "clicks", "events", "identifies")


@dataclass(frozen=True)
class OnBroker:
    """A system whose broker and store are known to the outsider, too."""

    it: Outsider
    broker: Server
    store: Server
    namespace: str

    def read(self, topic: str) -> list[tuple[bytes | None, Any]]:
        """(key, JSON value) of all records."""
        return asyncio.run(self._read(f"{self.namespace}.{topic}"))

    async def _read(self, name: str) -> list[tuple[bytes | None, Any]]:
        consumer = AIOKafkaConsumer(bootstrap_servers=self.broker.address, auto_offset_reset="earliest")
        found: list[tuple[bytes | None, Any]] = []
        await consumer.start()
        try:
            consumer.assign([TopicPartition(name, at) for at in range(PARTITIONS)])
            while batches := await consumer.getmany(timeout_ms=1000):
                found += [(each.key, json.loads(each.value)) for batch in batches.values() for each in batch]
        finally:
            await consumer.stop()
        return found

    def write(self, *records: tuple[str, bytes | None, bytes | None]) -> None:
        """Records of (topic, key, value), by the broker's default partitioner."""
        asyncio.run(self._write(records))

    async def _write(self, records: tuple[tuple[str, bytes | None, bytes | None], ...]) -> None:
        producer = AIOKafkaProducer(bootstrap_servers=self.broker.address)
        await producer.start()
        try:
            for topic, key, value in records:
                await producer.send_and_wait(f"{self.namespace}.{topic}", value, key=key)
        finally:
            await producer.stop()


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnBroker]:
    with servers.tansu() as broker, servers.valkey() as store:
        options = ["--kafka", broker.address, "--redis", store.url, "--rebalance-timeout", "4s"]
        with running_system(Path(tmp_path_factory.mktemp("topics")), options=options) as system:
            yield OnBroker(Outsider(system.url), broker, store, system.namespace)


def test_each_call_is_in_its_topic_under_its_id(on: OnBroker) -> None:
    user, anonymous = new_id(), new_id("anonymous")
    on.it.send(
        page(user),
        {"type": "screen", "anonymousId": anonymous},
        track(user, "$click"),
        track(user, "Bought"),
        track(user, "$experience", properties={"experience": "e", "variant": "v"}),
        {"type": "identify", "userId": user, "traits": {"a": 1}},
    )
    found = {topic: [(key, value["name"]) for key, value in on.read(topic)] for topic in SOURCES}
    key, other = user.encode(), anonymous.encode()
    assert {topic: sorted(each for each in names if each[0] in (key, other)) for topic, names in found.items()} == {
        "page-views": sorted([(key, "$page"), (other, "$page")]),
        "clicks": [(key, "$click")],
        "events": [(key, "$experience"), (key, "Bought")],
        "identifies": [(key, "$identify")],
    }


def test_what_is_rejected_is_kept_with_its_reason(on: OnBroker) -> None:
    word = new_id("word")
    assert on.it.rejected({"type": word}, track("x" * 257, word)) == [(0, "unknown_type"), (1, "bad_id")]
    mine = [value for _, value in on.read("dead-letters") if word in json.dumps(value)]
    assert sorted(value["reason"] for value in mine) == ["bad_id", "unknown_type"]
    assert all(value["message"] for value in mine)


def test_what_has_no_consent_is_nowhere(on: OnBroker) -> None:
    word = new_id("word")
    consent = {"consent": {"categoryPreferences": {"analytics": False}}}
    on.it.send({"type": "track", "userId": word, "event": word, "context": consent})
    for topic in (*SOURCES, "dead-letters"):
        assert word not in json.dumps([value for _, value in on.read(topic)]), topic


def event(id: str, **more: Any) -> bytes:
    """By the documented schema: what another producer writes."""
    return json.dumps({
        "id": id, "type": "track", "name": "Bought", "time": now() - 1000, "received": now(), "message_id": new_id("m"),
        "user_id": id, **more,
    }).encode()  # fmt: skip


GARBAGE = [b"", b"{", b"null", b"[]", b"7", b'"text"', b"{}", b"\xff\xfe", b'{"id":7}', b"[" * 100_000, None]


def test_another_producer_is_as_good_as_the_collector(on: OnBroker) -> None:
    id = new_id()
    on.it.send(track(new_id()))
    on.write(("events", id.encode(), event(id)), ("events", id.encode(), event(id, properties={"price": 7})))
    eventually(lambda: on.it.is_known(id) and on.it.counters(id)[2] == 2, "what was written is not seen")


@pytest.mark.parametrize("topic", SOURCES)
def test_garbage_goes_to_the_dead_letters_and_stops_nothing(on: OnBroker, topic: str) -> None:
    id = new_id()
    before = len(on.read("dead-letters"))
    for value in GARBAGE:
        on.write((topic, id.encode(), value))
        on.it.send(track(id))
    wrong = [event(id, type="page"), event(id, time=1 << 60), event(id, name="$visit"), event("other")]
    if topic == "events":
        on.write(*[(topic, id.encode(), value) for value in wrong])
    on.it.send(track(id))
    expected = len(GARBAGE) + (len(wrong) if topic == "events" else 0)
    eventually(lambda: len(on.read("dead-letters")) >= before + expected, "not all garbage is told")
    letters = [value for _, value in on.read("dead-letters")]
    assert len(letters) == before + expected
    assert all(letter["reason"] and letter["message"] for letter in letters)
    assert on.it.counters(id)[2] == len(GARBAGE) + 1


@contextmanager
def standing_still(server: Server) -> Iterator[None]:
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_while_the_broker_is_away_nothing_is_acknowledged(on: OnBroker) -> None:
    id, message = new_id(), new_id("message")
    with standing_still(on.broker):
        answer = on.it.post("/v1/track", {**track(id), "messageId": message})
        answer.error(503)
        assert int(answer.headers["retry-after"]) >= 1
        assert on.it.http("GET", "/healthz").status == 200
    eventually(lambda: on.it.post("/v1/track", {**track(id), "messageId": message}).status == 200, "it is not back")
    on.it.send(track(id))
    assert on.it.counters(id)[2] == 2, "what was sent again counts once"


def test_while_the_store_is_away_lookups_say_so(on: OnBroker) -> None:
    id = new_id()
    on.it.send(track(id))
    with standing_still(on.store):
        for method, path, document in (
            ("GET", f"/v1/users/{id}/segments", None),
            ("GET", f"/v1/users/{id}", None),
            ("POST", "/v1/users/segments", {"users": [id]}),
        ):
            answer = on.it.ask(method, path, document)
            answer.error(503)
            assert int(answer.headers["retry-after"]) >= 1
        body = json.dumps(track(id)).encode()
        assert on.it.http("POST", "/v1/track", body, basic(WRITE)).status == 200, "events are taken all the same"
    eventually(lambda: on.it.ask("GET", f"/v1/users/{id}").status == 200, "lookups are not back")
    on.it.send(track(id))
    assert on.it.counters(id)[2] == 3
