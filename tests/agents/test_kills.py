"""Workers of `tests.agents.counting` on a real broker, killed, joined and ended: the counts are exact, by key.

On the embedded broker and on Apache Kafka. A worker that is killed leaves its membership to time out, so each kill
costs seconds here.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from schemas import settings as setting
from schemas.topics import Topic
from stores.partitions import PartitionStore
from stores.topics import create_topics
from tests.agents.counting import total
from tests.support import needs
from tests.support.servers import Server

EVENTS = 50_000
ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.timeout(300)


async def _produce(address: str, topic: str, keys: list[str]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address, linger_ms=5)
    await producer.start()
    for key in keys:
        await producer.send(topic, b"{}", key=key.encode())
    await producer.stop()


class Workers:
    """The processes of one namespace; each writes what it says to a file of its own."""

    def __init__(self, server: Server, namespace: str, directory: Path) -> None:
        self.directory = directory
        self.environment = {
            **os.environ,
            "SHOAL_KAFKA": server.address,
            "SHOAL_NAMESPACE": namespace,
            "SHOAL_SESSION_TIMEOUT": "2s" if server.kind == "tansu" else "6s",  # Kafka takes none shorter
            "SHOAL_REBALANCE_TIMEOUT": "4s",
            "BATCH": "200",
            "SLOW": "0.01",
        }
        self.settings = setting.load({}, self.environment)
        self.topic = Topic.PAGE_VIEWS.named(namespace)
        create_topics(self.settings)
        self.expected: Counter[str] = Counter()
        self.running: list[subprocess.Popen[bytes]] = []

    def produce(self, count: int) -> None:
        keys = [f"u{random.randrange(2000)}" for _ in range(count)]
        self.expected.update(keys)
        asyncio.run(_produce(str(self.settings.kafka), self.topic, keys))

    def start(self, name: str, **environment: Any) -> subprocess.Popen[bytes]:
        with (self.directory / f"{name}.out").open("ab") as out, (self.directory / f"{name}.err").open("ab") as err:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.agents.counting", str(self.directory / name)],
                env=self.environment | {each: str(value) for each, value in environment.items()},
                cwd=ROOT,
                stdout=out,
                stderr=err,
            )
        self.running.append(process)
        return process

    def said(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.directory / f"{name}.out").read_text().splitlines()]

    def errors(self, name: str) -> str:
        return (self.directory / f"{name}.err").read_text()[-6000:]

    def state(self, name: str) -> dict[str, Any]:
        """What the worker said last of what it has."""
        return next((each for each in reversed(self.said(name)) if "seen" in each), {"seen": 0, "committed": {}})

    def until(self, what: Callable[[], bool], timeout: float = 90.0) -> None:
        deadline = time.monotonic() + timeout
        while not what():
            names = [path.stem for path in self.directory.glob("*.out")]
            assert time.monotonic() < deadline, [(self.state(name), self.errors(name)) for name in names]
            time.sleep(0.1)

    def has_seen(self, name: str, events: int) -> None:
        self.until(lambda: self.state(name)["seen"] > events)

    def all_committed(self, *names: str) -> None:
        def committed() -> int:
            return sum(each or 0 for name in names for each in self.state(name)["committed"].values())

        self.until(lambda: committed() == self.expected.total())

    def counted(self, name: str) -> dict[str, int]:
        """By key, what is in the partitions that a worker has ended with."""
        counts: dict[str, int] = {}
        for path in sorted((self.directory / name / "profiles").iterdir()):
            store = PartitionStore(path)
            counts |= total(store)
            store.close()
        return counts


@pytest.fixture(params=["broker", pytest.param("kafka_broker", marks=[pytest.mark.kafka, needs.KAFKA.mark])])
def workers(request: pytest.FixtureRequest, namespace: str, tmp_path: Path) -> Iterator[Workers]:
    made = Workers(request.getfixturevalue(request.param), namespace, tmp_path)
    yield made
    for process in made.running:
        process.kill()
        process.wait()


def test_killed_again_and_again(workers: Workers) -> None:
    """kill -9 at random points; with its rows on disk, and with all of them recovered from the changelog."""
    workers.produce(EVENTS)
    for _ in range(2):
        workers.start("a", KILL_AT=random.randrange(3000, 12_000)).wait(timeout=60)
    workers.start("b", KILL_AT=random.randrange(3000, 12_000)).wait(timeout=60)
    last = workers.start("a")
    workers.all_committed("a")
    last.terminate()
    assert last.wait(timeout=5) == 0, workers.errors("a")
    assert workers.counted("a") == workers.expected


@pytest.mark.parametrize("standbys", [0, 1])
def test_another_joins_and_is_killed(workers: Workers, standbys: int) -> None:
    """A clean hand-over replays nothing; after the kill the first one has it all."""
    workers.environment["SHOAL_STANDBYS"] = str(standbys)
    workers.produce(EVENTS // 2)
    first = workers.start("a", SLOW=0.1)
    workers.has_seen("a", 2000)
    second = workers.start("b", SLOW=0.1)
    workers.has_seen("b", 1000)
    workers.all_committed("a", "b")
    assert sum(workers.state(name)["seen"] for name in ("a", "b")) == EVENTS // 2
    workers.produce(EVENTS // 2)
    time.sleep(random.random())
    second.kill()
    workers.all_committed("a")
    first.terminate()
    assert first.wait(timeout=5) == 0, workers.errors("a")
    assert workers.counted("a") == workers.expected


def test_ended_and_started_again(workers: Workers) -> None:
    """SIGTERM in the middle of the work: what was begun is finished and committed, nothing is processed twice."""
    workers.produce(EVENTS)
    first = workers.start("a")
    workers.has_seen("a", 5000)
    began = time.monotonic()
    first.terminate()
    assert first.wait(timeout=5) == 0, workers.errors("a")
    assert time.monotonic() - began < 5
    again = workers.start("a")
    workers.all_committed("a")
    again.terminate()
    again.wait(timeout=5)
    assert workers.counted("a") == workers.expected
    assert sum(each["ended"] for each in workers.said("a") if "ended" in each) == EVENTS


def test_an_agent_that_raises_ends_the_process_and_loses_nothing(workers: Workers) -> None:
    workers.produce(EVENTS // 10)
    failing = workers.start("a", FAIL_AT=500)
    assert failing.wait(timeout=60) != 0
    assert "told to fail" in workers.errors("a")
    again = workers.start("a")
    workers.all_committed("a")
    again.terminate()
    again.wait(timeout=5)
    assert workers.counted("a") == workers.expected
