"""Seeing, before a process starts, that what it needs is there: topics, store, ports.

Owns the patience for it. What is missing is told in one line; what fails later is for the process itself to bear.
"""

import time

import redis

from cli.ports import require_free
from schemas.errors import StartError
from schemas.settings import Settings
from stores.topics import require_topics

PATIENCE = 15.0
"""Seconds that a broker or store may take to answer."""


def require_for_worker(settings: Settings) -> None:
    require_redis(str(settings.redis))
    require_topics(settings, PATIENCE)


def require_for_gateway(settings: Settings) -> None:
    require_free(settings.port, "--port", settings.host)
    require_free(settings.metrics, "--metrics-port", settings.host)
    require_for_worker(settings)


def require_redis(url: str) -> None:
    """Raises StartError where the store does not answer in time."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with redis.Redis.from_url(url, socket_timeout=2.0, socket_connect_timeout=2.0) as client:
                client.ping()
            return
        except redis.RedisError as error:
            if time.monotonic() > deadline:
                raise StartError(f"Redis at {url} is not reachable: {error}") from error
        time.sleep(0.3)
