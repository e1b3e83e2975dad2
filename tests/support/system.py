"""A whole running system for tests: `shoal up` on free ports, its addresses, its processes by role, its end.

Every system has its own ports, namespace and directory; nothing of it outlives the test process.
"""

import base64
import http.client
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli import processes
from schemas.settings import Settings, load

SHOAL = Path(sys.executable).parent / "shoal"
_WORDS = {
    "worker": " worker ",
    "gateway": " gateway ",
    "simulator": " simulate ",
    "broker": ("/tansu broker ", " kafka.Kafka "),
    "store": "/valkey-server ",
}


@dataclass
class RunningSystem:
    """`shoal up` with `options` in `directory`. `start` waits until it is ready; `stop` is its SIGTERM.

    `start` after `stop` (or `kill9("up")`) starts it again with the same options, and so on the same data directory.
    """

    directory: Path
    options: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    command: Sequence[str] = (sys.executable, str(SHOAL))
    namespace: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:12]}")
    url: str = ""
    settings: Settings = field(default_factory=Settings)
    _process: subprocess.Popen[str] | None = None

    # Its life

    def start(self, timeout: float = 90.0) -> "RunningSystem":
        """Raises AssertionError with what it said where it is not ready in time."""
        self.launch()
        deadline = time.monotonic() + timeout
        while not self.ready_line:
            assert self.process.poll() is None, f"shoal up ended ({self.process.returncode}):\n{self.errors}"
            assert time.monotonic() < deadline, f"shoal up was not ready within {timeout:g} s:\n{self.errors}"
            time.sleep(0.02)
        self.url = self.ready_line.removeprefix("ready ")
        self.settings = load({}, _environment_of(self.pid("gateway")))
        return self

    def launch(self) -> None:
        """Starts it and does not wait."""
        self.directory.mkdir(parents=True, exist_ok=True)
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHOAL_")}
        with self._output.open("w") as output:
            self._process = processes.spawn(
                [*self.command, "up", "--port", "0", "--namespace", self.namespace, *self.options],
                inherited | self.environment,
                log=self._errors,
                stdout=output,
            )

    def stop(self, timeout: float = 15.0) -> float:
        """SIGTERM; returns the seconds that its end took. Does nothing where it is not running."""
        begun = time.monotonic()
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(timeout)
        return time.monotonic() - begun

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "it was not started"
        return self._process

    @property
    def _output(self) -> Path:
        return self.directory / "stdout"

    @property
    def _errors(self) -> Path:
        return self.directory / "stderr"

    @property
    def ready_line(self) -> str:
        lines = self._output.read_text().split("\n")
        return next((line for line in lines[:-1] if line.startswith("ready ")), "")

    @property
    def errors(self) -> str:
        """What it and its children said on stderr, over all its starts."""
        return self._errors.read_text(errors="replace") if self._errors.exists() else ""

    # Its processes

    def pids(self, role: str) -> list[int]:
        """Of the children that are `worker`, `gateway`, `simulator`, `broker`, `store`, in order of their start."""
        words = _WORDS[role]
        any_of = words if isinstance(words, tuple) else (words,)
        children = filter(alive, children_of(self.process.pid))
        return [pid for pid in children if any(word in _command_line(pid) for word in any_of)]

    def pid(self, role: str, number: int = 0) -> int:
        """`up` is the parent itself; workers are counted by the number in their data directory."""
        if role == "up":
            return self.process.pid
        if role == "worker":
            mine = f"worker-{number} "
            return next(pid for pid in self.pids(role) if mine in _command_line(pid))
        return self.pids(role)[number]

    def kill9(self, role: str, number: int = 0) -> int:
        """SIGKILL; returns the pid that is gone."""
        pid = self.pid(role, number)
        os.kill(pid, signal.SIGKILL)
        if role == "up":
            self.process.wait()
        return pid

    def all_pids(self) -> list[int]:
        return [self.process.pid, *children_of(self.process.pid)]

    # Its HTTP side

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        """(status, decoded JSON or text) of a call with the right key: the write key for what is sent to the collector.

        A body that is bytes is sent as it is, anything else but None as JSON.
        """
        status, _, content = self.raw(method, path, body, headers)
        try:
            return status, json.loads(content)
        except ValueError:
            return status, content.decode(errors="replace")

    def raw(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, port: int = 0
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers in lower case, body) of a call; on the gateway's port unless another one is given."""
        connection = http.client.HTTPConnection("127.0.0.1", port or self.settings.port, timeout=30.0)
        payload = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        try:
            connection.request(method, path, payload, self._keys(method, path) | (headers or {}))
            answer = connection.getresponse()
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def _keys(self, method: str, path: str) -> dict[str, str]:
        if method == "POST" and path.partition("?")[0].removeprefix("/v1/") in _COLLECTED:
            pair = base64.b64encode(f"{self.settings.write_key}:".encode()).decode()
            return {"Authorization": f"Basic {pair}", "Content-Type": "application/json"}
        return {"Authorization": f"Bearer {self.settings.secret_key}", "Content-Type": "application/json"}

    def send(self, *events: dict[str, Any]) -> str:
        """Posts events (each with its `type`) as one batch, and returns their position."""
        status, answer = self.call("POST", "/v1/batch", {"batch": list(events)})
        assert status == 200, (status, answer)
        return str(answer["position"])

    def settle(self, position: str, timeout: float = 30.0) -> None:
        """Waits until everything up to a position is visible to lookups."""
        deadline = time.monotonic() + timeout
        while self.call("GET", f"/v1/processed?position={position}")[0] != 200:
            assert time.monotonic() < deadline, f"not processed within {timeout:g} s:\n{self.errors}"
            time.sleep(0.02)

    def segments_of(self, user: str) -> list[str]:
        status, answer = self.call("GET", f"/v1/users/{user}/segments")
        assert status == 200, (status, answer)
        return sorted(answer["segments"])


_COLLECTED = {"track", "page", "screen", "identify", "group", "alias", "batch", "import", *"tpsigabm"}


@contextmanager
def running_system(
    directory: Path,
    *,
    workers: int = 1,
    broker: str = "tansu",
    durable: bool = False,
    options: Sequence[str] = (),
    environment: dict[str, str] | None = None,
) -> Iterator[RunningSystem]:
    """A system that is ready. `durable`: with a data directory, so that with broker kafka everything stays."""
    flags = ["--workers", str(workers), "--broker", broker]
    if durable:
        flags += ["--data-dir", str(directory / "data")]
    system = RunningSystem(directory, [*flags, *options], environment or {})
    try:
        yield system.start()
    finally:
        if system._process is not None:
            processes.end(system._process, 12.0)
        print(system.errors)  # pytest shows it for a test that failed


def children_of(pid: int) -> list[int]:
    """Pids of all processes below this one, in order of their start; empty for one that is gone."""
    found = []
    try:
        for thread in Path(f"/proc/{pid}/task").iterdir():
            for child in (thread / "children").read_text().split():
                found += [int(child), *children_of(int(child))]
    except OSError:
        pass
    return found


def alive(pid: int) -> bool:
    """Whether a process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def _environment_of(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs) if name}
