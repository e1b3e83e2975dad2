"""Prometheus objects of the metrics in `schemas.metrics`, one a process and name, and what a scrape reads.

Owns how they are made and gathered: with PROMETHEUS_MULTIPROC_DIR set (before this is imported), all processes that
share the directory count into it and whoever serves /metrics adds them up. Observing costs about a microsecond. The
files of a dead process are `stores.obituary`'s.
"""

import os
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from schemas.metrics import BY_NAME, Kind, Metric
from stores.obituary import reading

_REGISTRY = CollectorRegistry()
_Made = TypeVar("_Made", Counter, Gauge, Histogram)


def _make(name: str, kind: Kind, build: Callable[[Metric], _Made]) -> _Made:
    if (metric := BY_NAME.get(name)) is None or metric.kind != kind:
        raise KeyError(f"{name} is no {kind} of schemas.metrics")
    return build(metric)


@cache
def counter(name: str) -> Counter:
    """The counter of this name; KeyError when the table has none. It grows by `.inc()`, `.labels(…).inc(n)`."""
    return _make(name, "counter", lambda it: Counter(it.name, it.meaning, it.labels, registry=_REGISTRY))


@cache
def gauge(name: str) -> Gauge:
    """The gauge of this name; over several processes, the most recently set value of those alive counts."""
    return _make(
        name,
        "gauge",
        lambda it: Gauge(it.name, it.meaning, it.labels, registry=_REGISTRY, multiprocess_mode="livemostrecent"),
    )


@cache
def histogram(name: str) -> Histogram:
    """The histogram of this name, in seconds: `.observe(0.004)`."""
    return _make(
        name,
        "histogram",
        lambda it: Histogram(it.name, it.meaning, it.labels, buckets=it.buckets, registry=_REGISTRY),
    )


def scraped(*computed: Collector) -> CollectorRegistry:
    """What /metrics shows: every process's counts where they are shared, else this one's, and the computed ones."""
    registry = CollectorRegistry()
    if directory := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry.register(_Shared(directory))
    else:
        registry.register(_Own())
    for each in computed:
        registry.register(each)
    return registry


class _Shared(Collector):
    """The metrics of all processes that share a directory, none of which is written off meanwhile."""

    def __init__(self, directory: str) -> None:
        self._directory = directory
        self._files = MultiProcessCollector(None, directory)  # type: ignore[no-untyped-call]

    def collect(self) -> Iterable[Family]:
        with reading(Path(self._directory)):
            families: list[Family] = list(self._files.collect())  # type: ignore[no-untyped-call]
        return families


class _Own(Collector):
    """This process's metrics, under another registry."""

    def collect(self) -> Iterable[Family]:
        return _REGISTRY.collect()
