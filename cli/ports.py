"""Free ports, taken ports, and waiting for one to answer. Knows nothing of who listens there."""

import random
import socket
import time
from collections.abc import Callable

from schemas.errors import StartError

_LOWEST, _HIGHEST = 10_000, 30_000
"""Below the ports that the kernel gives to outgoing connections, so that none of those takes one meanwhile."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def free_ports(count: int = 1) -> int:
    """The first of `count` ports in a row that nobody listens on."""
    for _ in range(1000):
        first = random.randint(_LOWEST, _HIGHEST)
        if all(is_free(first + i) for i in range(count)):
            return first
    raise StartError("no free port was found")


def require_free(port: int, what: str, host: str = "127.0.0.1") -> None:
    """Raises StartError for a port that is taken; waits a moment for an owner that is just leaving."""
    deadline = time.monotonic() + 1.0
    while not is_free(port, host):
        if time.monotonic() > deadline:
            raise StartError(f"port {port} ({what}) is taken: choose another one")
        time.sleep(0.1)


def answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def wait_until(holds: Callable[[], bool], timeout: float, pause: float = 0.05) -> bool:
    """Whether `holds` came true within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause)
    return True
