"""What a worker tells Prometheus of its steps: how many events, how soon lookups saw them, how late time was turned.

Owns which events are looked at; the names are in `schemas.metrics`.
"""

from collections.abc import Mapping, Sequence

from faust.types.tuples import TP

from schemas.topics import EVENT_TOPICS
from stores.telemetry import counter, gauge, histogram
from streams.outcome import Outcome

MEASURED = 50
"""Instants of a step that are observed, spread evenly over it: observing costs a microsecond."""


def measure_applied(outcome: Outcome, now: int) -> None:
    """A source batch that lookups see by `now`."""
    for each, applied in zip(EVENT_TOPICS, outcome.applied, strict=True):
        if applied:
            counter("shoal_events_total").labels(each.value).inc(applied)
    _observe("shoal_event_to_lookup_seconds", outcome.received, now)


def measure_turned(due: Sequence[int], now: int) -> None:
    """Users whose instants `due` were turned by `now`."""
    _observe("shoal_timer_lag_seconds", due, now)


class LagGauge:
    """Tells how much of each source partition is still to be done; `namespace` is left out of the topics' names.

    A partition that went to another worker is told as 0 here: the other one tells how it is.
    """

    def __init__(self, namespace: str) -> None:
        self._gauge = gauge("shoal_consumer_lag_records")
        self._prefix = f"{namespace}."
        self._told: set[TP] = set()

    def tell(self, lags: Mapping[TP, int]) -> None:
        for tp in self._told | lags.keys():
            self._gauge.labels(tp.topic.removeprefix(self._prefix), str(tp.partition)).set(lags.get(tp, 0))
        self._told = set(lags)


def _observe(name: str, instants: Sequence[int], now: int) -> None:
    observe = histogram(name).observe
    for instant in instants[:: max(1, len(instants) // MEASURED)]:
        observe(max(0, now - instant) / 1000)
