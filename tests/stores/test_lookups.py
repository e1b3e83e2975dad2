"""What the gateway reads: redirects followed, many reads in one, counts exact, and no waiting when Redis is away."""

import asyncio
import random
import socket
import time
from collections.abc import AsyncIterator, Sequence
from itertools import combinations
from typing import Any

import pytest
from redis.asyncio import Redis

from cli.ports import free_ports
from schemas.errors import Unavailable
from schemas.views import Progress, View, pack_lookup, pack_redirect
from stores import keys
from stores.coalescing import IN_FLIGHT, MOST_KEYS, Coalesced
from stores.lookups import Lookups
from stores.projection import Projection
from streams.partition import partition_of

PARTITIONS = 3


@pytest.fixture
async def lookups(redis_url: str, namespace: str) -> AsyncIterator[Lookups]:
    made = Lookups(redis_url, namespace, PARTITIONS)
    yield made
    await made.close()


@pytest.fixture
async def show(redis_url: str, namespace: str) -> AsyncIterator[Any]:
    """Writes views, each in its id's partition."""
    projection = Projection(redis_url, namespace)

    async def write(views: Sequence[View]) -> None:
        for p in range(PARTITIONS):
            await projection.write(
                p, (0, 1), [v for v in views if partition_of(v.id, PARTITIONS) == p], Progress(), expect=False
            )

    yield write
    await projection.close()


def known(id: str, slots: Sequence[int] = (), number: int = -1) -> View:
    mask = sum(1 << slot for slot in slots).to_bytes(40, "little")
    return View(id=id, number=number, lookup=pack_lookup(id, slots), row=b"row of " + id.encode(), mask=mask)


def redirect(id: str, home: str) -> View:
    return View(id=id, number=-1, lookup=pack_redirect(home), row=None)


async def test_ids_lead_to_their_user(lookups: Lookups, show: Any) -> None:
    await show([known("ü", (16, 20)), redirect("anon", "ü"), redirect("older", "anon"), redirect("lost", "nobody")])
    for id in ("ü", "anon", "older"):
        assert await lookups.lookup(id) == pack_lookup("ü", (16, 20))
        assert await lookups.row(id) == "row of ü".encode()
    for id in ("lost", "who", "\ud800", "nul\0", ""):
        assert await lookups.lookup(id) is None
        assert await lookups.row(id) is None


async def test_many_come_in_their_order_and_as_often_as_asked(lookups: Lookups, show: Any) -> None:
    await show([known(f"u{i}", (i % 300,)) for i in range(1500)] + [redirect("a", "z"), redirect("z", "u7")])
    ids = ["u3", "a", "nobody", "u3", "\udfff"] + [f"u{i}" for i in range(1500)]
    found = await lookups.lookup_many(ids)
    u3 = pack_lookup("u3", (3,))
    assert found[:5] == [u3, pack_lookup("u7", (7,)), None, u3, None]
    assert found[5:] == [pack_lookup(f"u{i}", (i % 300,)) for i in range(1500)]
    assert await lookups.lookup_many([]) == []


async def test_a_circle_of_redirects_is_a_bug_not_an_endless_walk(lookups: Lookups, show: Any) -> None:
    await show([redirect("a", "b"), redirect("b", "a")])
    for call in (lookups.lookup("a"), lookups.row("a"), lookups.lookup_many(["a", "b"])):
        with pytest.raises(RuntimeError, match="redirects"):
            await call


async def test_concurrent_lookups_are_one_request(lookups: Lookups, show: Any, redis_url: str) -> None:
    await show([known(f"u{i}") for i in range(300)])
    await lookups.lookup("u0")
    requests = []
    fetch = lookups._coalesced._fetch
    lookups._coalesced._fetch = lambda names: requests.append(len(names)) or fetch(names)
    found = await asyncio.gather(*(lookups.lookup(f"u{i}") for i in range(300)))
    assert found == [pack_lookup(f"u{i}", ()) for i in range(300)]
    assert requests == [300]


