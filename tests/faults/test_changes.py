"""The stream of changes while workers and gateways are killed, Redis is emptied, segments are edited and users joined.

A client hears every change once, entered and exited in turn, and in the end believes what lookups say. So does whoever
reads the topic.
"""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from schemas.changes import Change
from stores.changes import open_changes
from tests.faults.rounds import flush, kill
from tests.streams.hearing import Listener
from tests.support import needs
from tests.support.events import EventSource, Heard
from tests.support.system import RunningSystem, running_system

pytestmark = pytest.mark.timeout(300)

USERS = 30
RULES: dict[str, dict[str, Any]] = {
    "lately": {"did": {"event": "buy"}, "window": {"last": "2s"}},
    "not-lately": {"not": {"did": {"event": "buy"}, "window": {"last": "3s"}}},
    "keen": {"did": {"event": "buy"}, "count": {"gte": 3}},
    "edited": {"did": {"event": "buy"}, "count": {"gte": 2}},
    "deleted": {"user": "user_id", "op": "exists"},
}


@pytest.mark.parametrize(
    "broker", ["tansu", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.long, needs.KAFKA.mark])]
)
def test_each_change_once_amid_faults(tmp_path: Path, broker: str) -> None:
    with running_system(tmp_path, workers=2, broker=broker) as system:
        heard = EventSource(system).opened()
        late = EventSource(system).opened()
        define(system)
        rolled = random.Random(1)
        faults: list[Callable[[], object]] = [
            lambda: kill(system, "worker", rolled),
            lambda: kill(system, "gateway", rolled),
            lambda: flush(system),
            lambda: call(system, "PUT", "/v1/segments/edited", {"name": "edited", "rule": RULES["lately"]}),
            late.close,
            lambda: kill(system, "worker", rolled),
            lambda: call(system, "DELETE", "/v1/segments/deleted"),
            lambda: kill(system, "gateway", rolled),
        ]
        for fault in faults:
            traffic(system, rolled, 1.0)
            fault()
            traffic(system, rolled, 1.0)
        agreed(system, lambda: said(heard))
        again = EventSource(system, late.last_event_id)
        agreed(system, lambda: [*late.heard, *again.heard])
        agreed(system, asyncio.run(topic(system)))
        heard.close()
        again.close()


def said(source: EventSource) -> list[Heard]:
    """What was heard; a gateway that was killed may have been away, but none may have refused."""
    assert set(source.statuses) <= {200, 503}, source.statuses
    return source.heard


def define(system: RunningSystem) -> None:
    for id, rule in RULES.items():
        assert call(system, "POST", "/v1/segments", {"id": id, "name": id, "rule": rule}) == 201
    until_live(system)


def until_live(system: RunningSystem) -> None:
    deadline = time.monotonic() + 60
    while any(each["status"] != "live" for each in system.call("GET", "/v1/segments")[1]["segments"]):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def call(system: RunningSystem, method: str, path: str, body: Any = None) -> int:
    """Again and again, as long as the gateway is away."""
    deadline = time.monotonic() + 30
    while True:
        try:
            if (status := system.call(method, path, body)[0]) < 500:
                return status
        except OSError:
            pass
        assert time.monotonic() < deadline
        time.sleep(0.05)


def traffic(system: RunningSystem, rolled: random.Random, seconds: float) -> None:
    """Users buy, some without a name yet; some of these are joined, some users are renamed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        user = rolled.randrange(USERS)
        event: dict[str, Any] = {"type": "track", "event": "buy", "anonymousId": f"a{user}"}
        if rolled.random() < 0.4:
            event["userId"] = f"u{user}"
        if rolled.random() < 0.1:
            event = {"type": "alias", "previousId": f"a{user}", "userId": f"u{user}"}
        assert call(system, "POST", "/v1/batch", {"batch": [event]}) == 200
        time.sleep(0.01)


def agreed(system: RunningSystem, told: Any, timeout: float = 40.0) -> None:
    """In the end what was told is what lookups say, and none of it was told amiss."""
    until_live(system)
    ids = [f"{kind}{number}" for kind in "au" for number in range(USERS)]
    deadline = time.monotonic() + timeout
    while True:
        answers = [system.call("GET", f"/v1/users/{id}/segments")[1] for id in ids]
        shown = {each["user"]: set(each["segments"]) for each in answers if each["segments"]}
        changes = [as_change(each) for each in (told() if callable(told) else list(told))]
        listener = Listener().hear(changes)
        assert listener.amiss == []
        believed = listener.believed()
        if believed == shown:
            return
        unlike = {user for user in {*shown, *believed} if shown.get(user) != believed.get(user)}
        told_of = [each for each in changes if each.user in unlike]
        lines = [f"{each.n} {each.user} {each.event} {each.segment} {each.at}" for each in told_of]
        lines += [f"{user} is in {shown.get(user)}, believed in {believed.get(user)}" for user in unlike]
        assert time.monotonic() < deadline, "\n".join(lines)
        time.sleep(0.2)


def as_change(told: Heard | Change) -> Change:
    if isinstance(told, Change):
        return told
    return Change(event=told.event, n=(0, 0), **told.data)  # type: ignore[arg-type]


async def topic(system: RunningSystem) -> list[Change]:
    """All of it, from the first record on."""
    settings = system.settings
    reader = await open_changes(
        str(settings.kafka), settings.namespace, settings.partitions, (0,) * settings.partitions
    )
    found = await reader.read(1.0)
    while not reader.at_end:
        found += await reader.read(1.0)
    await reader.close()
    return [each.change for each in found]
