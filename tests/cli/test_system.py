"""The whole system by `shoal up`: what `ready` promises, and what survives the death of its parts."""

import time
from collections.abc import Callable

import pytest
import redis
from click.testing import CliRunner

from cli.main import main
from cli.ports import wait_until
from tests.conftest import StartSystem
from tests.support.system import RunningSystem, alive

BUYERS = {"id": "buyers", "name": "Buyers", "rule": {"did": {"event": "Order Completed"}, "window": {"last": "7d"}}}


def buys(user: str, **more: object) -> dict[str, object]:
    return {"type": "track", "userId": user, "event": "Order Completed", **more}


def make_segment(system: RunningSystem) -> None:
    status, answer = system.call("POST", "/v1/segments", BUYERS)
    assert status == 201, answer
    assert wait_until(lambda: system.call("GET", "/v1/segments/buyers")[1]["status"] == "live", 30.0), system.errors


def eventually(holds: Callable[[], bool], system: RunningSystem, timeout: float = 30.0) -> None:
    assert wait_until(holds, timeout), system.errors


def known(system: RunningSystem, user: str) -> bool:
    return system.call("GET", f"/v1/users/{user}")[0] == 200


def accepted(system: RunningSystem, event: dict[str, object]) -> Callable[[], bool]:
    """Whether a try to post it is taken; what is tried more often carries one messageId."""

    def post() -> bool:
        try:
            return system.call("POST", "/v1/batch", {"batch": [event]})[0] == 200
        except OSError:
            return False

    return post


def test_ready_means_that_events_come_through(start_system: StartSystem) -> None:
    system = start_system()
    begun = time.monotonic()
    system.settle(system.send(buys("ada")), timeout=5.0)
    assert time.monotonic() - begun < 5.0
    assert known(system, "ada")


def test_metrics_of_worker_and_gateway_on_one_port(start_system: StartSystem) -> None:
    system = start_system()
    system.settle(system.send(buys("ada")))
    status, _, text = system.raw("GET", "/metrics", port=system.settings.metrics)
    assert status == 200
    assert b"shoal_event_to_lookup_seconds_count" in text
    assert b"shoal_events_total" in text


def test_rebuild(start_system: StartSystem) -> None:
    """What somebody broke in Redis is right again, while the system runs."""
    system = start_system()
    make_segment(system)
    system.settle(system.send(*(buys(f"u{i}") for i in range(20))))
    with redis.Redis.from_url(str(system.settings.redis)) as store:
        for key in store.scan_iter(match="*}:[urb]:*"):
            store.delete(key)
    assert system.segments_of("u1") == []
    words = ("rebuild", "--redis", system.settings.redis, "--namespace", system.namespace)
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, done.stdout) == (0, "4 partitions written anew\n"), done.stderr
    assert all(system.segments_of(f"u{i}") == ["buyers"] for i in range(20))
    eventually(lambda: system.call("GET", "/v1/segments/buyers")[1]["size"] == 20, system, 10.0)


@pytest.mark.parametrize("role", ["worker", "gateway", "store"])
def test_a_part_that_dies_loses_nothing(start_system: StartSystem, role: str) -> None:
    system = start_system()
    make_segment(system)
    position = system.send(*(buys(f"u{i}") for i in range(50)))
    system.kill9(role)
    eventually(accepted(system, buys("late", messageId="late")), system)
    eventually(lambda: system.call("GET", f"/v1/processed?position={position}")[0] == 200, system)
    eventually(lambda: all(system.segments_of(f"u{i}") == ["buyers"] for i in range(50)), system)
    eventually(lambda: system.segments_of("late") == ["buyers"], system)


def test_two_workers_and_the_death_of_one(start_system: StartSystem) -> None:
    system = start_system(workers=2)
    make_segment(system)
    position = system.send(*(buys(f"u{i}") for i in range(50)))
    system.kill9("worker", 1)
    system.settle(position)
    system.settle(system.send(*(buys(f"v{i}") for i in range(50))))
    assert all(system.segments_of(f"{name}{i}") == ["buyers"] for name in "uv" for i in range(50))


@pytest.mark.kafka
@pytest.mark.parametrize("end", ["stop", "kill9"])
def test_everything_is_there_again(start_system: StartSystem, end: str) -> None:
    system = start_system(broker="kafka", durable=True)
    make_segment(system)
    traits = {"type": "identify", "userId": "ada", "traits": {"plan": "gold"}}
    system.settle(system.send(traits, buys("ada"), {"type": "page", "anonymousId": "a1", "name": "Home"}))
    before = system.call("GET", "/v1/users/ada")[1]
    pids = system.all_pids()
    if end == "stop":
        assert system.stop() < 10.0
    else:
        system.send(buys("bob"))  # acknowledged, perhaps not processed
        system.kill9("up")
    assert wait_until(lambda: not any(map(alive, pids)), 3.0)
    system.start()
    assert system.call("GET", "/v1/users/ada")[1] == before
    assert system.call("GET", "/v1/segments/buyers")[1]["status"] == "live"
    assert system.segments_of("ada") == ["buyers"]
    assert known(system, "a1")
    if end == "kill9":
        eventually(lambda: system.segments_of("bob") == ["buyers"], system)
    system.settle(system.send(buys("cleo")))
    assert system.segments_of("cleo") == ["buyers"]
