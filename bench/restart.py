"""Restart with many users: from the start of the worker's process to the first event that lookups see.

Once with the state on the worker's disk, once without, when all of it comes back from the changelog. The event is
posted while no worker runs.
"""

import shutil
import time

from bench.data import TOPICS, Made, events, identities
from bench.load import write
from bench.report import Row
from bench.rig import Rig, rig
from bench.rules import RULES
from bench.worker import now
from schemas.times import HOUR


def measure(users: int = 1_000_000) -> list[Row]:
    with rig() as it:
        it.gateway()
        worker = it.worker()
        it.ready()
        it.make_segments(RULES)
        made = Made(users, users, now() - HOUR, now())
        write(it.settings, identities(made), events(made))
        it.until(lambda: it.applied(TOPICS) >= users, "the users are not there", 1800.0, 0.5)
        it.end(worker)
        warm = _restart(it, "after-restart")
        shutil.rmtree(it.directory / "worker")
        cold = _restart(it, "after-loss")
    return [
        Row(f"restart with {users:,} users to the first event", f"{warm:.1f} s", "", "", "≤ 5 s"),
        Row("the same, the worker's disk lost", f"{cold:.1f} s"),
    ]


def _restart(it: Rig, user: str) -> float:
    status, answer = it.track(user, "Woken")
    assert status == 200, answer
    begun = time.perf_counter()
    worker = it.worker()
    it.until(lambda: "active-now" in it.segments_of(user), f"{user} is in no lookup", 600.0, 0.01)
    took = time.perf_counter() - begun
    it.end(worker)
    return took
