"""A running system beside the reference: both are sent the same loads, then asked the same, user by user.

Owns posting, waiting and asking over HTTP. What is posted: `tests.parity.loads`; the judge: `tests.reference`.
"""

import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from cli.ports import wait_until
from tests.parity.clocks import corrected_times
from tests.parity.compare import FACTS, _facts, _unlike
from tests.parity.loads import Load, Request
from tests.parity.reference import Reference
from tests.reference.times import DAY, instant, iso
from tests.support.system import RunningSystem

During = Sequence[tuple[float, Callable[[], object]]]
"""(after which part of the load, 0–1, what is done then), in order."""

PATIENCE = 90.0
_DONE_BEFORE = {("POST", 409), ("DELETE", 404)}
"""What a call is answered that is made again because its first answer got lost."""
LAG = 1000
"""Milliseconds in which a change by time alone is seen at the latest."""


class Live:
    """One running system and its reference. The times of all events lie in the past; so receipt matters to nothing."""

    def __init__(self, system: RunningSystem) -> None:
        self.system = system
        self.reference = Reference()
        self.ids: set[str] = set()
        self.retried = 0
        self.began = _now()
        self._positions: set[str] = set()
        self._skews: dict[str, int] = {}
        self._lock = threading.Lock()

    # What is sent

    def post(self, load: Load, during: During = (), seconds: float = 0.0, posters: int = 4) -> None:
        """Sends a load, each request again until it is taken; returns when all of it is acknowledged.

        `seconds` that it shall take at least.
        """
        self._skews |= load.skews
        lanes = load.requests(posters)
        total = sum(map(len, lanes))
        done: list[int] = []
        broken: list[BaseException] = []

        def run(requests: list[Request]) -> None:
            try:
                for request in requests:
                    self._post(request)
                    done.append(1)
                    time.sleep(seconds / len(requests))
            except BaseException as error:
                broken.append(error)

        threads = [threading.Thread(target=run, args=(lane,), daemon=True) for lane in lanes]
        for thread in threads:
            thread.start()
        waiting = list(during)
        while any(thread.is_alive() for thread in threads) or waiting:
            while waiting and (len(done) >= waiting[0][0] * total or broken):
                waiting.pop(0)[1]()
            time.sleep(0.01)
        assert not broken, broken
        self.expect(load)

    def expect(self, load: Load) -> None:
        """Tells the reference what was sent."""
        self.ids.update(load.ids)
        times = corrected_times(self.system, load)
        for arrival in load.arrivals:
            call = arrival.call
            if isinstance(call, dict) and call.get("messageId") in times:
                call = {**call, "timestamp": iso(times[call["messageId"]])}
            self.reference.world.send(call, self.began, origin_user_agent=arrival.origin_user_agent, gpc=arrival.gpc)

    def _post(self, request: Request) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            body = {"batch": [self._as_sent(arrival.call) for arrival in request.arrivals]}
            try:
                status, answer = self.system.call("POST", "/v1/batch", body, request.headers)
                if status == 200:
                    with self._lock:
                        self._positions.add(answer["position"])
                    return
                assert status in (429, 503), (status, answer)
            except (OSError, http.client.HTTPException):
                pass
            assert time.monotonic() < deadline, f"not taken within {PATIENCE:g} s: {body}"
            self.retried += 1
            time.sleep(0.1)

    def _as_sent(self, call: Any) -> Any:
        """By a sender's wrong clock, which also says when it is sent."""
        skew = self._skews.get(call.get("messageId")) if isinstance(call, dict) else None
        if skew is None:
            return call
        return {**call, "timestamp": iso(instant(call["timestamp"]) + skew), "sentAt": iso(_now() + skew)}

    # Segments

    def define(self, load: Load, *ids: str) -> None:
        """Makes the load's segments over HTTP, and does not wait until they are live."""
        for id in ids or load.segments:
            self.put("POST", "/v1/segments", {"id": id, "name": f"Segment {id}", "rule": load.segments[id]}, 201)
            self.reference.segments[id] = load.segments[id]
        self.reference.made = self.began

    def put(self, method: str, path: str, body: Any, wanted: int) -> Any:
        """A call that has to be answered so; while a part is away it is made again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = self.system.call(method, path, body)
            except (OSError, http.client.HTTPException):
                status, answer = 503, None
            if status == wanted or (method, status) in _DONE_BEFORE:
                return answer
            assert status == 503, (status, answer)
            assert time.monotonic() < deadline, f"{method} {path} within {PATIENCE:g} s: {answer}"
            time.sleep(0.1)

    def until_live(self, timeout: float = PATIENCE) -> None:
        def all_live() -> bool:
            answer = self.ask("GET", "/v1/segments")
            return all(each["status"] == "live" for each in answer["segments"])

        assert wait_until(all_live, timeout), f"not live: {self.ask('GET', '/v1/segments')}\n{self.system.errors}"

    # What is asked

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """The answer, asked again while a part is away."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status, answer = self.system.call(method, path, body)
            except (OSError, http.client.HTTPException) as error:
                status, answer = 503, error
            if status in (200, 202, 404):
                return answer if status != 404 else None
            assert status == 503, (status, answer)
            assert time.monotonic() < deadline, f"{method} {path} within {PATIENCE:g} s: {answer}\n{self.system.errors}"
            time.sleep(0.1)

    def settle(self, timeout: float = PATIENCE) -> float:
        """Waits until everything that was acknowledged is visible; returns how long that took."""
        begun = time.monotonic()
        for position in self._positions:
            while True:
                try:
                    status = self.system.call("GET", f"/v1/processed?position={position}")[0]
                except (OSError, http.client.HTTPException):
                    status = 503
                if status == 200:
                    break
                assert status in (202, 503), status
                assert time.monotonic() - begun < timeout, f"not processed in {timeout:g} s\n{self.system.errors}"
                time.sleep(0.05)
        self._positions.clear()
        return time.monotonic() - begun

    def differences(self) -> list[str]:
        """Everything asked, of everybody; what the reference says otherwise. All positions are to be settled."""
        return [*self.users_unlike(), *self.totals_unlike()]

    def users_unlike(self, some: Iterable[str] = ()) -> list[str]:
        """Of all users, or of some."""
        ids = sorted(some or self.ids)
        lines: list[str] = []
        for start in range(0, len(ids), 200):
            part = ids[start : start + 200]
            with self._instants() as instants:
                answers = self.ask("POST", "/v1/users/segments", {"users": part})["users"]
            lines += [
                line for id, answer in zip(part, answers, strict=True) for line in self._lookup(id, answer, instants)
            ]
        for id in ids:
            with self._instants() as instants:
                answer = self.ask("GET", f"/v1/users/{quote(id, safe='')}/segments")
                facts = self.ask("GET", f"/v1/users/{quote(id, safe='')}")
            lines += self._lookup(id, answer, instants)
            lines += _best(self._facts_unlike(id, facts, at) for at in instants)
        return lines

    def _lookup(self, id: str, answer: dict[str, Any], instants: Iterable[int]) -> list[str]:
        return _best(self._answer_unlike(id, answer, at) for at in instants)

    def _answer_unlike(self, id: str, answer: dict[str, Any], at: int) -> list[str]:
        lines: list[str] = _unlike(at, f"{id} is", self.reference.user(id, at), answer["user"])
        expected, found = sorted(self.reference.members(id, at)), sorted(answer["segments"])
        return lines + _unlike(at, f"{id} is in", expected, found)

    def _facts_unlike(self, id: str, found: dict[str, Any] | None, at: int) -> list[str]:
        expected = self.reference.facts(id, at)
        if expected is None or found is None:
            return _unlike(at, f"{id} known", expected, found)
        lines: list[str] = _facts(id, at, expected, found, FACTS)
        members, told = sorted(self.reference.members(id, at)), sorted(each["id"] for each in found["segments"])
        return lines + _unlike(at, f"{id}: segments", members, told)

    def totals_unlike(self) -> list[str]:
        """Overview and sizes; they may lag by two seconds."""
        deadline = time.monotonic() + 4.0
        while True:
            with self._instants() as instants:
                found = self.ask("GET", "/v1/overview")
            lines = _best(self._overview_unlike(found, at) for at in instants)
            if not lines or time.monotonic() > deadline:
                return lines
            time.sleep(0.5)

    def _overview_unlike(self, found: dict[str, Any], at: int) -> list[str]:
        expected = self.totals(at)
        lines: list[str] = []
        for name, value in expected["site"].items():
            lines += _unlike(at, f"overview {name}", value, found[name])
        sizes = {each["id"]: [each["size"], each["new_7d"], each["active_7d"]] for each in found["segments"]}
        for id, figures in expected["segments"].items():
            lines += _unlike(at, f"size, new, active of {id}", figures, sizes.get(id))
        return lines

    def totals(self, at: int) -> dict[str, Any]:
        """What the overview has to tell."""
        users = self.reference.users(at)
        facts = {id: self.reference.facts(id, at) for id in users}
        members = {id: self.reference.members(id, at) for id in users}
        counters = [each["counters_7d"] for each in facts.values()]
        new = {id for id in users if _lately(facts[id]["first_seen"], at)}
        active = {id for id in users if _lately(facts[id]["last_seen"], at)}
        site = {"users": len(users), "new_7d": len(new), "active_7d": len(active)}
        for name in ("page_views", "clicks", "visits"):
            site[f"{name}_7d"] = sum(each[name] for each in counters)
        segments = {}
        for segment in self.reference.segments:
            inside = {id for id in users if segment in members[id]}
            segments[segment] = [len(inside), len(inside & new), len(inside & active)]
        return {"site": site, "segments": segments}

    @contextmanager
    def _instants(self) -> Iterator[list[int]]:
        """The instants that an answer asked for in here may be of."""
        before = _now()
        instants = [before]
        yield instants
        after = _now()
        instants += [after, max(self.began, before - LAG), *range(before + 100, after, 100)]


def _lately(text: str | None, at: int) -> bool:
    time = instant(text)
    return time is not None and at - 7 * DAY < time <= at


def _best(attempts: Iterator[list[str]]) -> list[str]:
    """No difference where there is none at one of the instants, else those at the first."""
    first: list[str] | None = None
    for lines in attempts:
        if not lines:
            return []
        first = lines if first is None else first
    return first or []


def _now() -> int:
    return time.time_ns() // 1_000_000
