"""Memory for 100,000 users: what the worker, Redis and the worker's disk grow by, with five events a user and 20 live
segments.

The worker's figure is its resident memory, in which caches and memory that Python keeps for later are counted too.
"""

import time

from bench.data import TOPICS, Made, events, identities
from bench.load import write
from bench.machine import on_disk, resident
from bench.report import Row, megabytes
from bench.rig import Rig, rig
from bench.rules import RULES
from bench.worker import now
from schemas.times import HOUR

EVENTS_A_USER = 5
FIRST = 1_000
"""Users that are there before anything is measured: what the programs need to run at all is not in the figure."""


def measure(users: int = 200_000) -> list[Row]:
    with rig() as it:
        it.gateway()
        worker = it.worker()
        it.ready()
        it.make_segments(RULES)
        _add(it, FIRST, "first", 0)
        before = (resident(worker), _redis(it), on_disk(it.directory / "worker"))
        _add(it, users, "u", FIRST * EVENTS_A_USER)
        after = (resident(worker), _redis(it), on_disk(it.directory / "worker"))
    grown = [(late - early) * 100_000 / users for early, late in zip(before, after, strict=True)]
    figure = f"worker {megabytes(grown[0])}, Redis {megabytes(grown[1])}, disk {megabytes(grown[2])}"
    return [Row(f"memory per 100,000 users, {EVENTS_A_USER} events each", figure)]


def _add(it: Rig, users: int, prefix: str, there: int) -> None:
    made = Made(users, EVENTS_A_USER * users, now() - HOUR, now(), prefix)
    write(it.settings, identities(made), events(made))
    it.until(lambda: it.applied(TOPICS) >= there + made.events, "the events are not applied", 900.0, 0.5)
    time.sleep(3.0)


def _redis(it: Rig) -> int:
    with it.store() as store:
        return int(store.info("memory")["used_memory"])
