"""Rounds of a fault: a random load while something is broken, then everything asked and compared with the reference.

Owns the faults and when in the load they strike. A round leaves the system whole, so that another can follow.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import redis

from cli import processes
from cli.ports import wait_until
from schemas.settings import as_environment
from tests.parity.live import During, Live
from tests.parity.loads import Load
from tests.support.system import SHOAL, RunningSystem, alive

Fault = Callable[[Live, random.Random], During]
"""What is done when. It may draw its instants."""

BETWEEN = 6.0
"""Seconds of load for each time that a fault strikes, so that most strike a system that is at work again."""
SOME = 40
"""Ids that are asked about at an instant amid a load."""


def compared(live: Live, load: Load, during: During = (), parts: int = 3) -> None:
    """Segments made before, amid and after a load; at instants of it some answers, at its end none may differ."""
    ids = list(load.segments)
    third = len(ids) // 3
    live.define(load, *ids[:third])
    amid = (0.5, lambda: live.define(load, *ids[third : 2 * third]))
    steps = sorted([*during, amid], key=lambda each: each[0])
    rolled = random.Random(load.seed)
    for number, part in enumerate(load.parts(parts)):
        inside = [(at * parts - number, do) for at, do in steps if number <= at * parts < number + 1]
        live.post(part, inside, seconds=BETWEEN * len(during) / parts)
        time.sleep(rolled.uniform(0, 0.5))
        same(live, load, totals=False, some=rolled.sample(sorted(live.ids), min(SOME, len(live.ids))))
    live.define(load, *ids[2 * third :])
    same(live, load)


def same(live: Live, load: Load, totals: bool = True, some: Sequence[str] = ()) -> None:
    """Once all is visible and live, no answer differs; without `totals` others may have been sent too.

    `some`: only these ids are asked about.
    """
    live.settle()
    live.until_live()
    found = live.differences() if totals else live.users_unlike(some)
    told = "\n".join(found[:20])
    assert not found, f"{len(found)} differences, seed {load.seed}:\n{told}\n{live.system.errors[-3000:]}"


def instants(rolled: random.Random, count: int) -> list[float]:
    return sorted(rolled.uniform(0.05, 0.95) for _ in range(count))


# The faults


def none(live: Live, rolled: random.Random) -> During:
    return []


def worker_killed(live: Live, rolled: random.Random, times: int = 1) -> During:
    """`shoal up` starts it again; the next one strikes that one."""
    return [(at, lambda: kill(live.system, "worker", rolled)) for at in instants(rolled, times)]


def worker_killed_often(live: Live, rolled: random.Random) -> During:
    return worker_killed(live, rolled, 3)


def gateway_killed(live: Live, rolled: random.Random) -> During:
    return [(at, lambda: kill(live.system, "gateway", rolled)) for at in instants(rolled, 2)]


def redis_emptied(live: Live, rolled: random.Random) -> During:
    return [(at, lambda: flush(live.system)) for at in instants(rolled, 3)]


def redis_killed(live: Live, rolled: random.Random) -> During:
    return [(at, lambda: kill(live.system, "store", rolled)) for at in instants(rolled, 1)]


def redis_silent(live: Live, rolled: random.Random) -> During:
    return [(at, lambda: pause(live.system, "store", rolled.uniform(1, 4))) for at in instants(rolled, 1)]


def worker_silent(live: Live, rolled: random.Random) -> During:
    """Longer than a session: where there is another worker, it takes over, and this one is a zombie when it goes on."""
    return [(at, lambda: pause(live.system, "worker", rolled.uniform(6, 9))) for at in instants(rolled, 1)]


def worker_and_redis_killed(live: Live, rolled: random.Random) -> During:
    def both() -> None:
        kill(live.system, "worker", rolled)
        kill(live.system, "store", rolled)

    return [(at, both) for at in instants(rolled, 1)]


def everything_ended(live: Live, rolled: random.Random) -> During:
    return [(at, lambda: restart(live.system, kill=False)) for at in instants(rolled, 1)]


def everything_killed(live: Live, rolled: random.Random) -> During:
    return [(at, lambda: restart(live.system, kill=True)) for at in instants(rolled, 1)]


def worker_joins(live: Live, rolled: random.Random) -> During:
    """One more, started by hand, killed later on."""
    join, leave = instants(rolled, 2)
    started = one_more_worker(live.system, live.system.directory / f"more-{rolled.random()}")
    return [(join, started.__enter__), (leave, lambda: started.__exit__(None, None, None))]


def workers_come_and_go(live: Live, rolled: random.Random) -> During:
    """Two more, each joining and killed at instants of its own."""
    both = [*worker_joins(live, rolled), *worker_joins(live, rolled)]
    return sorted(both, key=lambda each: each[0])


# Doing it


def kill(system: RunningSystem, role: str, rolled: random.Random) -> None:
    """SIGKILL for one of them; one that is being started again at the moment has had its share."""
    if pids := system.pids(role):
        with suppress(ProcessLookupError):
            os.kill(rolled.choice(pids), signal.SIGKILL)


def flush(system: RunningSystem) -> None:
    with redis.Redis.from_url(str(system.settings.redis)) as store:
        store.flushall()


def pause(system: RunningSystem, role: str, seconds: float) -> None:
    """SIGSTOP for so long; the load goes on."""
    pid = system.pids(role)[0]
    os.kill(pid, signal.SIGSTOP)
    time.sleep(seconds)
    os.kill(pid, signal.SIGCONT)


def restart(system: RunningSystem, kill: bool) -> None:
    """The whole tree ends, by SIGTERM or by SIGKILL of its parent, and is started again."""
    pids = system.all_pids()
    if kill:
        system.kill9("up")
    else:
        assert system.stop() < 10.0
    assert wait_until(lambda: not any(map(alive, pids)), 3.0)
    system.start()


@contextmanager
def one_more_worker(system: RunningSystem, directory: Path) -> Iterator[int]:
    """A worker that `shoal up` knows nothing of, killed at the end; its pid."""
    environment = os.environ | as_environment(system.settings)
    command = [sys.executable, str(SHOAL), "worker", "--data-dir", str(directory)]
    directory.mkdir(parents=True)
    process = processes.spawn(command, environment, log=directory / "log")
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
