"""Uploads over HTTP: what is taken, what is told, and that a file of any size needs the memory of a portion."""

import gzip
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient

from gateway.auth import SecretKey
from gateway.budget import Budget
from gateway.errors import guard
from gateway.position import Ends, decode_position
from gateway.producer import Lanes
from gateway.users.csv_rows import RowReader
from gateway.users.storing import MOST_TOLD, PORTION
from gateway.users.uploading import Uploads
from schemas.errors import Rejected, Unavailable
from schemas.topics import Topic
from tests.gateway.collecting import FakeWriter, serving

KEY = {"Authorization": "Bearer secret"}
PARTITIONS = 4
CSV = {"Content-Type": "text/csv"}


@asynccontextmanager
async def uploads(writer: FakeWriter) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application(middlewares=[guard])
    uploading = Uploads(writer, Budget(), PARTITIONS)
    app.router.add_post("/v1/users", SecretKey("secret").guarding(uploading.post))
    async with serving(app) as server, TestClient(server) as client:
        yield client


async def send(writer: FakeWriter, body: Any, status: int = 200, **headers: str) -> dict[str, Any]:
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    async with uploads(writer) as client, client.post("/v1/users", data=data, headers={**KEY, **headers}) as response:
        assert response.status == status, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def test_a_user_becomes_a_record_of_its_id() -> None:
    writer = FakeWriter()
    answer = await send(writer, {"users": [{"user_id": "ann", "traits": {"plan": "pro", "old": None}}, {"user_id": 7}]})
    assert (answer["accepted"], answer["rejected"], answer["rejected_count"]) == (2, [], 0)
    ann, seven = sorted(writer.records(Topic.IDENTIFIES), key=lambda record: record["arrival"])
    assert (ann["id"], ann["type"], ann["name"], ann["traits"]) == ("ann", "upload", "$upload", {"plan": "pro"})
    assert ann["time"] == ann["received"]
    assert "user_id" not in ann
    assert seven["id"] == "7"
    ends = decode_position(answer["position"], PARTITIONS)
    assert sum(ends.values()) == 2
    assert writer.identity == []


@pytest.mark.parametrize(
    ("user", "code"),
    [
        ("ann", "not_object"),
        ({"traits": {}}, "missing_id"),
        ({"user_id": ""}, "missing_id"),
        ({"user_id": "x" * 257}, "bad_id"),
        ({"user_id": "a\0b"}, "bad_id"),
        ({"user_id": True}, "bad_id"),
        ({"user_id": "ann", "traits": [1]}, "bad_traits"),
        ({"user_id": "ann", "traits": {"note": "x" * 40_000}}, "too_large"),
    ],
)
async def test_one_that_cannot_be_taken_is_told_alone(user: Any, code: str) -> None:
    writer = FakeWriter()
    answer = await send(writer, {"users": [{"user_id": "ok"}, user]})
    assert answer["accepted"] == 1
    assert [(each["index"], each["code"]) for each in answer["rejected"]] == [(1, code)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "bad_json"),
        ([], 422, "not_a_list"),
        ({"users": "ann"}, 422, "not_a_list"),
        ({"users": [{"user_id": "ann"}] * 10_001}, 422, "too_many"),
    ],
)
async def test_what_is_no_upload(body: Any, status: int, code: str) -> None:
    assert (await send(FakeWriter(), body, status))["code"] == code


async def test_without_the_key_nothing_is_taken() -> None:
    async with uploads(FakeWriter()) as client, client.post("/v1/users", json={"users": []}) as response:
        assert response.status == 401


async def test_while_the_broker_is_away_it_is_said_so() -> None:
    async with uploads(FakeWriter(away=True)) as client:
        response = await client.post("/v1/users", json={"users": [{"user_id": "ann"}]}, headers=KEY)
        assert response.status == 503
        assert response.headers["Retry-After"] == "2"
        assert (await response.json())["accepted"] == 0


async def test_a_table() -> None:
    writer = FakeWriter()
    text = 'user_id,name,"home, town",age\r\nann,Ann,"Bern, ""old"" town",30\r\n\r\nbob,,,\n"c\nd",x\n'
    answer = await send(writer, text.encode(), **CSV)
    assert (answer["accepted"], answer["rejected_count"]) == (3, 0)
    ann, bob, cd = sorted(writer.records(Topic.IDENTIFIES), key=lambda record: record["arrival"])
    assert ann["traits"] == {"name": "Ann", "home, town": 'Bern, "old" town', "age": "30"}
    assert (bob["id"], bob.get("traits", {})) == ("bob", {})
    assert (cd["id"], cd["traits"]) == ("c\nd", {"name": "x"})


