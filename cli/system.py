"""The whole system on this machine: what is started in which order, when it is ready, and its end.

Owns the way from settings to a running system. How children are kept running is in `cli.supervisor`, what they are in
`cli.children`.
"""

import http.client
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from cli import children, processes, reach
from cli.kafka import Kafka
from cli.ports import answers, free_ports, require_free
from cli.processes import last_line
from cli.rundir import RunDirectories
from cli.signals import Stopped, StopSignal
from cli.supervisor import Child, Supervisor
from gateway.geo import open_database
from schemas.errors import StartError
from schemas.settings import Settings
from schemas.times import SECOND
from stores.obituary import write_off
from stores.topics import create_topics

_START = 60.0
"""Seconds that an embedded broker or store may take to answer."""
_IMPATIENT = 30.0
"""Seconds after which a system that is not ready says so."""
_SESSION = 6 * SECOND
"""The shortest session timeout that Kafka allows: on one machine a silent worker is a dead one."""
_REBALANCE = 4 * SECOND
"""The embedded tansu makes a joining worker wait for half of the rebalance timeout."""


def run(settings: Settings, demo: bool) -> None:
    """Runs the system until a stop is asked for; nothing of it is left then. Raises StartError."""
    if settings.geo_database is not None:
        open_database(settings.geo_database)  # the gateway does; here it is told once, before anything is started
    with StopSignal() as stop, RunDirectories(settings.data_dir) as directories:
        metrics = directories.temporary / "metrics"
        metrics.mkdir()
        supervisor = Supervisor(on_death=lambda pid: write_off(pid, metrics), give_up_after=3)
        try:
            _System(_with_ports(settings), directories, metrics, stop, supervisor).run(demo)
        except Stopped:
            return
        finally:
            supervisor.shut_down()


def _with_ports(settings: Settings) -> Settings:
    """Ports decided, and seen to be free."""
    port = settings.port or free_ports(2)
    metrics = settings.metrics_port
    metrics = port + 1 if metrics is None else metrics or free_ports()
    require_free(port, "--port", settings.host)
    require_free(metrics, "--metrics-port", settings.host)
    return replace(settings, port=port, metrics_port=metrics)


@dataclass(slots=True)
class _System:
    """A system that is being started and then runs; `settings` gets the addresses of what is embedded as they start."""

    settings: Settings
    directories: RunDirectories
    metrics: Path
    stop: StopSignal
    supervisor: Supervisor

    def run(self, demo: bool) -> None:
        """Until a stop is asked for. Raises Stopped, or StartError for what it cannot go on without."""
        self._back()
        broker = self.stop.during(lambda: create_topics(self.settings, reach.PATIENCE)).cluster
        self.directories.claim_state(f"{broker} {self.settings.namespace}\n")
        self._front()
        self._until_ready()
        url = f"http://{_reachable(self.settings.host)}:{self.settings.port}"
        print(f"ready {url}", flush=True)
        self.supervisor.give_up_after = None
        if demo:
            self.supervisor.start(children.simulator_child(self.settings, url, self.metrics))
        while True:
            self._step(1.0)

    def _back(self) -> None:
        """Broker and store, unless their addresses are given."""
        if self.settings.kafka is None:
            broker, port = self._broker()
            self.settings = replace(self.settings, kafka=f"127.0.0.1:{port}")
            self._start(broker, port)
        if self.settings.redis is None:
            store, port = children.store_child(self.directories.temporary)
            self.settings = replace(self.settings, redis=f"redis://127.0.0.1:{port}")
            self._start(store, port)
        else:
            self.stop.during(lambda: reach.require_redis(str(self.settings.redis)))

    def _broker(self) -> tuple[Child, int]:
        if self.settings.session_timeout == Settings().session_timeout:
            self.settings = replace(self.settings, session_timeout=_SESSION)
        if self.settings.broker == "kafka":
            kafka = Kafka(self.directories.kept / "kafka", self.settings.kafka_lib)
            if not kafka.formatted and self._run_once(kafka.format_command, kafka.log):
                raise StartError(
                    f"the storage of Kafka in {kafka.directory} cannot be formatted: {last_line(kafka.log)}"
                )
            if self.directories.data is None:
                _say("without --data-dir the events are gone when this ends")
            return children.kafka_child(kafka, self.directories.lock), kafka.port
        _say("the embedded broker keeps everything in memory: it is gone when this ends (see --broker kafka)")
        if self.settings.rebalance_timeout == Settings().rebalance_timeout:
            self.settings = replace(self.settings, rebalance_timeout=_REBALANCE)
        port = free_ports()
        return children.tansu_child(port, self.directories.temporary), port

    def _front(self) -> None:
        """Workers and gateway."""
        kept, lock = self.directories.kept, self.directories.lock
        for number in range(self.settings.workers):
            self.supervisor.start(children.worker_child(number, self.settings, kept, self.metrics, lock))
        self.supervisor.start(children.gateway_child(self.settings, self.metrics))

    def _start(self, child: Child, port: int) -> None:
        self.supervisor.start(child)
        deadline = time.monotonic() + _START
        while not answers("127.0.0.1", port):
            if time.monotonic() > deadline:
                raise StartError(f"the embedded {child.name} did not answer within {_START:g} s")
            self._step(0.05)

    def _step(self, pause: float) -> None:
        wanted = self.supervisor.check()
        self.stop.wait(min(wanted, pause))
        if self.stop.requested:
            raise Stopped

    def _until_ready(self) -> None:
        impatient = time.monotonic() + _IMPATIENT
        while not _answers_ready(_reachable(self.settings.host), self.settings.port):
            self._step(0.1)
            if time.monotonic() > impatient:
                _say("not ready yet: waiting for the workers to take over all partitions")
                impatient += _IMPATIENT

    def _run_once(self, command: tuple[str, ...], log: Path) -> int:
        """Runs a tool to its end, or ends it when a stop is asked for; returns its exit status."""
        process = processes.spawn(command, log=log)
        try:
            while process.poll() is None:
                self._step(0.05)
        finally:
            processes.end(process)
        return process.returncode


def _answers_ready(host: str, port: int) -> bool:
    """Whether the gateway says that a posted event would come through to a lookup."""
    connection = http.client.HTTPConnection(host, port, timeout=1.0)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _reachable(host: str) -> str:
    """An address to connect to, for one to listen on."""
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)


def _say(line: str) -> None:
    print(f"shoal: {line}", file=sys.stderr, flush=True)
