"""Somebody who has nothing but the contract: HTTP calls with a key, and waiting until what was sent is visible.

Owns no knowledge of the project: only addresses, keys and shapes that the contract names.
"""

import base64
import gzip
import http.client
import itertools
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

WRITE, SECRET = "dev", "dev-secret"
SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
PATIENCE = 60.0

_numbers = itertools.count(1)

E: dict[str, Any] = {"type": "track", "event": "E"}
"""A track call; whose, is for the test to say."""
NOBODY = {"did": {"event": "Something that nobody does"}}


def new_id(word: str = "user") -> str:
    """An id that no other test has."""
    return f"{word}-{next(_numbers)}-{time.time_ns():x}"


def now() -> int:
    """Epoch ms."""
    return time.time_ns() // 1_000_000


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ms_of(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def basic(user: str, password: str = "") -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


@dataclass(frozen=True)
class Answer:
    """`headers` by their names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def error(self, status: int) -> dict[str, Any]:
        """The body of an error of this status: it has a code and a message."""
        assert self.status == status, (self.status, self.body[:500])
        body: dict[str, Any] = self.json
        assert isinstance(body["code"], str) and body["code"], body
        assert isinstance(body["message"], str) and body["message"], body
        return body


@dataclass(frozen=True)
class Outsider:
    """`url` is what `ready` named."""

    url: str

    @property
    def port(self) -> int:
        port = urlsplit(self.url).port
        assert port is not None
        return port

    def http(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, port: int = 0
    ) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    # Sending

    def post(self, path: str, document: Any, headers: dict[str, str] | None = None) -> Answer:
        """JSON, with the write key as Basic user unless headers are given."""
        return self.http("POST", path, json.dumps(document).encode(), basic(WRITE) if headers is None else headers)

    def batch(self, *calls: Any, headers: dict[str, str] | None = None, **more: Any) -> Answer:
        """Calls in one batch; `more` stands beside them, `headers` are beside the key."""
        answer = self.post("/v1/batch", {"batch": list(calls), **more}, basic(WRITE) | (headers or {}))
        assert answer.status == 200, (answer.status, answer.body[:500])
        return answer

    def zipped(self, path: str, body: bytes) -> Answer:
        return self.http("POST", path, gzip.compress(body), basic(WRITE) | {"Content-Encoding": "gzip"})

    def send(self, *calls: Any, headers: dict[str, str] | None = None, **more: Any) -> None:
        """As `batch`; none may be rejected; returns once lookups see it."""
        answer = self.batch(*calls, headers=headers, **more).json
        assert "rejected" not in answer, answer
        self.settle(answer["position"])

    def settle(self, position: str) -> None:
        path = f"/v1/processed?position={quote(position, safe='')}"
        eventually(lambda: self.http("GET", path, headers=basic(WRITE)).status == 200, f"{position} is not processed")

    def rejected(self, *calls: Any) -> list[tuple[int, str]]:
        """(index, code) of the rejected calls of a batch."""
        answer = self.batch(*calls).json
        assert answer["success"] is True
        assert isinstance(answer["position"], str)
        found = answer.get("rejected", [])
        assert all(each.keys() == {"index", "code", "message"} and each["message"] for each in found)
        return [(each["index"], each["code"]) for each in found]

    # Asking

    def ask(self, method: str, path: str, document: Any = None) -> Answer:
        body = None if document is None else json.dumps(document).encode()
        return self.http(method, path, body, bearer(SECRET))

    def user(self, id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/v1/users/{quote(id, safe='')}")
        assert answer.status == 200, (id, answer.status, answer.body)
        found: dict[str, Any] = answer.json
        return found

    def is_known(self, id: str) -> bool:
        answer = self.ask("GET", f"/v1/users/{quote(id, safe='')}")
        assert answer.status in (200, 404)
        return answer.status == 200

    def canonical(self, id: str) -> str:
        name: str = self.ask("GET", f"/v1/users/{quote(id, safe='')}/segments").json["user"]
        return name

    def segments_of(self, id: str) -> list[str]:
        answer = self.ask("GET", f"/v1/users/{quote(id, safe='')}/segments")
        assert answer.status == 200
        return sorted(answer.json["segments"])

    def counters(self, id: str) -> tuple[int, int, int, int]:
        """Page views, clicks, events, visits of the last 7 days."""
        found = self.user(id)["counters_7d"]
        assert found.keys() == {"page_views", "clicks", "events", "visits"}
        return found["page_views"], found["clicks"], found["events"], found["visits"]

    # Segments

    def create(self, rule: Any, id: str | None = None, name: str | None = None) -> str:
        """Makes a segment and returns its id; it may not be live yet."""
        body = {"name": name or new_id("segment"), "rule": rule, **({"id": id} if id else {})}
        answer = self.ask("POST", "/v1/segments", body)
        assert answer.status == 201, answer.body
        made: str = answer.json["id"]
        return made

    def segment(self, id: str) -> dict[str, Any]:
        answer = self.ask("GET", f"/v1/segments/{id}")
        assert answer.status == 200, answer.body
        found: dict[str, Any] = answer.json
        return found

    def wait_live(self, *ids: str) -> None:
        for id in ids:
            eventually(lambda id=id: self.segment(id)["status"] == "live", f"{id} is not live")  # type: ignore[misc]

    def live(self, *rules: Any) -> list[str]:
        """Segments of these rules, made together; returns once they are live."""
        ids = [self.create(rule) for rule in rules]
        self.wait_live(*ids)
        return ids


def track(id: str, event: Any = "Bought", **more: Any) -> dict[str, Any]:
    return {"type": "track", "userId": id, "event": event, **more}


def page(id: str, at: int | None = None, url: str | None = None, referrer: str | None = None, **more: Any) -> Any:
    """A page call of a user at an instant."""
    properties = {key: value for key, value in (("url", url), ("referrer", referrer)) if value is not None}
    times = {} if at is None else {"timestamp": iso(at)}
    return {"type": "page", "userId": id, "properties": properties, **times, **more}


def without(document: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key not in keys}


def did(event: str, **more: Any) -> dict[str, Any]:
    return {"did": {"event": event}, **more}