async def test_bad_rows_are_told_with_their_lines() -> None:
    writer = FakeWriter()
    text = b'user_id,a\nann,1\n,2\nbob,1,2\n\xff,1\n"two\nlines",1\neve,"open\nzoe,1\n'
    answer = await send(writer, text, **CSV)
    told = [(each["index"], each["line"], each["code"]) for each in answer["rejected"]]
    assert told == [(1, 3, "missing_id"), (2, 4, "bad_row"), (3, 5, "bad_encoding"), (5, 8, "bad_row")]
    assert {record["id"] for record in writer.records(Topic.IDENTIFIES)} == {"ann", "two\nlines", "zoe"}


@pytest.mark.parametrize("text", [b"", b"name\nann\n", b"user_id,user_id\n", b"user_id,\n"])
async def test_a_table_needs_a_header(text: bytes) -> None:
    assert (await send(FakeWriter(), text, 422, **CSV))["errors"]


async def test_the_list_of_the_rejected_is_bounded_but_not_their_count() -> None:
    answer = await send(FakeWriter(), b"user_id\n" + b'"",\n' * (MOST_TOLD + 5), **CSV)
    assert len(answer["rejected"]) == MOST_TOLD
    assert answer["rejected_count"] == MOST_TOLD + 5


async def test_gzip_is_inflated_as_it_comes() -> None:
    writer = FakeWriter()
    answer = await send(writer, gzip.compress(b"user_id\nann\n"), **CSV, **{"Content-Encoding": "gzip"})
    assert answer["accepted"] == 1
    broken = gzip.compress(b"user_id\nann\n")[:-3]
    assert (await send(writer, broken, 400, **CSV, **{"Content-Encoding": "gzip"}))["code"] == "bad_gzip"


class Counting(FakeWriter):
    """Keeps nothing but how many were waiting at once, and takes 50,000."""

    most = 0
    count = 0

    async def write(self, lanes: Lanes) -> Ends:
        waiting = sum(map(len, lanes.values()))
        self.most = max(self.most, waiting)
        self.count += waiting
        if self.count > 50_000:
            raise Unavailable("full")
        return dict.fromkeys(lanes, self.count)


async def test_a_large_file_is_held_in_no_memory() -> None:
    writer = Counting()

    async def lines() -> AsyncIterator[bytes]:
        yield b"user_id,name,plan\n"
        for _ in range(50):
            yield b"".join(b"user-%d,Somebody with a very very long name,pro\n" % number for number in range(1000))

    async with uploads(writer) as client:
        tracemalloc.start()
        async with client.post("/v1/users", data=lines(), headers={**KEY, **CSV}) as response:
            answer = await response.json()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (answer["accepted"], answer["rejected_count"]) == (50_000, 0)
    assert writer.most <= PORTION
    assert peak < 4 << 20  # of a body of 2.3 MB, whose events are 13 MB


async def test_what_the_broker_took_before_it_went_away_is_told() -> None:
    rows = b"user_id\n" + b"".join(b"u%d\n" % number for number in range(53_000))
    answer = await send(Counting(), rows, 503, **CSV)
    assert answer["accepted"] == 50_000


def test_rows_are_the_same_however_the_bytes_come() -> None:
    text = b'user_id,a\r\nx,"1\n2"\n\n"y""z",3\nlast'
    whole = read(text, len(text))
    assert whole == [(1, ["user_id", "a"]), (2, ["x", "1\n2"]), (5, ['y"z', "3"]), (6, ["last"])]
    for size in range(1, 9):
        assert read(text, size) == whole


def test_a_line_without_an_end_is_refused_once() -> None:
    rows = read(b"user_id\n" + b"x" * 200_000 + b"\nann\n", 10_000)
    assert [(line, getattr(cells, "code", cells)) for line, cells in rows] == [
        (1, ["user_id"]),
        (2, "too_large"),
        (3, ["ann"]),
    ]


def read(text: bytes, size: int) -> list[tuple[int, list[str] | Rejected]]:
    reader = RowReader()
    rows = [row for at in range(0, len(text), size) for row in reader.feed(text[at : at + size])]
    return [tuple(row) for row in (*rows, *reader.end())]
