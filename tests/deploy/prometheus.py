"""A real Prometheus on a free port, that scrapes one address every second; asked over its HTTP API."""

import json
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cli import processes
from cli.ports import free_ports, wait_until


@dataclass(frozen=True)
class Prometheus:
    port: int

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The result of an instant query; raises HTTPError for one that it does not take."""
        arguments = urllib.parse.urlencode({"query": query})
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?{arguments}", timeout=10) as answer:
            result: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return result

    def has_data(self, query: str) -> bool:
        """Whether the query is answered with at least one number; a division of nothing by nothing is none."""
        return any(sample["value"][1] != "NaN" for sample in self.ask(query))

    def wait_for_data(self, query: str, timeout: float) -> bool:
        until = time.monotonic() + timeout
        while not (found := self.has_data(query)) and time.monotonic() < until:
            time.sleep(0.5)
        return found


@contextmanager
def scraping(*addresses: str) -> Iterator[Prometheus]:
    """`addresses` are HOST:PORT of what serves /metrics."""
    port = free_ports()
    with tempfile.TemporaryDirectory() as directory:
        config = Path(directory) / "prometheus.yml"
        job = {"job_name": "shoal", "static_configs": [{"targets": list(addresses)}]}
        config.write_text(yaml.safe_dump({"global": {"scrape_interval": "1s"}, "scrape_configs": [job]}))
        process = processes.spawn(_command(port, config, Path(directory)), log=Path(directory) / "log")
        try:
            assert wait_until(lambda: process.poll() is not None or _is_ready(port), 30.0)
            assert process.poll() is None, (Path(directory) / "log").read_text()
            yield Prometheus(port)
        finally:
            processes.end(process)


def _is_ready(port: int) -> bool:
    """It listens before it can answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _command(port: int, config: Path, directory: Path) -> list[str]:
    return [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
