"""A worker as a process of its own: what it shows on its own port, and how it tells that it has to end."""

import http.client
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from cli import processes
from cli.ports import free_ports, wait_until
from schemas.settings import Settings
from schemas.topics import SOURCE_TOPICS
from stores import keys
from stores.topics import create_topics
from tests.support.servers import Server
from tests.support.system import SHOAL

PATIENCE = 60.0


@dataclass
class Alone:
    """A worker with nothing around it but a broker and a store."""

    redis: Server
    namespace: str
    port: int
    log: Path

    def get(self, path: str) -> tuple[int, str]:
        """(0, "") while nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5.0)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def lags(self) -> dict[tuple[str, str], float]:
        families = {each.name: each for each in text_string_to_metric_families(self.get("/metrics")[1])}
        found = families.get("shoal_consumer_lag_records")
        return {(each.labels["topic"], each.labels["partition"]): each.value for each in found.samples} if found else {}


@pytest.fixture
def worker(broker: Server, redis_server: Server, namespace: str, tmp_path: Path) -> Iterator[tuple[Alone, object]]:
    create_topics(Settings(kafka=broker.address, namespace=namespace, partitions=2))
    it = Alone(redis_server, namespace, free_ports(), tmp_path / "log")
    words = ["--kafka", broker.address, "--redis", redis_server.address, "--namespace", namespace, "--partitions", "2"]
    times = ["--session-timeout", "6s", "--rebalance-timeout", "4s"]
    command = [sys.executable, str(SHOAL), "worker", *words, *times, "--metrics-port", str(it.port)]
    process = processes.spawn(command, log=it.log)
    try:
        assert wait_until(lambda: it.get("/readyz")[0] == 200, PATIENCE), it.log.read_text()
        yield it, process
    finally:
        processes.end(process)


def test_it_shows_itself_and_ends_with_one_line_when_it_is_fenced(worker: tuple[Alone, object]) -> None:
    it, process = worker
    assert it.get("/healthz")[0] == 200
    every = {(topic.value, str(partition)): 0.0 for topic in SOURCE_TOPICS for partition in range(2)}
    assert wait_until(lambda: it.lags() == every, PATIENCE), it.lags()
    with redis.Redis.from_url(it.redis.url) as client:
        client.hset(keys.fields(it.namespace, 1), keys.FENCE, "9999999999.000000000000")
    assert wait_until(lambda: process.poll() is not None, PATIENCE)  # type: ignore[attr-defined]
    assert process.returncode == 1  # type: ignore[attr-defined]
    told = it.log.read_text()
    assert told.count("\n") == 1, told
    assert told.startswith("shoal: partition 1 is another worker's by now, so this one ends")
