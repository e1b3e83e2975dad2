"""Both servers that the contract of Redis is tested on: the embedded one, and the system's where there is one."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.ports import answers, free_ports, wait_until
from tests.support.servers import Server


@pytest.fixture(scope="session")
def system_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("no redis-server on the PATH: install Redis to test on it too")
    port = free_ports()
    directory: Path = tmp_path_factory.mktemp("redis")
    command = [program, "--port", str(port), "--save", "", "--dir", str(directory), "--bind", "127.0.0.1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: answers("127.0.0.1", port), 20)
        yield Server(port, process.pid, "redis")
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session", params=["valkey", "redis"])
def redis_url(request: pytest.FixtureRequest) -> str:
    return request.getfixturevalue("redis_server" if request.param == "valkey" else "system_redis").url
