"""Metrics of several processes add up where they share a directory, as under `shoal up`."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

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


def run(program: str, directory: Path) -> str:
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


def test_processes_that_share_a_directory_count_together(tmp_path: Path) -> None:
    for _ in range(2):
        run(COUNT, tmp_path)
    families = {each.name: each for each in text_string_to_metric_families(run(SCRAPE, tmp_path))}
    assert families["shoal_events"].samples[0].value == 6
    counts = [sample.value for sample in families["shoal_lookup_seconds"].samples if sample.name.endswith("_count")]
    assert counts == [2]
