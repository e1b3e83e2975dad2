"""Brokers and stores for tests: real processes on free ports, which end with the test process."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli import processes
from cli.embedded import tansu_command, valkey_command
from cli.kafka import Kafka
from cli.ports import answers, free_ports, wait_until


@dataclass(frozen=True)
class Server:
    """A running broker (`address` is what clients bootstrap from) or store; `pid` for tests that stop it."""

    port: int
    pid: int
    kind: str

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"redis://{self.address}"


@contextmanager
def tansu() -> Iterator[Server]:
    port = free_ports()
    with _running("tansu", tansu_command(port), port) as server:
        yield server


@contextmanager
def valkey() -> Iterator[Server]:
    port = free_ports()
    with (
        tempfile.TemporaryDirectory() as directory,
        _running("valkey", valkey_command(port, Path(directory)), port) as server,
    ):
        yield server


@contextmanager
def kafka(directory: Path) -> Iterator[Server]:
    """Apache Kafka; a second one on the same directory is the same broker with the same data, at the same port."""
    broker = Kafka(directory, None)
    if not broker.formatted:
        formatting = processes.spawn(broker.format_command, log=broker.log)
        assert formatting.wait(60) == 0, processes.last_line(broker.log)
    with _running("kafka", list(broker.command), broker.port, 60.0) as server:
        yield server


@contextmanager
def _running(kind: str, command: list[str], port: int, timeout: float = 30.0) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory) / f"{kind}.log"
        process = processes.spawn(command, log=log)
        try:
            started = wait_until(lambda: process.poll() is not None or answers("127.0.0.1", port), timeout)
            assert started and process.poll() is None, f"{kind} did not start: {processes.last_line(log)}"
            yield Server(port, process.pid, kind)
        finally:
            processes.end(process)
