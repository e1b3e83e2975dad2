"""The closed list of metrics: name, kind, labels, meaning, and what to do about it. Nothing else names a metric.

Pure data: the prometheus objects are made from it by `stores.telemetry`, the page docs/metrics.md too. Adding a metric
is one row here. Source of the names that must be there: contract section 6.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram", "computed"]

LATENCY = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0)
"""Bounds of what takes milliseconds when all is well."""
LOOKUP = (0.0001, 0.00025, 0.0005, 0.001, 0.0015, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0)
"""Bounds of one read of Redis."""
LAG = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0, 300.0)
"""Bounds of what should happen within a second."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric. A `computed` one is a gauge that the gateway works out from Redis when it is scraped."""

    name: str
    kind: Kind
    meaning: str
    action: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS = (
    Metric(
        "shoal_segment_members",
        "computed",
        "users in a live segment",
        "a sudden step means an edited rule or a change of the site's tracking: compare with the segment's versions",
        ("segment",),
    ),
    Metric("shoal_users", "computed", "users known", "falls only when users are erased or joined"),
    Metric("shoal_users_active_7d", "computed", "users seen in the last 7 days", "a fall to 0: no events arrive"),
    Metric("shoal_users_new_7d", "computed", "users first seen in the last 7 days", "a leap: a bot, or ids made anew"),
    Metric(
        "shoal_events_total",
        "counter",
        "events that the workers have applied, by topic",
        "flat while the site is busy: look at `shoal_dead_letters_total`, then at the workers",
        ("topic",),
    ),
    Metric(
        "shoal_event_to_lookup_seconds",
        "histogram",
        "from the receipt of an event until lookups see what it did",
        "p99 over 2 s: workers are behind; give them more processors or add workers",
        buckets=LATENCY,
    ),
    Metric(
        "shoal_lookup_seconds",
        "histogram",
        "from a lookup's arrival at the gateway to its answer",
        "p99 over 10 ms: Redis or the gateway is short of processor; add gateways",
        buckets=LOOKUP,
    ),
    Metric(
        "shoal_dead_letters_total",
        "counter",
        "events and records refused or left out, by reason",
        "read the topic `dead-letters`: each record says what was wrong with it",
        ("reason",),
    ),
    Metric(
        "shoal_timer_lag_seconds",
        "histogram",
        "how late a change that time alone brings was made",
        "p99 over 1 s: more than 10,000 users change at once, or workers are behind",
        buckets=LAG,
    ),
    Metric(
        "shoal_consumer_lag_records",
        "gauge",
        "records of a source topic's partition that are in the log and not yet applied",
        "grows and does not fall: workers are behind; give them more processors or add workers",
        ("topic", "partition"),
    ),
    Metric(
        "shoal_redis_wait_seconds",
        "histogram",
        "how long a worker's write to Redis took, waiting and trying again included",
        "over 1 s: Redis is away or short of processor; nothing is lost meanwhile",
        buckets=LATENCY,
    ),
    Metric(
        "shoal_collect_seconds",
        "histogram",
        "from a tracking call's arrival to its answer, the broker's acknowledgement included",
        "p99 over 1 s: the broker is slow; calls are refused with 503 when too much waits",
        buckets=LATENCY,
    ),
    Metric(
        "shoal_uploaded_users_total",
        "counter",
        "users of uploads by what became of them",
        "`rejected`: the answer to the upload lists each with its reason",
        ("outcome",),
    ),
    Metric(
        "shoal_requests_total",
        "counter",
        "answers of the gateway by status",
        "5xx: see the gateway's log; 401: a wrong key is in use somewhere",
        ("status",),
    ),
    Metric(
        "shoal_fills_total",
        "counter",
        "passes over the history for new or edited segments, by how they ended",
        "`failed`: the segment's `error` says why; its old version goes on answering",
        ("outcome",),
    ),
)
"""All metrics, in the order that the documentation has them."""

BY_NAME = {each.name: each for each in METRICS}


def as_markdown() -> str:
    """The table of docs/metrics.md."""
    lines = ["| metric | kind | labels | meaning | what to do about it |", "| --- | --- | --- | --- | --- |"]
    for each in METRICS:
        kind = "gauge" if each.kind == "computed" else each.kind
        labels = ", ".join(f"`{label}`" for label in each.labels)
        lines.append(f"| `{each.name}` | {kind} | {labels} | {each.meaning} | {each.action} |")
    return "\n".join(lines) + "\n"
