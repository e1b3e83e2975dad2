"""Asking the running workers to write all that they know to Redis anew, and seeing them do it.

Owns the request only: a partition whose mark of completeness is gone is shown anew by the worker that has it, in
`agents.showing`, just as if Redis had been emptied. Lookups go on meanwhile.
"""

import time

import redis

from schemas.errors import StartError
from schemas.settings import Settings
from stores import keys

_PATIENCE = 60.0
"""Seconds without a partition getting finished after which nobody seems to be at it."""


def request(settings: Settings) -> None:
    """Returns when all partitions were written anew. Raises StartError where Redis is away or no worker answers."""
    names = [keys.fields(settings.namespace, partition) for partition in range(settings.partitions)]
    try:
        with redis.Redis.from_url(str(settings.redis), socket_timeout=5.0, socket_connect_timeout=5.0) as client:
            for name in names:
                client.hdel(name, keys.WHOLE)
            _wait(client, names)
    except redis.RedisError as error:
        raise StartError(f"Redis at {settings.redis} is not reachable: {error}") from error


def _wait(client: redis.Redis, names: list[bytes]) -> None:
    left, patience = len(names), time.monotonic() + _PATIENCE
    while left:
        now_left = sum(not client.hexists(name, keys.WHOLE) for name in names)
        if now_left < left:
            left, patience = now_left, time.monotonic() + _PATIENCE
        if time.monotonic() > patience:
            raise StartError(f"{left} of {len(names)} partitions are not written anew: is a worker running for them?")
        time.sleep(0.1)
