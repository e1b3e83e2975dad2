"""`shoal worker`, `gateway` and `topics create` by themselves: what keeps them from starting, in one line."""

import fcntl
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import reach
from cli.main import main
from cli.ports import free_ports
from schemas.settings import Settings
from stores.topics import create_topics
from tests.support.servers import Server


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reach, "PATIENCE", 1.0)


def shoal(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def one_line(done: Result) -> str:
    assert done.exit_code == 1, done.output
    assert done.stdout == ""
    assert done.stderr.startswith("shoal: ")
    assert done.stderr.count("\n") == 1
    return done.stderr.removeprefix("shoal: ").rstrip("\n")


@pytest.mark.parametrize("word", ["worker", "gateway"])
def test_store_away(word: str) -> None:
    address = f"127.0.0.1:{free_ports()}"
    assert f"Redis at redis://{address} is not reachable" in one_line(shoal(word, "--kafka", "a:1", "--redis", address))


@pytest.mark.parametrize("word", ["worker", "gateway"])
def test_broker_away(word: str, redis_server: Server) -> None:
    address = f"127.0.0.1:{free_ports()}"
    told = one_line(shoal(word, "--kafka", address, "--redis", redis_server.address))
    assert f"Kafka at {address} is not reachable" in told


@pytest.mark.parametrize("word", ["worker", "gateway"])
def test_topics_not_made(word: str, broker: Server, redis_server: Server, namespace: str) -> None:
    connections = ("--kafka", broker.address, "--redis", redis_server.address, "--namespace", namespace)
    assert one_line(shoal(word, *connections)).endswith(f"no topic {namespace}.page-views: run `shoal topics create`")


@pytest.mark.parametrize("word", ["worker", "gateway", "topics create"])
def test_other_partitions(word: str, broker: Server, redis_server: Server, namespace: str) -> None:
    create_topics(Settings(kafka=broker.address, namespace=namespace, partitions=3))
    words = [*word.split(), "--kafka", broker.address, "--namespace", namespace]
    if word != "topics create":
        words += ["--redis", redis_server.address]
    assert "has 3 partitions, not 4" in one_line(shoal(*words))


def test_topics_create_says_what_it_did(broker: Server, namespace: str) -> None:
    words = ("topics", "create", "--kafka", broker.address, "--namespace", namespace)
    assert shoal(*words).stdout.startswith(f"made: {namespace}.page-views, ")
    assert shoal(*words).stdout == "all topics are there\n"


@pytest.mark.parametrize("which", ["--port", "--metrics-port"])
def test_port_taken(which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = one_line(shoal("gateway", "--kafka", "a:1", "--redis", "b:2", which, port))
        assert told == f"port {port} ({which}) is taken: choose another one"


def test_data_directory_in_use(tmp_path: Path) -> None:
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = one_line(shoal("worker", "--kafka", "a:1", "--redis", "b:2", "--data-dir", str(tmp_path)))
        assert told == f"data directory {tmp_path} is in use by another process"
