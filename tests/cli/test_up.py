"""`shoal up` as processes: ready, kept alive, ended, and never left behind."""

import os
import signal
import socket
from pathlib import Path

import pytest

from cli.ports import free_ports, wait_until
from tests.cli.conftest import MakeSystem
from tests.support.system import RunningSystem, alive


def fails(system: RunningSystem, *, within: float = 25.0) -> str:
    """What a system says that cannot start: one line, status 1, no stack trace."""
    system.launch()
    assert system.process.wait(within) == 1
    lines = [line for line in system.errors.splitlines() if not line.startswith("shoal: the embedded broker keeps")]
    assert len(lines) == 1, lines
    assert lines[0].startswith("shoal: ")
    assert system.ready_line == ""
    return lines[0]


def worker_directory(system: RunningSystem) -> Path:
    return Path(Path(f"/proc/{system.pid('worker')}/cmdline").read_text().rstrip("\0").split("\0")[-1])


def gone(pids: list[int], within: float = 2.0) -> bool:
    return wait_until(lambda: not any(map(alive, pids)), within)


def test_ready_line_is_the_only_one_on_stdout(make_system: MakeSystem) -> None:
    system = make_system("--workers", "2").start()
    assert (system.directory / "stdout").read_text() == f"ready http://127.0.0.1:{system.settings.port}\n"
    assert system.settings.metrics == system.settings.port + 1
    assert [len(system.pids(role)) for role in ("worker", "gateway", "broker", "store")] == [2, 1, 1, 1]


def test_memory_only_is_said_at_the_start(make_system: MakeSystem) -> None:
    assert "keeps everything in memory" in make_system().start().errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_leaves_nothing(make_system: MakeSystem, number: signal.Signals) -> None:
    system = make_system("--demo").start()
    assert wait_until(lambda: bool(system.pids("simulator")), 5.0)
    pids, directory = system.all_pids(), worker_directory(system).parent
    assert directory.name.startswith("shoal-up-")
    system.process.send_signal(number)
    assert system.process.wait(10.0) == 0
    assert gone(pids, within=0.0)
    assert not directory.exists()


def test_stop_within_ten_seconds_though_a_worker_hangs(make_system: MakeSystem) -> None:
    system = make_system(FAKE_HANGS="worker").start()
    pids = system.all_pids()
    assert system.stop() < 10.0
    assert system.process.returncode == 0
    assert gone(pids, within=0.0)


def test_stop_while_a_broker_does_not_answer(make_system: MakeSystem) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        mute.settimeout(20.0)
        system = make_system("--kafka", f"127.0.0.1:{mute.getsockname()[1]}")
        system.launch()
        with mute.accept()[0]:
            assert system.stop() < 5.0
    assert (system.process.returncode, system.ready_line) == (0, "")


def test_nothing_outlives_a_killed_parent(make_system: MakeSystem) -> None:
    system = make_system("--demo", "--workers", "2").start()
    assert wait_until(lambda: bool(system.pids("simulator")), 5.0)
    pids = system.all_pids()
    assert len(pids) == 7
    system.kill9("up")
    assert gone(pids)


@pytest.mark.parametrize("role", ["worker", "gateway", "store"])
def test_a_dead_child_is_started_again(make_system: MakeSystem, role: str) -> None:
    system = make_system().start()
    former = system.kill9(role)
    assert wait_until(lambda: system.pids(role) not in ([], [former]), 5.0)
    name = {"worker": "worker 0"}.get(role, role)
    assert f"shoal: {name} ended (killed by signal 9)" in system.errors
    assert "started again in 0.2 s" in system.errors


def test_the_broker_in_memory_cannot_be_replaced(make_system: MakeSystem) -> None:
    system = make_system().start()
    pids = system.all_pids()
    system.kill9("broker")
    assert system.process.wait(10.0) == 1
    assert "What the embedded broker kept in memory is gone" in system.errors
    assert gone(pids)


def test_a_child_that_never_lives_ends_the_start(make_system: MakeSystem) -> None:
    system = make_system(FAKE_DIES="worker")
    system.launch()
    assert system.process.wait(20.0) == 1
    assert "worker 0 ended (exit status 3) 3 times before the system was ready" in system.errors.splitlines()[-1]


