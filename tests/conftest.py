"""Fixtures shared by all tests: brokers, stores, namespaces. Servers start once a test process, when asked for."""

import uuid
from collections.abc import Iterator

import pytest

from tests.support import servers
from tests.support.servers import Server


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
