"""The site at a glance, and the one snapshot behind it."""

import asyncio

from gateway.clock import now
from gateway.segments.versions import gone_live
from schemas.times import HOUR
from tests.gateway.conftest import Gateway


async def test_the_figures_of_the_site_and_of_every_segment(gateway: Gateway) -> None:
    for id in ("soon", "buyers"):
        await gateway.make(id=id, name=id.title())
    await gateway.definitions.write([gone_live(gateway.definitions.segments["buyers"])])
    gateway.lookups.slots |= {"a": {0, 1, 17}, "b": {0, 1, 2, 17}, "c": {0, 2}, "d": {0}}
    hour = now() // HOUR
    gateway.lookups.hours = [
        {hour: [1, 2, 3, 4], hour - 167: [10, 20, 30, 40], hour - 168: [500] * 4},
        {hour: [5, 5, 5, 5]},
    ]
    await gateway.forget_sizes()
    assert await gateway.get("/v1/overview") == {
        "users": 4,
        "new_7d": 2,
        "active_7d": 2,
        "page_views_7d": 16,
        "clicks_7d": 27,
        "visits_7d": 49,
        "segments": [
            {"id": "buyers", "name": "Buyers", "size": 2, "share": 0.5, "new_7d": 1, "active_7d": 2},
            {"id": "soon", "name": "Soon", "size": 0, "share": 0.0, "new_7d": 0, "active_7d": 0},
        ],
    }


async def test_with_nobody_there_is_nothing_to_divide(gateway: Gateway) -> None:
    await gateway.make(id="a")
    body = await gateway.get("/v1/overview")
    assert (body["users"], body["segments"][0]["share"]) == (0, 0.0)


async def test_however_many_ask_redis_is_asked_once_a_second(gateway: Gateway) -> None:
    await gateway.forget_sizes()
    before = gateway.lookups.counted
    await asyncio.gather(*(gateway.get("/v1/overview") for _ in range(50)))
    assert gateway.lookups.counted == before + 1


async def test_a_segment_that_just_went_live_has_its_size_at_once(gateway: Gateway) -> None:
    gateway.lookups.slots["a"] = {0, 16}
    await gateway.make(id="s")
    assert (await gateway.get("/v1/segments/s"))["size"] == 0
    await gateway.definitions.write([gone_live(gateway.definitions.segments["s"])])
    assert (await gateway.get("/v1/segments/s"))["size"] == 1