@pytest.mark.parametrize("which", ["--port", "--metrics-port"])
def test_port_taken(make_system: MakeSystem, which: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert fails(make_system(which, str(port))) == f"shoal: port {port} ({which}) is taken: choose another one"


def test_kafka_not_reachable(make_system: MakeSystem) -> None:
    address = f"127.0.0.1:{free_ports()}"
    assert f"Kafka at {address} is not reachable" in fails(make_system("--kafka", address))


def test_redis_not_reachable(make_system: MakeSystem) -> None:
    address = f"127.0.0.1:{free_ports()}"
    assert f"Redis at redis://{address} is not reachable" in fails(make_system("--redis", address))


def test_data_directory_in_use(make_system: MakeSystem, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    make_system("--data-dir", data).start()
    assert fails(make_system("--data-dir", data)) == f"shoal: data directory {data} is in use by another process"


def test_data_directory_free_again_after_a_kill(make_system: MakeSystem, tmp_path: Path) -> None:
    system = make_system("--data-dir", str(tmp_path / "data")).start()
    system.kill9("up")
    system.start()


def test_data_directory_that_is_none(make_system: MakeSystem, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be used" in fails(make_system("--data-dir", str(tmp_path / "file" / "data")))


def test_jars_missing(make_system: MakeSystem, tmp_path: Path) -> None:
    line = fails(make_system("--broker", "kafka", "--kafka-lib", str(tmp_path), PATH=_path_with_java(tmp_path)))
    assert line == f"shoal: Apache Kafka is not in {tmp_path}: run `make kafka`, or choose --broker tansu"


def test_java_missing(make_system: MakeSystem, tmp_path: Path) -> None:
    line = fails(make_system("--broker", "kafka", PATH=str(tmp_path)))
    assert line == "shoal: --broker kafka needs Java 17 or newer, and found no java on the PATH"


def test_java_too_old(make_system: MakeSystem, tmp_path: Path) -> None:
    line = fails(make_system("--broker", "kafka", PATH=_path_with_java(tmp_path, "11.0.2")))
    assert line == "shoal: --broker kafka needs Java 17 or newer, and found 11"


@pytest.mark.parametrize(
    ("says", "quoted"),
    [("echo 'The operation could not   be completed'; echo 'no runtime.' >&2", "no runtime. The operation could not be "
      "completed"), ("exit 3", "nothing (exit status 3)")],
)  # fmt: skip
def test_java_of_an_unknown_version(make_system: MakeSystem, tmp_path: Path, says: str, quoted: str) -> None:
    path = _path_with_java(tmp_path, says=says)
    java = path.partition(os.pathsep)[0]
    line = fails(make_system("--broker", "kafka", PATH=path))
    assert line == f"shoal: --broker kafka needs Java 17 or newer, and {java}/java -version said: {quoted}"


def test_a_geo_database_that_is_none(make_system: MakeSystem, tmp_path: Path) -> None:
    (tmp_path / "geo").write_text("no such thing")
    told = fails(make_system("--geo-database", str(tmp_path / "none")))
    assert told == f"shoal: the geo database {tmp_path / 'none'} cannot be read: No such file or directory"
    assert f"the geo database {tmp_path / 'geo'} cannot be read" in fails(
        make_system("--geo-database", str(tmp_path / "geo"))
    )


def test_a_mistyped_setting(make_system: MakeSystem) -> None:
    assert fails(make_system("--workers", "two")) == "shoal: --workers: expected a whole number from 1 to 64, got 'two'"
    assert "SHOAL_RETENTION: expected a duration" in fails(make_system(SHOAL_RETENTION="800"))


def _path_with_java(directory: Path, version: str = "17.0.1", says: str | None = None) -> str:
    """A PATH with a java that only tells its version, or does what `says` in a shell."""
    java = directory / "bin" / "java"
    java.parent.mkdir()
    tells = f"echo 'openjdk version \"{version}\"' >&2"
    java.write_text(f"#!/bin/sh\n{says or tells}\n")
    java.chmod(0o755)
    return f"{java.parent}{os.pathsep}{os.environ['PATH']}"
