"""Events a second of one worker on one core: 20 live segments, changelog and Redis on. Beside it, the same events
through idiomatic Faust with one table write an event, and through bare aiokafka and orjson.

All three read the same topics of the same broker, which has the other core, and are timed from their first event on.
"""

import subprocess
import sys
import time
from typing import Any

from bench.data import TOPICS, Made, events, identities
from bench.load import write
from bench.machine import MEASURED, pinned
from bench.report import Row, per_second, times
from bench.rig import BASE, Process, Rig, rig
from bench.rules import RULES
from schemas.times import HOUR

IDIOMATIC_SECONDS = 20.0
"""It would take minutes for all events, at the same rate."""
SETTLE = 3.0


def now() -> int:
    return time.time_ns() // 1_000_000


def measure(users: int = 10_000, count: int = 400_000) -> list[Row]:
    with rig() as it:
        prepare(it, Made(users, count, now() - HOUR, now()), RULES)
        bare = peer(it, "bare", count)
        idiomatic = peer(it, "idiomatic", count, "worker", "--without-web", "--loglevel=warn")
        ours = rate_of_worker(it, count)
    slow = per_second(idiomatic)
    what = f"events/s, one worker, one core, {len(RULES)} segments, {users:,} users"
    return [
        Row(what, per_second(ours), f"idiomatic Faust {slow}", times(ours / idiomatic), "≥ 12 ×", ours),
        Row("", "", f"bare aiokafka + orjson {per_second(bare)}", times(ours / bare), ""),
    ]


def prepare(it: Rig, made: Made, rules: dict[str, dict[str, Any]]) -> None:
    """Segments live, then nobody running, then the events in the topics."""
    gateway, worker = it.gateway(), it.worker()
    it.ready()
    it.make_segments(rules)
    it.end(worker)
    it.end(gateway)
    write(it.settings, identities(made), events(made))
    time.sleep(SETTLE)


def rate_of_worker(it: Rig, count: int) -> float:
    """From the first events that lookups see to the last."""
    worker: Process = it.worker()
    it.until(lambda: it.applied(TOPICS) > 0, "the worker has not begun", 120.0, 0.01)
    begun, before = time.perf_counter(), it.applied(TOPICS)
    it.until(lambda: it.applied(TOPICS) >= count, "the worker has not finished", 600.0, 0.02)
    took = time.perf_counter() - begun
    it.end(worker)
    return (count - before) / took


def peer(it: Rig, name: str, count: int, *words: str) -> float:
    """The rate that a peer prints at its end."""
    environment = {
        "BENCH_KAFKA": str(it.settings.kafka),
        "BENCH_PARTITIONS": str(it.settings.partitions),
        "BENCH_TOPICS": ",".join(topic.named(it.settings.namespace) for topic in TOPICS),
        "BENCH_EVENTS": str(count),
        "BENCH_SECONDS": str(IDIOMATIC_SECONDS),
        "BENCH_DIRECTORY": str(it.directory / name),
    }
    command = pinned([sys.executable, "-m", f"bench.peers.{name}", *words], MEASURED)
    done = subprocess.run(command, env=BASE | environment, capture_output=True, text=True, check=False, timeout=300)
    rates = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("RATE ")]
    if not rates:
        raise RuntimeError(f"{name} measured nothing: {done.stderr[-2000:]}")
    return float(rates[0])
