"""`make bench`: runs the benches that are named (all, if none), one after the other, and prints their table.

python -m bench.run                     all of them, about twenty minutes
python -m bench.run worker lookups      some of them
python -m bench.run restart --users 100000
"""

import argparse
import logging
import signal
import sys
import time
from collections.abc import Callable

from bench import backfill, due, latency, lookups, machine, memory, restart, rows, segments, worker
from bench.report import Row, table
from bench.rig import broker_name

BENCHES: dict[str, Callable[..., list[Row]]] = {
    "worker": worker.measure,
    "segments": segments.measure,
    "backfill": backfill.measure,
    "rows": rows.measure,
    "latency": latency.measure,
    "due": due.measure,
    "lookups": lookups.measure,
    "memory": memory.measure,
    "restart": restart.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measures what the README says.")
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"of {', '.join(BENCHES)}; all if none is named")
    parser.add_argument("--users", type=int, help="users in all but rows and latency")
    parser.add_argument("--events", type=int, help="events in worker, segments and backfill")
    parser.add_argument(
        "--full", type=float, help="events/s that latency takes a fifth of [default: what worker measured]"
    )
    given = parser.parse_args()
    if unknown := set(given.benches) - set(BENCHES):
        parser.error(f"no bench is called {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended and its files removed
    logging.getLogger("aiokafka").setLevel(logging.ERROR)  # a new topic has no leader yet: it tries again by itself
    measured: list[Row] = []
    try:
        for name in given.benches or BENCHES:
            measured += _run(name, given)
    finally:  # what was measured before one failed took its time, too
        print(f"\n{machine.describe()}, {broker_name()} as broker\n\n{table(measured)}", flush=True)


def _run(name: str, given: argparse.Namespace) -> list[Row]:
    begun = time.perf_counter()
    print(f"{name} …", end=" ", file=sys.stderr, flush=True)
    measured = BENCHES[name](**_arguments(name, given))
    if name == "worker":
        given.full = given.full or measured[0].value
    print(f"{time.perf_counter() - begun:.0f} s", file=sys.stderr, flush=True)
    return measured


def _arguments(name: str, given: argparse.Namespace) -> dict[str, float]:
    chosen = {"users": given.users, "count": given.events if name in ("worker", "segments", "backfill") else None}
    if name == "latency":
        chosen = {"full": given.full}
    if name == "rows":
        chosen = {}
    return {key: value for key, value in chosen.items() if value is not None}


if __name__ == "__main__":
    main()
