"""The embedded broker that keeps everything: Apache Kafka in KRaft mode, one node, from the jars of `make kafka`.

Owns its files under one directory: configuration, log, data, and the ports that it had, so that a restart is the same
broker at the same address.
"""

import base64
import re
import shutil
import subprocess
import uuid
from pathlib import Path

from cli.ports import free_ports, is_free, wait_until
from schemas.errors import StartError
from stores.topics import MAX_RECORD

PROJECT = Path(__file__).parents[1]
_OLDEST_JAVA = 17

LEAVING = 5.0
"""Seconds that a killed Kafka is given to let go of its ports."""


class Kafka:
    """An Apache Kafka that is ready to be started by `command`; `port` is where its clients find it.

    Raises StartError without Java 17 or the jars.
    """

    def __init__(self, directory: Path, lib: str | None) -> None:
        self.directory = directory
        self._java = _java()
        self._classpath = f"{_jars(lib)}/*"
        directory.mkdir(parents=True, exist_ok=True)
        self.port = _port(directory / "port")
        self.log = directory / "server.log"
        self.log.write_text("")
        self._properties = directory / "server.properties"
        self._properties.write_text(_configuration(directory, self.port))

    @property
    def command(self) -> tuple[str, ...]:
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        memory = ("-Xms256m", "-Xmx1g", "-XX:+UseG1GC")
        return (self._java, *memory, quiet, "-cp", self._classpath, "kafka.Kafka", str(self._properties))

    @property
    def formatted(self) -> bool:
        return (self.directory / "data" / "meta.properties").exists()

    @property
    def format_command(self) -> tuple[str, ...]:
        """Gives the storage its cluster id, which it keeps for good; to be run once, before the first start."""
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "0")
        tool = (self._java, "-cp", self._classpath, "kafka.tools.StorageTool", "format", "--ignore-formatted")
        return (*tool, "-t", cluster, "-c", str(self._properties))


def _configuration(directory: Path, port: int) -> str:
    """One node that is broker and controller, at `port` and `port` + 1 of the loopback interface."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@127.0.0.1:{port + 1}",
        "listeners": f"PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{port + 1}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names": "CONTROLLER",
        "log.dirs": directory / "data",
        "auto.create.topics.enable": "false",
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        # A system that was off for weeks goes on where it stopped: the default forgets that after a week.
        "offsets.retention.minutes": 1_500_000,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        # After a hard kill the controller, which knows of none, refuses the new broker until the session of the old one
        # ends: 9 s by default, with nobody to take over here meanwhile.
        "broker.session.timeout.ms": 3_000,
        "broker.heartbeat.interval.ms": 500,
        "message.max.bytes": MAX_RECORD,
        "replica.fetch.max.bytes": MAX_RECORD,
        "log.cleaner.dedupe.buffer.size": 33_554_432,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _port(remembered: Path) -> int:
    """The first of the two ports it had before, so that its clients find it again; others where they are taken.

    A Kafka that was just killed may hold them a moment longer.
    """
    known = remembered.read_text().strip() if remembered.exists() else ""
    if known.isdigit() and wait_until(lambda: is_free(int(known)) and is_free(int(known) + 1), LEAVING):
        return int(known)
    port = free_ports(2)
    remembered.write_text(f"{port}\n")
    return port


def _jars(lib: str | None) -> Path:
    directory = Path(lib) if lib else PROJECT / ".kafka" / "lib"
    if not any(directory.glob("kafka_2.13-*.jar")):
        raise StartError(f"Apache Kafka is not in {directory}: run `make kafka`, or choose --broker tansu")
    return directory


def _java() -> str:
    """The java on the PATH. Raises StartError where there is none, or one that is too old for Kafka."""
    java = shutil.which("java")
    if java is None:
        raise StartError(f"--broker kafka needs Java {_OLDEST_JAVA} or newer, and found no java on the PATH")
    told = _version_told(java)
    version = re.search(r'version "(\d+)', told)
    if version is None:
        raise StartError(f"--broker kafka needs Java {_OLDEST_JAVA} or newer, and {java} -version said: {told}")
    if int(version[1]) < _OLDEST_JAVA:
        raise StartError(f"--broker kafka needs Java {_OLDEST_JAVA} or newer, and found {version[1]}")
    return java


def _version_told(java: str) -> str:
    """What `java -version` says, all of it in one line."""
    try:
        said = subprocess.run([java, "-version"], capture_output=True, errors="replace", check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return " ".join((said.stderr + said.stdout).split())[:300] or f"nothing (exit status {said.returncode})"
