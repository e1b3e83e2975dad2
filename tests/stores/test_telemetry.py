"""Metrics of several processes add up where they share a directory, as under `shoal up`."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from stores.obituary import write_off

COUNT = """
from stores.telemetry import counter, histogram
counter("shoal_events_total").labels("clicks").inc(3)
histogram("shoal_lookup_seconds").observe(0.002)
"""
SCRAPE = """
from prometheus_client import generate_latest
from stores.telemetry import scraped
print(generate_latest(scraped()).decode())
"""


MEASURE = (
    COUNT
    + """
from stores.telemetry import gauge
gauge("shoal_consumer_lag_records").labels("clicks", "0").set(7)
import os
print(os.getpid())
"""
)


def run(program: str, directory: Path) -> str:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def scrape(directory: Path) -> dict[str, list[float]]:
    """Family → values of its samples, but for the time at which each counter was made."""
    return {
        each.name: [sample.value for sample in each.samples if not sample.name.endswith("_created")]
        for each in text_string_to_metric_families(run(SCRAPE, directory))
    }


def test_processes_that_share_a_directory_count_together(tmp_path: Path) -> None:
    for _ in range(2):
        run(COUNT, tmp_path)
    families = {each.name: each for each in text_string_to_metric_families(run(SCRAPE, tmp_path))}
    assert families["shoal_events"].samples[0].value == 6
    counts = [sample.value for sample in families["shoal_lookup_seconds"].samples if sample.name.endswith("_count")]
    assert counts == [2]


def test_the_counts_of_the_dead_stay_and_their_gauges_go(tmp_path: Path) -> None:
    pids = [int(run(MEASURE, tmp_path)) for _ in range(3)]
    before = scrape(tmp_path)
    assert before["shoal_events"] == [9]
    assert before["shoal_consumer_lag_records"] == [7]
    for pid in pids[:2]:
        write_off(pid, tmp_path)
        write_off(pid, tmp_path)
        assert scrape(tmp_path) == before, "one that set the gauge is still alive"
    write_off(pids[2], tmp_path)
    del before["shoal_consumer_lag_records"]
    assert scrape(tmp_path) == before
    assert sorted(path.name for path in tmp_path.glob("*.db")) == ["counter_dead.db", "histogram_dead.db"]
    run(COUNT, tmp_path)
    assert scrape(tmp_path)["shoal_events"] == [12]


def test_a_pid_that_comes_again_does_not_count_twice(tmp_path: Path) -> None:
    pid = int(run(MEASURE, tmp_path))
    write_off(pid, tmp_path)
    path = tmp_path / f"counter_{pid}.db"
    (tmp_path / f"counter_{run(MEASURE, tmp_path).strip()}.db").rename(path)
    assert scrape(tmp_path)["shoal_events"] == [6]
    write_off(pid, tmp_path)
    assert scrape(tmp_path)["shoal_events"] == [6]
