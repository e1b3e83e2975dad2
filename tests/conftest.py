"""Fixtures shared by all tests: brokers, stores, namespaces. Servers start once a test process, when asked for."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.support import needs, servers
from tests.support.servers import Server
from tests.support.system import RunningSystem, running_system

# How long an example takes says more about the machine's other work than about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test has, so that tests can share a broker and a store."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def broker() -> Iterator[Server]:
    """The embedded, Kafka-compatible broker. Use your own `namespace` on it; never stop it (see `servers.tansu`)."""
    with servers.tansu() as server:
        yield server


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Server]:
    """The embedded, Redis-compatible store. Use your own `namespace`; never flush it (see `servers.valkey`)."""
    with servers.valkey() as server:
        yield server


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real Apache Kafka; skips where it was not fetched. Use your own `namespace` on it, never stop it."""
    needs.KAFKA.check()
    with servers.kafka(tmp_path_factory.mktemp("kafka")) as server:
        yield server


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A running system that all tests of a process share: use ids and segments of your own, and break nothing."""
    with running_system(tmp_path_factory.mktemp("system")) as running:
        yield running


StartSystem = Callable[..., RunningSystem]


@pytest.fixture
def start_system(tmp_path: Path) -> Iterator[StartSystem]:
    """Makes a running system of the test's own, which it may break: the arguments are those of `running_system`."""
    with ExitStack() as systems:

        def start(**options: Any) -> RunningSystem:
            if options.get("broker") == "kafka":
                needs.KAFKA.check()
            return systems.enter_context(running_system(tmp_path / f"system-{uuid.uuid4().hex[:6]}", **options))

        yield start
