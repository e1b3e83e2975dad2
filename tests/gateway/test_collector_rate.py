"""The setting `rate_limit`: what is over it is refused as a whole, and told when to come again."""

import orjson
import pytest
from aiohttp import BasicAuth

from gateway.collector.rate import RateLimit
from gateway.errors import Refused
from schemas.settings import Settings
from tests.gateway.collecting import KEY, collector

CALL = {"type": "track", "userId": "u", "event": "E"}


def test_it_is_kept_on_average_and_nobody_waits_for_ever() -> None:
    at = 0.0
    limit = RateLimit(100, lambda: at)
    waits = []
    taken = 0
    while taken < 20_000:
        try:
            limit.take(10)
            taken += 10
        except Refused as refused:
            waits.append(int(refused.headers["Retry-After"]))
            at += waits[-1]
    assert 185 <= at <= 200, "20,000 events at 100 a second, 10 s of them at once"
    assert set(waits) == {1}
    limit.take(50_000)
    with pytest.raises(Refused) as told:
        limit.take(1)
    assert (told.value.status, told.value.code) == (429, "too_many_events")
    at += int(told.value.headers["Retry-After"])
    limit.take(1)


async def test_over_it_all_is_refused_with_429() -> None:
    async with collector(Settings(rate_limit=1)) as it:
        await it.batch(*[CALL] * 11)
        async with it.client.post("/v1/batch", data=orjson.dumps({"batch": [CALL]}), auth=KEY) as refused:
            assert refused.status == 429
            assert refused.headers["Retry-After"] == "1"
            assert (await refused.json())["code"] == "too_many_events"
            assert refused.headers["Access-Control-Allow-Origin"] == "*"
        await it.post("/v1/track", CALL, status=429)
        await it.post("/v1/track", CALL, status=401, auth=BasicAuth("wrong"))
        await it.post("/v1/batch", data=b"{", status=400)
        assert len(it.writer.events) == 11


async def test_without_it_nothing_is_refused() -> None:
    async with collector() as it:
        for _ in range(4):
            await it.batch(*[CALL] * 2500)
        assert len(it.writer.events) == 10_000
