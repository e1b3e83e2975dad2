"""Bodies: whatever their type, plain or gzip, up to their limits; broken, slow and poisonous ones."""

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import BasicAuth

from gateway.collector import body
from gateway.position import decode_position
from schemas.calls import MAX_BODY_BYTES, MAX_EVENTS
from tests.gateway.collecting import Collector, collector

TRACK = {"type": "track", "userId": "u", "event": "Buy"}


@pytest.fixture
async def it() -> AsyncIterator[Collector]:
    async with collector() as running:
        yield running


@pytest.mark.parametrize("type", ["text/plain", "application/json", "application/x-www-form-urlencoded", "nonsense"])
async def test_json_whatever_the_content_type(it: Collector, type: str) -> None:
    await it.post("/v1/track", {"userId": "u", "event": "x"}, headers={"Content-Type": type})
    assert len(it.writer.events) == 1


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"\xff", b'{"batch":[}'])
@pytest.mark.parametrize("path", ["/v1/track", "/v1/batch"])
async def test_no_json(it: Collector, body: bytes, path: str) -> None:
    assert (await it.post(path, data=body, status=400))["code"] == "bad_json"
    await it.post(path, data=body, status=400, auth=None)
    await it.post(path, data=body, status=401, auth=BasicAuth("wrong"))


@pytest.mark.parametrize("body", [[], [TRACK], "x", 7, None, {}, {"batch": None}, {"batch": {}}, {"batch": "x"}])
async def test_a_batch_that_is_none(it: Collector, body: object) -> None:
    assert (await it.post("/v1/batch", body, 400))["code"] == "bad_batch"


async def test_an_empty_batch_has_a_position_too(it: Collector) -> None:
    answer = await it.batch()
    assert decode_position(answer["position"], 4) == {}


@pytest.mark.parametrize("body", [[], "x", 7, None])
async def test_a_single_call_that_is_no_object_is_rejected(it: Collector, body: object) -> None:
    answer = await it.post("/v1/track", body)
    assert [each["code"] for each in answer["rejected"]] == ["not_object"]
    assert [letter["reason"] for letter in it.writer.dead] == ["not_object"]


async def test_events_a_batch(it: Collector) -> None:
    await it.batch(*[{"type": "page", "userId": "u"}] * MAX_EVENTS)
    assert len(it.writer.events) == MAX_EVENTS
    answer = await it.post("/v1/batch", {"batch": [1] * (MAX_EVENTS + 1)}, 400)
    assert answer["code"] == "too_many"


def sized(size: int) -> bytes:
    shell = b'{"batch":[],"x":"%b"}'
    return shell % (b"x" * (size - len(shell) + 2))


async def test_bytes_a_request(it: Collector) -> None:
    fits, over = sized(MAX_BODY_BYTES), sized(MAX_BODY_BYTES + 1)
    packed = {"Content-Encoding": "gzip"}
    await it.post("/v1/batch", data=fits)
    await it.post("/v1/batch", data=gzip.compress(fits), headers=packed)
    for data, headers in ((over, {}), (gzip.compress(over), packed), (b"x" * 5_000_000, {})):
        assert (await it.post("/v1/batch", data=data, headers=headers, status=400))["code"] == "too_large"


async def test_a_body_of_unknown_length(it: Collector) -> None:
    async def pieces(count: int) -> AsyncIterator[bytes]:
        yield b'{"batch":['
        for _ in range(count):
            yield b" " * 10_000
        yield b"]}"

    await it.post("/v1/batch", data=pieces(10))
    assert (await it.post("/v1/batch", data=pieces(200), status=400))["code"] == "too_large"
    assert it.budget.held == 0


async def test_gzip(it: Collector) -> None:
    packed = gzip.compress(json.dumps({"batch": [TRACK]}).encode())
    await it.post("/v1/batch", data=packed, headers={"Content-Encoding": "gzip"})
    assert len(it.writer.events) == 1
    for broken in (packed[:-9], packed + b"x", packed[:10] + b"xxxx", b"\x1f\x8b"):
        answer = await it.post("/v1/batch", data=broken, headers={"Content-Encoding": "gzip"}, status=400)
        assert answer["code"] == "bad_gzip"
    await it.post("/v1/batch", data=zlib.compress(b"{}"), headers={"Content-Encoding": "br"}, status=400)


async def test_a_gzip_bomb_costs_no_more_than_the_cap(it: Collector) -> None:
    bomb = gzip.compress(b" " * 200_000_000)
    assert len(bomb) < MAX_BODY_BYTES
    started = time.perf_counter()
    answer = await it.post("/v1/batch", data=bomb, headers={"Content-Encoding": "gzip"}, status=400)
    assert answer["code"] == "too_large"
    assert time.perf_counter() - started < 1


async def raw(it: Collector, request: bytes, *, then_close: bool) -> bytes:
    """Bytes as they are, for what no client library would send."""
    reader, writer = await asyncio.open_connection(it.client.server.host, it.client.server.port)
    writer.write(request)
    await writer.drain()
    if then_close:
        writer.write_eof()
    answer = b"" if then_close else await reader.readuntil(b"}")
    writer.close()
    return answer


HEAD = b"POST /v1/track?writeKey=dev HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n"


async def test_a_body_that_breaks_off_is_nobody_s_bug(it: Collector, caplog: pytest.LogCaptureFixture) -> None:
    await raw(it, HEAD + b'{"userId"', then_close=True)
    await asyncio.sleep(0.1)
    assert it.budget.held == 0
    assert not [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")]


async def test_a_body_that_never_comes(it: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(body, "SLOWEST", 0.1)
    answer = await asyncio.wait_for(raw(it, HEAD + b'{"userId"', then_close=False), 20)
    assert answer.startswith(b"HTTP/1.1 400")
    assert b'"too_slow"' in answer
    assert it.budget.held == 0


async def test_a_wrong_key_is_told_before_a_large_body_is_read(it: Collector) -> None:
    answer = await it.post("/v1/batch", data=b" " * 3_000_000, auth=BasicAuth("wrong"), status=401)
    assert answer["code"] == "unauthorized"
