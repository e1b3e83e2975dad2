"""The hot path answers as aiohttp would, byte for byte where it answers, and leaves everything else to it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from gateway.app import make_app
from gateway.auth import SecretKey
from gateway.hotpath import HotPath
from gateway.parts import make_parts
from gateway.server import MakeProtocol, listening
from schemas.settings import Settings
from streams.profile_view import describe_user
from tests.gateway.collecting import FakeWriter
from tests.gateway.conftest import KEY
from tests.gateway.fakes import FakeDefinitions, FakeLookups
from tests.gateway.test_users import live

HEAD = f"Host: x\r\nAuthorization: Bearer {KEY}\r\n"


class Running:
    """A gateway behind its hot path; `taken` counts the lookups that aiohttp did not see."""

    def __init__(self) -> None:
        self.lookups = FakeLookups(slots={"ann": {0, 16}, "a b": {0, 16}})
        self.definitions = FakeDefinitions({"s": live("s", 16)})
        self.parts = make_parts(Settings(secret_key=KEY), self.lookups, self.definitions, describe_user, FakeWriter())
        self.definitions.tell()
        self.hot: HotPath | None = None
        self.port = 0

    def front(self, rest: MakeProtocol) -> HotPath:
        self.hot = HotPath(self.parts.key, self.parts.users.body, rest)
        return self.hot

    async def say(self, *pieces: bytes) -> list[tuple[int, dict[str, str], bytes]]:
        """All answers that a connection gives to what is sent in these pieces."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0.02)
        answers = []
        try:
            while True:
                async with asyncio.timeout(0.3):
                    answers.append(await read_answer(reader))
        except (TimeoutError, asyncio.IncompleteReadError):
            writer.close()
            return answers


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
    return int(head[0].split()[1]), headers, await reader.readexactly(int(headers.get("content-length", 0)))


@pytest.fixture
async def running(unused_tcp_port: int) -> AsyncIterator[Running]:
    it = Running()
    it.port = unused_tcp_port
    async with listening(make_app(it.parts), "127.0.0.1", it.port, it.front):
        yield it


def get(id: str, head: str = HEAD) -> bytes:
    return f"GET /v1/users/{id}/segments HTTP/1.1\r\n{head}\r\n".encode()


ANN = {"user": "ann", "segments": ["s"]}


async def test_lookups_one_after_another(running: Running) -> None:
    answers = await running.say(get("ann"), get("nobody"), get("ann"))
    assert [status for status, _, _ in answers] == [200] * 3
    assert [json.loads(body) for _, _, body in answers] == [ANN, {"user": "nobody", "segments": []}, ANN]
    assert answers[0][1]["content-type"] == "application/json"
    assert "date" in answers[0][1]
    assert running.hot is not None


async def test_several_at_once_are_answered_in_order(running: Running) -> None:
    answers = await running.say(get("ann") + get("nobody") + get("ann"))
    assert [json.loads(body)["user"] for _, _, body in answers] == ["ann", "nobody", "ann"]


async def test_what_comes_during_a_lookup_waits(running: Running) -> None:
    plain = running.lookups.lookup

    async def slow(id: str) -> bytes | None:
        await asyncio.sleep(0.05)
        return await plain(id)

    running.lookups.lookup = slow  # type: ignore[method-assign]
    answers = await running.say(get("ann"), get("nobody"), b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", get("ann"))
    assert [status for status, _, _ in answers] == [200] * 4
    assert [json.loads(body).get("user") for _, _, body in answers] == ["ann", "nobody", None, "ann"]


async def test_a_request_in_pieces(running: Running) -> None:
    whole = get("ann")
    for cut in (1, 10, 30, len(whole) - 2):
        answers = await running.say(whole[:cut], whole[cut:], whole)
        assert [json.loads(body) for _, _, body in answers] == [ANN, ANN]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("ann", "Host: x\r\n"), 401),
        (get("ann", "Host: x\r\nAuthorization: Bearer wrong\r\n"), 401),
        (get("a%20b"), 200),
        (get("ann").replace(b" HTTP", b"?x=1 HTTP"), 200),
        (get("ann", HEAD + "Connection: close\r\n"), 200),
        (get("ann", HEAD + "Content-Length: 0\r\n"), 200),
        (get("ann").replace(b"GET", b"POST"), 405),
        (get("ann").replace(b"/segments", b"/what"), 404),
        (get("ann").replace(b"HTTP/1.1", b"HTTP/1.0"), 200),
        (get("ann", HEAD + "Bad Header\r\n"), 400),
        (b"GET /v1/users/ann/segments HTTP/1.1\r\n" + HEAD.encode() + b" folded\r\n\r\n", 400),
        (b"nonsense\r\n\r\n", 400),
    ],
)
async def test_everything_else_is_aiohttps(running: Running, request_: bytes, status: int) -> None:
    assert running.hot is not None
    assert running.hot.asked(request_) is None
    assert (await running.say(request_))[0][0] == status


