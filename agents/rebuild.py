"""Asking the running workers to write all that they know to Redis anew, and seeing them do it.

Owns the request only: a partition whose mark of completeness is gone is shown anew by the worker that has it, in
`agents.showing`, just as if Redis had been emptied. Lookups go on meanwhile.
"""

import time
from collections.abc import Callable

import redis

from schemas.errors import StartError
from schemas.settings import Settings
from stores import keys

PATIENCE = 30.0
"""Seconds without a write to any partition that is waited for: a worker writes something every second."""

Tell = Callable[[int, int], None]


def request(settings: Settings, tell: Tell = lambda done, total: None) -> None:
    """Returns when all partitions were written anew; `tell` hears how many are, and of how many.

    Raises StartError where Redis is away or nobody writes to a partition.
    """
    names = [keys.fields(settings.namespace, partition) for partition in range(settings.partitions)]
    try:
        with redis.Redis.from_url(str(settings.redis), socket_timeout=5.0, socket_connect_timeout=5.0) as client:
            for name in names:
                client.hdel(name, keys.WHOLE)
            _wait(client, names, tell)
    except redis.RedisError as error:
        raise StartError(f"Redis at {settings.redis} is not reachable: {error}") from error


def _wait(client: redis.Redis, names: list[bytes], tell: Tell) -> None:
    before: list[tuple[int, object]] = []
    patience = time.monotonic() + PATIENCE
    while left := _unfinished(client, names):
        if [at for at, _ in left] != [at for at, _ in before]:
            tell(len(names) - len(left), len(names))
        if left != before:
            before, patience = left, time.monotonic() + PATIENCE
        elif time.monotonic() > patience:
            which = ", ".join(str(at) for at, _ in left)
            raise StartError(f"nobody writes partition {which} of {len(names)} anew: is a worker running for each?")
        time.sleep(0.1)
    tell(len(names), len(names))


def _unfinished(client: redis.Redis, names: list[bytes]) -> list[tuple[int, object]]:
    """Partitions that are not whole yet, each with the number of writes that it has had."""
    states = [client.hmget(name, keys.WHOLE, keys.WRITES) for name in names]
    return [(at, state[1]) for at, state in enumerate(states) if state[0] is None]
