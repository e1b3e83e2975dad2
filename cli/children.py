"""The child processes that a running system consists of: their command lines and environments.

Owns what `shoal up` hands down to workers, gateway, simulator, broker and store. Keeping them running is in
`cli.supervisor`.
"""

import os
import sys
from dataclasses import replace
from pathlib import Path

from cli.embedded import tansu_command, valkey_command
from cli.kafka import Kafka
from cli.ports import free_ports
from cli.supervisor import Child
from schemas.settings import Settings, as_environment

_LOST = "What the embedded broker kept in memory is gone with it, so that the system stops"


def tansu_child(port: int, directory: Path) -> Child:
    """It keeps everything in memory: another one in its place would be an empty one."""
    return Child(
        name="broker",
        command=tuple(tansu_command(port)),
        log=directory / "tansu.log",
        backing=True,
        if_lost=_LOST,
    )


def kafka_child(kafka: Kafka, lock: int | None) -> Child:
    keep = () if lock is None else (lock,)
    return Child(name="broker", command=kafka.command, log=kafka.log, backing=True, keep=keep)


def store_child(directory: Path) -> tuple[Child, int]:
    """The store and its port. One that dies comes back empty, and the workers fill it again."""
    port = free_ports()
    command = tuple(valkey_command(port, directory))
    return Child(name="store", command=command, log=directory / "valkey.log", backing=True), port


def worker_child(number: int, settings: Settings, directory: Path, metrics: Path, lock: int | None) -> Child:
    """A worker; its own directory, so that it finds its state again after a restart, is in its command line."""
    own = replace(settings, data_dir=str(directory / f"worker-{number}"), metrics_port=None)
    return Child(
        name=f"worker {number}",
        command=(*_shoal(), "worker", "--data-dir", str(own.data_dir)),
        environment=_environment(own, metrics),
        keep=() if lock is None else (lock,),
    )


def gateway_child(settings: Settings, metrics: Path) -> Child:
    return Child(
        name="gateway",
        command=(*_shoal(), "gateway", "--port", str(settings.port)),
        environment=_environment(settings, metrics),
    )


def simulator_child(settings: Settings, url: str, metrics: Path) -> Child:
    return Child(
        name="simulator",
        command=(*_shoal(), "simulate", "--url", url),
        environment=_environment(settings, metrics),
    )


def _shoal() -> tuple[str, ...]:
    """This very command, so that `shoal worker` stands in the command line of a worker."""
    script = Path(sys.executable).parent / "shoal"
    return (sys.executable, str(script)) if script.exists() else (sys.executable, "-m", "cli.main")


def _environment(settings: Settings, metrics: Path) -> dict[str, str]:
    """The parent's environment, but all settings as they were decided; `metrics` is shared by all processes."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SHOAL_")}
    return inherited | as_environment(settings) | {"PROMETHEUS_MULTIPROC_DIR": str(metrics)}
