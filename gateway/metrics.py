"""`GET /metrics`: what all processes counted, and the sizes, worked out from Redis as it is scraped.

Owns the handler and the computed gauges. While Redis is away the counts are served and the gauges left out: a gap in a
graph tells the truth, a zero would not.
"""

import asyncio
from collections.abc import Iterable

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from gateway.answers.sizes import Sizes, Snapshot
from schemas.errors import Unavailable
from schemas.metrics import BY_NAME
from stores.telemetry import scraped


class _Computed(Collector):
    """The gauges of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Family]:
        users = self._snapshot.users
        yield _family("shoal_users", users.size)
        yield _family("shoal_users_active_7d", users.active_7d)
        yield _family("shoal_users_new_7d", users.new_7d)
        members = _family("shoal_segment_members")
        for id, figures in self._snapshot.segments.items():
            members.add_metric([id], figures.size)
        yield members


def _family(name: str, value: int | None = None) -> GaugeMetricFamily:
    metric = BY_NAME[name]
    return GaugeMetricFamily(name, metric.meaning, value=value, labels=metric.labels or None)


class MetricsAnswer:
    """The handler."""

    def __init__(self, sizes: Sizes) -> None:
        self._sizes = sizes

    async def metrics(self, _: web.Request) -> web.Response:
        try:
            computed: list[Collector] = [_Computed(await self._sizes.now())]
        except Unavailable:
            computed = []
        # Reading the files of many processes takes milliseconds that lookups should not wait for.
        body = await asyncio.to_thread(lambda: generate_latest(scraped(*computed)))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
