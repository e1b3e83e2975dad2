"""What more segments cost: events a second of one worker with 10, 100 and 1,000 live segments of mixed kinds, one after
the other on the same machine; beside them idiomatic Faust over the same events, with no rules at all.
"""

from bench.data import Made
from bench.mixed import mixed
from bench.report import Row, per_second, times
from bench.rig import rig
from bench.worker import now, peer, prepare, rate_of_worker
from schemas.times import HOUR

COUNTS = (10, 100, 1000)


def measure(users: int = 10_000, count: int = 150_000) -> list[Row]:
    rates: dict[int, float] = {}
    idiomatic = 0.0
    for segments in COUNTS:
        with rig() as it:
            prepare(it, Made(users, count, now() - HOUR, now()), mixed(segments))
            if not idiomatic:
                idiomatic = peer(it, "idiomatic", count, "worker", "--without-web", "--loglevel=warn")
            rates[segments] = rate_of_worker(it, count)
    ten, hundred, thousand = (rates[segments] for segments in COUNTS)
    what = "events/s, {:,} segments of mixed kinds"
    beside = f"idiomatic Faust {per_second(idiomatic)}"
    return [
        Row(what.format(10), per_second(ten), beside, times(ten / idiomatic), ""),
        Row(what.format(100), per_second(hundred), beside, times(hundred / idiomatic), "≥ 15 ×"),
        Row(what.format(1000), per_second(thousand), "with 10 segments", times(thousand / ten), "≥ 0.5 ×"),
    ]
