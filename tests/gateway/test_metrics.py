"""/metrics, /healthz and /readyz; the table of metrics is the one that the documentation shows."""

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.clock import now
from gateway.segments.versions import gone_live
from schemas.metrics import METRICS, as_markdown
from stores import telemetry
from tests.gateway.conftest import Gateway
from tests.gateway.fakes import beating

REQUIRED = {
    "shoal_segment_members", "shoal_users", "shoal_users_active_7d", "shoal_users_new_7d", "shoal_events",
    "shoal_event_to_lookup_seconds", "shoal_lookup_seconds", "shoal_dead_letters", "shoal_timer_lag_seconds",
}  # fmt: skip


async def scrape(gateway: Gateway) -> dict[str, dict[str, float]]:
    """Family → sample's name and labels → value."""
    answer = await gateway.metrics.get("/metrics")
    assert answer.status == 200
    families = text_string_to_metric_families(await answer.text())
    return {
        each.name: {"".join([sample.name, *sample.labels.values()]): sample.value for sample in each.samples}
        for each in families
    }


async def test_sizes_are_worked_out_at_the_scrape(gateway: Gateway) -> None:
    await gateway.make(id="s")
    await gateway.definitions.write([gone_live(gateway.definitions.segments["s"])])
    gateway.lookups.slots |= {"a": {0, 1, 16}, "b": {0, 2}}
    await gateway.forget_sizes()
    families = await scrape(gateway)
    assert families["shoal_segment_members"] == {"shoal_segment_memberss": 1}
    assert families["shoal_users"] == {"shoal_users": 2}
    assert families["shoal_users_active_7d"] == {"shoal_users_active_7d": 1}
    assert families["shoal_users_new_7d"] == {"shoal_users_new_7d": 1}


async def test_lookups_are_timed(gateway: Gateway) -> None:
    before = (await scrape(gateway)).get("shoal_lookup_seconds", {}).get("shoal_lookup_seconds_count", 0)
    await gateway.get("/v1/users/a/segments")
    await gateway.ask("POST", "/v1/users/segments", json={"users": ["a"]})
    after = (await scrape(gateway))["shoal_lookup_seconds"]["shoal_lookup_seconds_count"]
    assert after == before + 2


async def test_every_required_name_is_shown(gateway: Gateway) -> None:
    telemetry.counter("shoal_events_total").labels("clicks").inc(0)
    telemetry.counter("shoal_dead_letters_total").labels("bad_id").inc(0)
    for name in ("shoal_event_to_lookup_seconds", "shoal_timer_lag_seconds", "shoal_lookup_seconds"):
        telemetry.histogram(name)
    assert (await scrape(gateway)).keys() >= REQUIRED


async def test_without_redis_the_counts_are_shown_and_the_sizes_left_out(gateway: Gateway) -> None:
    await gateway.forget_sizes()
    gateway.lookups.away = True
    telemetry.counter("shoal_events_total").labels("clicks").inc(0)
    families = await scrape(gateway)
    assert "shoal_events" in families
    assert "shoal_users" not in families


def test_a_name_outside_the_table_is_refused() -> None:
    for make in (telemetry.counter, telemetry.gauge, telemetry.histogram):
        with pytest.raises(KeyError):
            make("shoal_surprise")
    with pytest.raises(KeyError):
        telemetry.counter("shoal_lookup_seconds")


def test_the_documentation_has_the_table() -> None:
    assert as_markdown() in Path("docs/metrics.md").read_text()
    assert all(re.fullmatch(r"shoal_[a-z0-9_]+", each.name) for each in METRICS)
    assert all((each.kind == "histogram") == bool(each.buckets) for each in METRICS)


async def test_alive_on_both_ports(gateway: Gateway) -> None:
    gateway.lookups.away = gateway.definitions.away = True
    for client in (gateway.client, gateway.metrics):
        assert (await client.get("/healthz")).status == 200


async def missing(gateway: Gateway) -> list[str]:
    answers = [await client.get("/readyz") for client in (gateway.client, gateway.metrics)]
    bodies = [await answer.json() for answer in answers]
    assert bodies[0] == bodies[1]
    assert all((answer.status == 200) == ("missing" not in bodies[0]) for answer in answers)
    missing: list[str] = bodies[0].get("missing", [])
    return missing


async def test_ready_once_every_partition_has_a_worker(gateway: Gateway) -> None:
    assert await missing(gateway) == ["no worker has partition 0, 1, 2, 3"]
    gateway.lookups.told = beating(now())
    assert await missing(gateway) == []
    gateway.lookups.told[2] = {"w": str(now() - 11_000), "whole": "1"}
    del gateway.lookups.told[3]["whole"]
    assert await missing(gateway) == ["no worker has partition 2", "Redis is being filled with partition 3"]


async def test_not_ready_without_redis_broker_or_definitions(gateway: Gateway) -> None:
    gateway.lookups.told = beating(now())
    gateway.lookups.away = True
    assert await missing(gateway) == ["Redis does not answer"]
    gateway.lookups.away = False
    gateway.definitions.away = True
    assert await missing(gateway) == ["the broker does not answer"]
    gateway.definitions.away = False
    gateway.parts.table.generation = 0
    assert await missing(gateway) == ["segment definitions are still being read"]
