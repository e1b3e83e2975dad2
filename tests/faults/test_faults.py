"""Loads on running systems that are broken in every way: not one answer differs from the brute-force reading.

The short rounds are in every test run. `make test-long` goes on with more, on both brokers, from SEED on.
"""

import os
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.faults import rounds
from tests.faults.rounds import Fault
from tests.parity.live import Live
from tests.parity.loads import Load
from tests.support import needs
from tests.support.system import running_system

SEED = int(os.environ.get("SEED", "1"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))

ONE_BY_ONE = (rounds.gateway_killed, rounds.everything_ended, rounds.everything_killed)
"""Requests may have to be made again, and what was in them may be there in part: one call a request."""

ON_KAFKA = [pytest.mark.kafka, needs.KAFKA.mark]


def compared(directory: Path, faults: Sequence[Fault], seed: int, calls: int, *, workers: int, broker: str) -> None:
    """A round for each fault, all on one system, which has to bear all of them."""
    with running_system(directory, workers=workers, broker=broker, durable=True) as system:
        live = Live(system)
        for number, fault in enumerate(faults):
            largest = 1 if fault in ONE_BY_ONE else 6
            load = Load(seed + number, number, calls=calls, rules=6, largest=largest)
            rounds.compared(live, load, fault(live, random.Random(seed + number)))


@pytest.mark.timeout(600)
def test_a_worker_a_store_and_a_gateway(tmp_path: Path) -> None:
    faults = [
        rounds.worker_killed,
        rounds.redis_emptied,
        rounds.redis_silent,
        rounds.worker_and_redis_killed,
        rounds.gateway_killed,
    ]
    compared(tmp_path, faults, SEED, 250, workers=1, broker="tansu")


@pytest.mark.timeout(600)
@pytest.mark.kafka
@needs.KAFKA.mark
def test_two_workers_on_kafka(tmp_path: Path) -> None:
    faults = [rounds.worker_killed, rounds.worker_joins, rounds.everything_killed]
    compared(tmp_path, faults, SEED, 250, workers=2, broker="kafka")


ALL = [
    rounds.none,
    rounds.worker_killed_often,
    rounds.worker_silent,
    rounds.workers_come_and_go,
    rounds.gateway_killed,
    rounds.redis_emptied,
    rounds.redis_killed,
    rounds.redis_silent,
    rounds.worker_and_redis_killed,
]
DURABLE = [rounds.everything_ended, rounds.everything_killed]


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("seed", range(SEED * 1000, SEED * 1000 + ROUNDS))
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("broker", ["tansu", pytest.param("kafka", marks=ON_KAFKA)])
def test_all_at_length(tmp_path: Path, broker: str, workers: int, seed: int) -> None:
    faults = [*ALL, *(DURABLE if broker == "kafka" else [])]
    random.Random(seed).shuffle(faults)
    compared(tmp_path, faults, 100 * seed, 900, workers=workers, broker=broker)
