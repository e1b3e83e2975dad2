"""A system of parts for measuring: broker, store, topics, and workers and gateways that are started one by one.

Owns their start on free ports, in a directory of their own, each on its core, and their end. Apache Kafka where
`make kafka` fetched it, else the embedded broker.
"""

import http.client
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import redis

from bench.machine import MEASURED, REST, pinned
from cli import processes
from cli.embedded import tansu_command, valkey_command
from cli.kafka import PROJECT, Kafka
from cli.ports import answers, free_ports, wait_until
from schemas.settings import Settings, as_environment
from schemas.topics import Topic
from stores import keys
from stores.topics import create_topics

Process = subprocess.Popen[str]
SHOAL = Path(sys.executable).parent / "shoal"
BASE = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(PROJECT)}
"""The environment that every process begins with."""
NO_SETTINGS: Mapping[str, str] = {}


def broker_name() -> str:
    there = shutil.which("java") and any((PROJECT / ".kafka" / "lib").glob("kafka_2.13-*.jar"))
    return "kafka" if there else "tansu"


@dataclass
class Rig:
    """`settings` has the addresses of the running broker and store."""

    directory: Path
    settings: Settings
    running: list[Process] = field(default_factory=list)

    def start(
        self, name: str, command: Sequence[str], core: int, environment: Mapping[str, str] = NO_SETTINGS
    ) -> Process:
        given = BASE | dict(environment)
        process = processes.spawn(pinned(command, core), given, log=self.directory / f"{name}.log")
        self.running.append(process)
        return process

    def worker(self, core: int = MEASURED, name: str = "worker") -> Process:
        own = replace(self.settings, data_dir=str(self.directory / name), metrics_port=None)
        return self.start(name, [sys.executable, str(SHOAL), "worker"], core, as_environment(own))

    def gateway(self, core: int = REST) -> Process:
        return self.start("gateway", [sys.executable, str(SHOAL), "gateway"], core, as_environment(self.settings))

    def end(self, process: Process) -> None:
        processes.end(process, 20.0)
        self.running.remove(process)

    def log(self, name: str) -> str:
        return processes.last_line(self.directory / f"{name}.log")

    # What it says

    def track(self, user: str, event: str) -> tuple[int, Any]:
        body = {"anonymousId": user, "event": event, "writeKey": self.settings.write_key}
        return self.call("POST", "/v1/track", body, {})

    def segments_of(self, user: str) -> list[str]:
        status, answer = self.call("GET", f"/v1/users/{user}/segments")
        return list(answer["segments"]) if status == 200 else []

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """(status, decoded answer), with the secret key unless other headers are given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=30.0)
        headers = {"Authorization": f"Bearer {self.settings.secret_key}"} if headers is None else headers
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            connection.close()

    def ready(self, timeout: float = 60.0) -> None:
        """Waits until the gateway says that an event would come through to a lookup."""
        self.until(self._is_ready, "the gateway is not ready", timeout)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=2.0)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def until(self, true: Callable[[], bool], otherwise: str, timeout: float, pause: float = 0.05) -> None:
        deadline = time.monotonic() + timeout
        while not true():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{otherwise} after {timeout:g} s; worker: {self.log('worker')}")
            time.sleep(pause)

    def make_segments(self, rules: dict[str, dict[str, Any]], timeout: float = 120.0) -> None:
        """Makes them and waits until all are live."""
        for id, rule in rules.items():
            status, answer = self.call("POST", "/v1/segments", {"id": id, "name": id, "rule": rule})
            if status != 201:
                raise RuntimeError(f"segment {id}: {status} {answer}")
        self.until(self._all_live, "segments are not live", timeout, 0.2)

    def _all_live(self) -> bool:
        return all(segment["status"] == "live" for segment in self.call("GET", "/v1/segments")[1]["segments"])

    def store(self) -> "redis.Redis":
        return redis.Redis.from_url(str(self.settings.redis))

    def applied(self, topics: Sequence[Topic]) -> int:
        """How many records of these topics lookups show the effect of, over all partitions."""
        names = [keys.applied(topic) for topic in topics]
        with self.store() as client:
            pipe = client.pipeline(transaction=False)
            for partition in range(self.settings.partitions):
                pipe.hmget(keys.fields(self.settings.namespace, partition), names)
            return sum(int(value or 0) for row in pipe.execute() for value in row)


@contextmanager
def rig(partitions: int = 4) -> Iterator[Rig]:
    """Broker and store running, topics made."""
    directory = Path(tempfile.mkdtemp(prefix="shoal-bench-"))
    port = free_ports(2)
    made = Rig(directory, Settings(port=port, metrics_port=port + 1, partitions=partitions, namespace="bench"))
    try:
        made.settings = replace(made.settings, kafka=f"127.0.0.1:{_broker(made)}")
        made.settings = replace(made.settings, redis=f"redis://127.0.0.1:{_store(made)}")
        create_topics(made.settings, timeout=60.0)
        yield made
    finally:
        for process in reversed(made.running):
            processes.end(process, 20.0)
        shutil.rmtree(directory, ignore_errors=True)


def _broker(made: Rig) -> int:
    if broker_name() == "kafka":
        kafka = Kafka(made.directory / "kafka", None)
        subprocess.run(kafka.format_command, check=True, capture_output=True)
        port, command = kafka.port, list(kafka.command)
    else:
        port = free_ports()
        command = tansu_command(port)
        made.settings = replace(made.settings, rebalance_timeout=4000)
    made.settings = replace(made.settings, session_timeout=6000)
    return _listening(made, "broker", command, port)


def _store(made: Rig) -> int:
    port = free_ports()
    return _listening(made, "store", valkey_command(port, made.directory), port)


def _listening(made: Rig, name: str, command: Sequence[str], port: int) -> int:
    process = made.start(name, command, REST)
    if (
        not wait_until(lambda: process.poll() is not None or answers("127.0.0.1", port), 60.0)
        or process.poll() is not None
    ):
        raise RuntimeError(f"{name} did not start: {made.log(name)}")
    return port
