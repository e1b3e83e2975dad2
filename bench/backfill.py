"""How fast a new segment is filled from the log, against a bare read of the same topics on the same core.

Once over an event that is most of the log, once over a rare one. From the request that makes the segment until it is
live, with all users judged.
"""

import time

from bench.data import TOPICS, Made, events, identities
from bench.load import write
from bench.report import Row, per_second, times
from bench.rig import Rig, rig
from bench.worker import now, peer
from schemas.times import HOUR

SEGMENTS = {
    "most of the log": ("pages", {"did": {"event": "$page"}, "count": {"gte": 3}, "window": {"last": "2h"}}),
    "a rare event": ("orders", {"did": {"event": "Order Completed"}, "count": {"gte": 1}, "window": {"last": "2h"}}),
}


def measure(users: int = 10_000, count: int = 400_000) -> list[Row]:
    rows = []
    with rig() as it:
        it.gateway()
        worker = it.worker()
        it.ready()
        made = Made(users, count, now() - HOUR, now())
        write(it.settings, identities(made), events(made))
        it.until(lambda: it.applied(TOPICS) >= count, "the events are not applied", 600.0, 0.5)
        rates = {what: count / _filled(it, id, rule) for what, (id, rule) in SEGMENTS.items()}
        it.end(worker)
        bare = peer(it, "bare", count)
    for what, rate in rates.items():
        measured, beside = f"events/s of the log, filling over {what}", f"bare aiokafka + orjson {per_second(bare)}"
        rows.append(Row(measured, per_second(rate), beside, times(rate / bare), "≥ 0.3 ×"))
    return rows


def _filled(it: Rig, id: str, rule: dict[str, object]) -> float:
    """Seconds until a new segment is live."""
    begun = time.perf_counter()
    it.make_segments({id: rule})
    return time.perf_counter() - begun
