"""Lookups a second of one gateway on one core, and their p99; beside it a plain aiohttp + redis-py server that does one
GET a request. The same client, the same Redis, the same users; the two take turns.

The p99 is taken at the same load for both: four fifths of what the plain server can do.
"""

import json
import subprocess
import sys
from statistics import median
from typing import Any

from bench.data import TOPICS, Made, events, identities
from bench.load import write
from bench.machine import MEASURED, REST, pinned
from bench.peers.lookup_server import KEY
from bench.report import Row, milliseconds, per_second, times
from bench.rig import BASE, Rig, rig
from bench.rules import RULES
from bench.worker import now
from cli.ports import answers, free_ports
from schemas.times import HOUR

CONNECTIONS = 64
SECONDS = 6.0
ROUNDS = 3


def measure(users: int = 50_000) -> list[Row]:
    with rig() as it:
        gateway, plain = it.gateway(core=MEASURED), free_ports()
        fill(it, users)
        serve_plain(it, plain)
        ports = {"gateway": it.settings.port, "plain": plain}
        full = {name: [client(it, port, users) for _ in range(ROUNDS)] for name, port in ports.items()}
        rates = {name: median(each["rate"] for each in runs) for name, runs in full.items()}
        pace = 0.8 * rates["plain"]
        paced = {name: [client(it, port, users, pace) for _ in range(ROUNDS)] for name, port in ports.items()}
        it.end(gateway)
    p99 = {name: median(each["p99"] for each in runs) / 1000 for name, runs in paced.items()}
    p50 = {name: median(each["p50"] for each in runs) / 1000 for name, runs in paced.items()}
    return [
        Row(
            f"lookups/s, one gateway, one core, {CONNECTIONS} connections",
            per_second(rates["gateway"]),
            f"plain aiohttp + redis-py {per_second(rates['plain'])}",
            times(rates["gateway"] / rates["plain"]),
            "≥ 2.5 ×",
        ),
        Row(
            f"lookup p50 / p99 at {per_second(pace)} for both",
            f"{milliseconds(p50['gateway'])} / {milliseconds(p99['gateway'])}",
            f"plain {milliseconds(p50['plain'])} / {milliseconds(p99['plain'])}",
            f"p99 1/{p99['plain'] / p99['gateway']:.1f}",
            "≤ 1/5",
        ),
    ]


def fill(it: Rig, users: int) -> None:
    """Users with segments in Redis, as a worker writes them, and their answers for the plain server."""
    worker = it.worker(core=REST)
    it.ready()
    it.make_segments(RULES)
    made = Made(users, 2 * users, now() - HOUR, now())
    write(it.settings, identities(made), events(made))
    it.until(lambda: it.applied(TOPICS) >= made.events, "the users are not there", 300.0)
    it.end(worker)
    with it.store() as store:
        for first in range(0, users, 1000):
            ids = [f"u{number}" for number in range(first, min(first + 1000, users))]
            status, answer = it.call("POST", "/v1/users/segments", {"users": ids})
            assert status == 200, answer
            store.mset({KEY + id: json.dumps(each) for id, each in zip(ids, answer["users"], strict=True)})


def serve_plain(it: Rig, port: int) -> None:
    environment = {
        "BENCH_REDIS": str(it.settings.redis),
        "BENCH_PORT": str(port),
    }
    it.start("plain", [sys.executable, "-m", "bench.peers.lookup_server"], MEASURED, environment=environment)
    it.until(lambda: answers("127.0.0.1", port), "the plain server does not answer", 20.0)


def client(it: Rig, port: int, users: int, rate: float = 0.0) -> dict[str, Any]:
    environment = {
        "BENCH_PORT": str(port),
        "BENCH_CONNECTIONS": str(CONNECTIONS),
        "BENCH_SECONDS": str(SECONDS),
        "BENCH_USERS": str(users),
        "BENCH_SECRET": it.settings.secret_key,
        "BENCH_RATE": str(rate),
    }
    command = pinned([sys.executable, "-m", "bench.client"], REST)
    done = subprocess.run(command, env=BASE | environment, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"the client failed: {done.stderr[-2000:]}")
    measured: dict[str, Any] = json.loads(done.stdout)
    if measured["errors"]:
        raise RuntimeError(f"{measured['errors']} lookups failed")
    return measured