@pytest.mark.parametrize(
    "garbage",
    [
        b"nonsense\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header\r\n\r\n",
        b"POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_told_as_every_error_is(
    running: Running, garbage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    [(status, headers, body)] = await running.say(garbage)
    assert status == 400
    assert headers["content-type"] == "application/json"
    assert json.loads(body).keys() == {"code", "message"}
    assert json.loads(body)["code"] == "bad_request"
    assert caplog.records == []


async def test_a_body_is_not_taken_for_the_next_request(running: Running) -> None:
    inner = get("ann")
    head = HEAD + f"Content-Length: {len(inner)}\r\n"
    answers = await running.say(get("ann", head) + inner)
    assert [status for status, _, _ in answers] == [200]


async def test_redis_away_is_503_and_the_connection_goes_on(running: Running) -> None:
    running.lookups.away = True
    [(status, headers, body)] = await running.say(get("ann"))
    assert status == 503
    assert headers["retry-after"] == "1"
    assert json.loads(body)["code"] == "unavailable"
    running.lookups.away = False
    assert json.loads((await running.say(get("ann")))[0][2]) == ANN


async def test_a_bug_is_told_by_aiohttp(running: Running) -> None:
    async def breaks(id: str) -> bytes | None:
        raise RuntimeError(id)

    running.lookups.lookup = breaks  # type: ignore[method-assign]
    [(status, _, body)] = await running.say(get("ann"))
    assert (status, json.loads(body)["code"]) == (500, "internal")


async def test_lookups_under_way_are_answered_before_the_end(unused_tcp_port: int) -> None:
    it = Running()
    it.port = unused_tcp_port
    plain, begun = it.lookups.lookup, asyncio.Event()

    async def slow(id: str) -> bytes | None:
        begun.set()
        await asyncio.sleep(0.2)
        return await plain(id)

    it.lookups.lookup = slow  # type: ignore[method-assign]
    async with listening(make_app(it.parts), "127.0.0.1", it.port, it.front):
        asking = asyncio.create_task(it.say(get("ann")))
        await begun.wait()
    assert json.loads((await asking)[0][2]) == ANN


def hot_path() -> HotPath:
    async def body(id: str, started: float) -> bytes:
        return b""

    return HotPath(SecretKey(KEY), body, asyncio.Protocol)


@given(st.binary(max_size=300), st.integers(0, 200))
def test_only_whole_plain_lookups_are_taken(noise: bytes, at: int) -> None:
    hot, request = hot_path(), get("ann")
    broken = request[:at] + noise + request[at:]
    if (id := hot.asked(broken)) is not None:
        assert broken.startswith(f"GET /v1/users/{id}/segments HTTP/1.1\r\n".encode())
        assert broken.count(b"\r\n\r\n") == 1
        assert f"Bearer {KEY}".encode() in broken


@given(st.text(max_size=40))
def test_ids_are_taken_as_they_are_or_left(id: str) -> None:
    taken = hot_path().asked(get(id))
    assert taken in (None, id)


def test_under_the_loop_of_the_running_gateway(unused_tcp_port: int) -> None:
    async def scenario() -> None:
        it = Running()
        it.port = unused_tcp_port
        async with listening(make_app(it.parts), "127.0.0.1", it.port, it.front):
            answers = await it.say(get("ann"), get("ann") + get("a%20b"), get("nobody"))
            assert [json.loads(body)["user"] for _, _, body in answers] == ["ann", "ann", "a b", "nobody"]
            it.lookups.away = True
            assert [status for status, _, _ in await it.say(get("ann"), get("ann"))] == [503, 503]

    uvloop.run(scenario())
