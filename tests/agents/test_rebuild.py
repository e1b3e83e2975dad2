"""Asking for a rebuild, on a real store: what is deleted, what is waited for, and what is said where nobody works."""

import threading
import time

import pytest
import redis

from agents import rebuild
from cli.ports import free_ports
from schemas.errors import StartError
from schemas.settings import Settings
from stores import keys
from tests.support.servers import Server


def settings_of(server: Server, namespace: str) -> Settings:
    return Settings(redis=f"redis://{server.address}", namespace=namespace, partitions=2)


def works(settings: Settings, partition: int, writes: int) -> None:
    """Stands in for a worker: sees that its partition is not whole, writes for a while, and says that it is."""
    with redis.Redis.from_url(str(settings.redis)) as client:
        name = keys.fields(settings.namespace, partition)
        while client.hexists(name, keys.WHOLE):
            time.sleep(0.01)
        for _ in range(writes):
            client.hincrby(name, keys.WRITES, 1)
            time.sleep(0.1)
        client.hset(name, keys.WHOLE, "1")


def all_whole(settings: Settings) -> None:
    with redis.Redis.from_url(str(settings.redis)) as client:
        for partition in range(settings.partitions):
            client.hset(keys.fields(settings.namespace, partition), keys.WHOLE, "1")


def test_waits_until_all_are_whole(redis_server: Server, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it takes, while something is written."""
    monkeypatch.setattr(rebuild, "PATIENCE", 1.0)
    settings = settings_of(redis_server, namespace)
    all_whole(settings)
    workers = [threading.Thread(target=works, args=(settings, partition, 20 * partition)) for partition in range(2)]
    for worker in workers:
        worker.start()
    told: list[tuple[int, int]] = []
    rebuild.request(settings, lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    assert (1, 2) in told
    for worker in workers:
        worker.join()


def test_nobody_there(redis_server: Server, namespace: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rebuild, "PATIENCE", 0.5)
    settings = settings_of(redis_server, namespace)
    all_whole(settings)
    worker = threading.Thread(target=works, args=(settings, 0, 0))
    worker.start()
    with pytest.raises(StartError, match="nobody writes partition 1 of 2 anew"):
        rebuild.request(settings)
    worker.join()


def test_redis_away() -> None:
    address = f"127.0.0.1:{free_ports()}"
    with pytest.raises(StartError, match="is not reachable"):
        rebuild.request(Settings(redis=f"redis://{address}", partitions=2))
