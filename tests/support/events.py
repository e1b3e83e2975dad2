"""A client of `GET /v1/stream` as the standard of server-sent events has it: it comes again where it was, by itself."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from tests.support.system import RunningSystem


class Heard(NamedTuple):
    """An event of the stream."""

    id: str
    event: str
    data: dict[str, Any]


class EventSource:
    """`heard` grows in a thread of its own until `close`. `statuses`: of every connection that was answered."""

    def __init__(self, system: RunningSystem, last_event_id: str = "") -> None:
        self.heard: list[Heard] = []
        self.statuses: list[int] = []
        self.last_event_id = last_event_id
        self._system = system
        self._closed = False
        self._open = threading.Event()
        self._connection: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def opened(self, timeout: float = 30.0) -> "EventSource":
        """Returns when the first connection stands: whatever changes from here on will be heard."""
        assert self._open.wait(timeout), self.statuses
        return self

    def until(self, holds: Callable[[list[Heard]], bool], timeout: float = 30.0) -> list[Heard]:
        """What was heard, once this holds of it."""
        deadline = time.monotonic() + timeout
        while not holds(self.heard):
            assert time.monotonic() < deadline, [f"{each.event} {each.data}" for each in self.heard[-20:]]
            time.sleep(0.02)
        return self.heard

    def close(self) -> None:
        self._closed = True
        if self._connection is not None and self._connection.sock is not None:
            self._connection.sock.close()

    def _run(self) -> None:
        while not self._closed:
            try:
                self._listen()
            except (OSError, http.client.HTTPException, ValueError, AttributeError):
                time.sleep(0.1)  # the gateway is away, or was while we read

    def _listen(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self._system.settings.port, timeout=30.0)
        headers = {"Authorization": f"Bearer {self._system.settings.secret_key}"}
        if self.last_event_id:
            headers["Last-Event-ID"] = self.last_event_id
        self._connection.request("GET", "/v1/stream", headers=headers)
        answer = self._connection.getresponse()
        self.statuses.append(answer.status)
        if answer.status != 200:
            time.sleep(0.1)
            return
        if not self.last_event_id:
            self.last_event_id = answer.headers["Last-Event-ID"]
        self._open.set()
        fields: dict[str, str] = {}
        while line := answer.readline():
            text = line.decode().rstrip("\n")
            name, _, value = text.partition(": ")
            if text and name:
                fields[name] = value
            elif not text and "data" in fields:
                self.last_event_id = fields["id"]
                self.heard.append(Heard(fields["id"], fields["event"], json.loads(fields["data"])))
            if not text:
                fields = {}
