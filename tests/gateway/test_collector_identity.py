"""Which identity records a request leaves, which it leaves out, and what is refused while the broker is away."""

from collections.abc import AsyncIterator

import pytest

from gateway.budget import Budget
from gateway.collector.known import LATELY, Known
from gateway.position import decode_position
from schemas.topics import Topic
from stores.telemetry import counter
from streams.partition import partition_of
from tests.gateway.collecting import KEY, Collector, collector

TRACK = {"type": "track", "userId": "u", "event": "Buy"}


@pytest.fixture
async def it() -> AsyncIterator[Collector]:
    async with collector() as running:
        yield running


def counted(reason: str) -> float:
    samples = counter("shoal_dead_letters_total").collect()[0].samples
    return sum(s.value for s in samples if s.name.endswith("_total") and s.labels == {"reason": reason})


async def test_ids_lately_told_are_not_told_again_but_waited_for(it: Collector) -> None:
    call = {**TRACK, "anonymousId": "a"}
    first = await it.batch(call, call)
    assert len(it.writer.identity) == 2
    second = await it.batch(call)
    assert len(it.writer.identity) == 2
    ends = [decode_position(answer["position"], 4) for answer in (first, second)]
    assert [{k: v for k, v in each.items() if k[0] is Topic.IDENTITY} for each in ends] == [
        {(Topic.IDENTITY, at): len(it.writer.log[Topic.IDENTITY, at]) for at in {partition_of(i, 4) for i in "ua"}}
    ] * 2
    await it.batch({**call, "userId": "other"})
    assert len(it.writer.identity) == 4
    await it.batch(call, headers={"Sec-GPC": "1"})
    assert len(it.writer.identity) == 6


async def test_an_alias_is_told_each_time(it: Collector) -> None:
    for _ in range(3):
        await it.post("/v1/alias", {"userId": "u", "previousId": "a"})
    assert [each["alias"] for each in it.writer.identity if "alias" in each] == ["u"] * 3


async def test_what_was_refused_is_told_again(it: Collector) -> None:
    it.writer.away = True
    await it.batch(TRACK, status=503)
    it.writer.away = False
    await it.batch(TRACK)
    assert len(it.writer.identity) == 1


async def test_503_with_retry_after(it: Collector) -> None:
    it.writer.away = True
    before = counted("bad_id")
    async with it.client.post("/v1/track", data="{}", auth=KEY, headers={"Origin": "https://a.example"}) as response:
        assert response.status == 503
        assert int(response.headers["Retry-After"]) >= 1
        assert response.headers["Access-Control-Allow-Origin"] == "https://a.example"
        assert set(await response.json()) == {"code", "message"}
    assert counted("bad_id") == before


async def test_too_many_bytes_waiting() -> None:
    async with collector(budget=Budget(1000)) as it:
        await it.post("/v1/track", {"userId": "u", "event": "x"})
        answer = await it.post("/v1/track", {"userId": "u", "event": "x", "p": "y" * 2000}, 503)
        assert answer["code"] == "unavailable"
        assert it.budget.held == 0
        await it.post("/v1/track", {"userId": "u", "event": "x"})


def test_what_is_known_is_bounded_and_grows_old() -> None:
    known = Known(kept=2)
    one, two, three = (("u", "user", None, True), ("a", "anonymous", "u", True), ("b", "anonymous", None, True))
    known.add({one: 7, two: 8}, now=0)
    assert (known.end(one, LATELY), known.end(one, LATELY + 1)) == (7, None)
    known.add({three: 9}, now=5)
    assert [known.end(fact, 5) for fact in (one, two, three)] == [7, None, 9]
    known.add({one: 12}, now=LATELY + 1)
    assert known.end(one, 2 * LATELY + 1) == 12
