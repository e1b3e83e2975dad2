"""Every panel of the dashboard shows data: its queries are put to a real Prometheus that scrapes a running system."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from cli import processes
from tests.deploy.files import panel_queries
from tests.deploy.prometheus import Prometheus, scraping
from tests.support import needs
from tests.support.system import SHOAL, RunningSystem, running_system

INTERVAL = "15s"
"""What Grafana would put for `$__rate_interval` at the scrape interval of one second, made longer for slow machines."""
PATIENCE = 60.0

pytestmark = pytest.mark.xdist_group("dashboard")  # one system for all panels


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    needs.PROMETHEUS.check()
    with (
        running_system(tmp_path_factory.mktemp("dashboard")) as system,
        simulated(system),
        asked(system),
        scraping(f"127.0.0.1:{system.settings.metrics}") as running,
    ):
        yield running


@contextmanager
def simulated(system: RunningSystem) -> Iterator[None]:
    command = [str(SHOAL), "simulate", "--url", system.url, "--rate", "10", "--users", "100", "--history", "90s"]
    process = processes.spawn(command, log=system.directory / "simulate.log")
    try:
        yield
    finally:
        processes.end(process)


@contextmanager
def asked(system: RunningSystem) -> Iterator[None]:
    """Lookups, and now and then an event that is refused, and a user who is uploaded."""
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.05):
            system.segments_of("ada")
            system.send({"type": "track", "userId": "x" * 257, "event": "Refused"})
            system.call("POST", "/v1/users", {"users": [{"user_id": "ada", "traits": {"plan": "pro"}}]})

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield
    finally:
        stop.set()
        asking.join()


@pytest.mark.parametrize(("title", "query"), panel_queries())
def test_every_panel_has_data(prometheus: Prometheus, title: str, query: str) -> None:
    assert prometheus.wait_for_data(query.replace("$__rate_interval", INTERVAL), PATIENCE), f"{title}: no data"
