"""A running system against the reference: late events, duplicates, identifies, merges and aliases, posted at once.

On the embedded broker and on Apache Kafka; segments are made before, amid and after the load.
"""

from pathlib import Path

import pytest

from tests.faults import rounds
from tests.parity.live import Live
from tests.parity.loads import Load
from tests.support import needs
from tests.support.system import running_system


@pytest.mark.timeout(240)
@pytest.mark.parametrize("broker", ["tansu", pytest.param("kafka", marks=[pytest.mark.kafka, needs.KAFKA.mark])])
def test_no_answer_differs(tmp_path: Path, broker: str) -> None:
    with running_system(tmp_path, broker=broker) as system:
        live = Live(system)
        for number in range(2):
            rounds.compared(live, Load(30 + number, number, calls=500, rules=9))


@pytest.mark.timeout(120)
def test_differences_are_found(tmp_path: Path) -> None:
    """The comparison can fail: a call that the system never got is missed everywhere."""
    with running_system(tmp_path) as system:
        live, load = Live(system), Load(1, calls=60, families=3, rules=3)
        rounds.compared(live, load)
        live.reference.world.send(
            {"type": "track", "event": "buy", "userId": "L0u1-0", "messageId": "lost"}, live.began
        )
        live.ids.add("L0u1-0")
        assert any("counters_7d" in line for line in live.users_unlike())
        assert live.totals_unlike() != []
