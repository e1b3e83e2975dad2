"""`shoal up --broker kafka`: Apache Kafka as a child, durable with a data directory."""

from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from cli.ports import wait_until
from tests.cli.conftest import MakeSystem
from tests.support import needs
from tests.support.system import RunningSystem, alive

pytestmark = [pytest.mark.kafka, needs.KAFKA.mark]


def cluster(system: RunningSystem) -> tuple[str, set[str]]:
    """Cluster id and topics."""
    admin = KafkaAdminClient(bootstrap_servers=system.settings.kafka, bootstrap_timeout_ms=2000)
    try:
        return admin.describe_cluster()["cluster_id"], set(admin.list_topics())
    finally:
        admin.close()


@pytest.fixture
def durable(make_system: MakeSystem, tmp_path: Path) -> RunningSystem:
    return make_system("--broker", "kafka", "--data-dir", str(tmp_path / "data"))


def test_the_same_broker_after_a_stop(durable: RunningSystem) -> None:
    before = cluster(durable.start())
    address = durable.settings.kafka
    assert f"{durable.namespace}.page-views" in before[1]
    pids = durable.all_pids()
    assert durable.stop() < 10.0
    assert not any(map(alive, pids))
    assert cluster(durable.start()) == before
    assert durable.settings.kafka == address


def test_the_same_broker_after_a_hard_kill(durable: RunningSystem) -> None:
    before = cluster(durable.start())
    pids = durable.all_pids()
    durable.kill9("up")
    assert wait_until(lambda: not any(map(alive, pids)), 3.0)
    assert cluster(durable.start()) == before


def test_a_dead_broker_is_started_again(durable: RunningSystem) -> None:
    before = cluster(durable.start())
    former = durable.kill9("broker")
    assert wait_until(lambda: durable.pids("broker") not in ([], [former]), 5.0)

    def back() -> bool:
        try:
            return cluster(durable) == before
        except KafkaError:
            return False

    assert wait_until(back, 60.0)


def test_without_a_data_directory_it_says_so_and_leaves_nothing(make_system: MakeSystem) -> None:
    system = make_system("--broker", "kafka").start()
    assert "without --data-dir the events are gone when this ends" in system.errors
    command = Path(f"/proc/{system.pid('broker')}/cmdline").read_bytes().decode()
    directory = Path(command.rstrip("\0").split("\0")[-1]).parent
    assert directory.exists()
    system.stop()
    assert not directory.parent.exists()