async def test_counts_are_those_of_the_sets(lookups: Lookups, show: Any, redis_url: str, namespace: str) -> None:
    chance = random.Random(5)
    slots = [0, 1, 2, 16, 17, 40, 319]
    truth = {f"user {i}": set(chance.sample(slots, chance.randrange(7))) for i in range(500)}
    numbers = [0] * PARTITIONS
    views = []
    for id, held in truth.items():
        p = partition_of(id, PARTITIONS)
        views.append(known(id, sorted(held), numbers[p]))
        numbers[p] += 1
    await show(views)
    asked = [(slot,) for slot in slots] + list(combinations(slots, 2)) + list(combinations(slots, 3)) + [(99,), (0, 99)]
    assert await lookups.counts(asked) == [sum(held.issuperset(each) for held in truth.values()) for each in asked]
    assert await lookups.counts([]) == []
    pairs = await lookups.bitmaps([16, 40, 99])
    sets = [[int.from_bytes(each.ljust(100, b"\0")) for each in bitmaps] for bitmaps in pairs]
    assert sum(each.bit_count() for each, _, _ in sets) == sum(16 in held for held in truth.values())
    assert sum((one & other).bit_count() for one, other, _ in sets) == sum({16, 40} <= held for held in truth.values())
    assert [each[2] for each in sets] == [0] * PARTITIONS
    client = Redis.from_url(redis_url)
    assert not await client.exists(*(keys.temporary(namespace, p) for p in range(PARTITIONS)))
    await client.aclose()


async def test_progress_and_totals(lookups: Lookups, redis_url: str, namespace: str) -> None:
    assert await lookups.fields() == [{}] * PARTITIONS
    assert await lookups.totals() == [None] * PARTITIONS
    projection = Projection(redis_url, namespace)
    await projection.write(1, (0, 1), [], Progress(applied={"clicks": 3}, totals=b"\x81"), expect=False)
    await projection.close()
    first, second, third = await lookups.fields()
    assert (first, third) == ({}, {})
    assert second["o:clicks"] == "3"
    assert await lookups.totals() == [None, b"\x81", None]


async def ask_everything(lookups: Lookups) -> None:
    calls = [
        lookups.lookup("a"),
        lookups.lookup_many(["a", "b"]),
        lookups.row("a"),
        lookups.counts([(0, 1)]),
        lookups.totals(),
        lookups.fields(),
    ]
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, Unavailable)


async def test_the_erased_are_counted_by_everybody(lookups: Lookups, redis_url: str, namespace: str) -> None:
    other = Lookups(redis_url, namespace, PARTITIONS)
    assert await lookups.erasures() == 0
    await other.count_erasure()
    await lookups.count_erasure()
    assert (await lookups.erasures(), await other.erasures()) == (2, 2)
    await other.close()


async def test_refused_is_told_at_once(namespace: str) -> None:
    lookups = Lookups(f"redis://127.0.0.1:{free_ports()}", namespace, PARTITIONS)
    began = time.monotonic()
    await ask_everything(lookups)
    assert time.monotonic() - began < 0.5
    await lookups.close()


async def test_silence_is_told_after_a_second(namespace: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        lookups = Lookups(f"redis://127.0.0.1:{silent.getsockname()[1]}", namespace, PARTITIONS)
        began = time.monotonic()
        await ask_everything(lookups)
        assert time.monotonic() - began < 3
        await lookups.close()


async def test_it_answers_again_when_redis_is_back(lookups: Lookups, show: Any, redis_url: str) -> None:
    await show([known("a")])
    await asyncio.gather(*(lookups.lookup("a") for _ in range(10)), lookups.fields(), lookups.totals())
    client = Redis.from_url(redis_url)
    await client.client_kill_filter(_type="normal", skipme=True)
    await client.aclose()
    for _ in range(20):
        assert await lookups.lookup("a") == pack_lookup("a", ())


async def test_while_requests_are_on_their_way_the_next_ones_gather() -> None:
    sizes: list[int] = []
    go = asyncio.Event()

    async def fetch(names: Sequence[bytes]) -> Sequence[bytes | None]:
        sizes.append(len(names))
        await go.wait()
        return list(names)

    coalesced = Coalesced(fetch)
    answers = []
    for i in range(IN_FLIGHT + 5):
        answers.append(coalesced.get(b"%d" % i))
        await asyncio.sleep(0.01)
    answers += [coalesced.get(b"x") for _ in range(MOST_KEYS)]
    answers[-1].cancel()
    go.set()
    expected = [b"%d" % i for i in range(IN_FLIGHT + 5)] + [b"x"] * (MOST_KEYS - 1)
    assert await asyncio.gather(*answers[:-1]) == expected
    assert sizes == [1] * IN_FLIGHT + [MOST_KEYS, 5]


async def test_who_waits_is_told_with_the_first_that_redis_is_away() -> None:
    go = asyncio.Event()

    async def fetch(_: Sequence[bytes]) -> Sequence[bytes | None]:
        await go.wait()
        raise Unavailable("away")

    coalesced = Coalesced(fetch)
    answers = []
    for _ in range(IN_FLIGHT + 5):
        answers.append(coalesced.get(b"x"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    go.set()
    outcomes = await asyncio.gather(*answers, return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in outcomes)
