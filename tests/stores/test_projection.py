"""What a worker writes to Redis: absolute, atomic, fenced, and noticed when it is lost."""

import random
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from cli.ports import free_ports
from schemas.errors import Unavailable
from schemas.views import Progress, View, pack_lookup, pack_redirect
from stores import keys
from stores.projection import FencedError, Projection, Written
from stores.showing import MOST_BYTES, MOST_VIEWS, chunks
from tests.support.servers import valkey

FENCE = (0, 5)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
async def projection(redis_url: str, namespace: str) -> AsyncIterator[Projection]:
    made = Projection(redis_url, namespace)
    await made.finish(0, (0, 0))
    yield made
    await made.close()


def view(id: str, number: int = -1, slots: tuple[int, ...] = (), row: bytes | None = b"row") -> View:
    mask = sum(1 << slot for slot in slots)
    return View(
        id=id,
        number=number,
        lookup=pack_lookup(id, slots),
        row=row,
        mask=mask.to_bytes((mask.bit_length() + 7) // 8, "little"),
    )


async def bits(redis: Redis, namespace: str, partition: int = 0) -> dict[int, set[int]]:
    """Slot → numbers in its bitmap."""
    found: dict[int, set[int]] = {}
    prefix = keys.bitmap_prefix(namespace, partition)
    async for key in redis.scan_iter(match=prefix.decode() + "*", count=1000):
        packed = await redis.get(key) or b""
        numbers = {8 * at + i for at, byte in enumerate(packed) for i in range(8) if byte >> (7 - i) & 1}
        if numbers:
            found[int(key.removeprefix(prefix))] = numbers
    return found


async def fields(redis: Redis, namespace: str) -> dict[bytes, bytes]:
    return await redis.hgetall(keys.fields(namespace, 0).decode())


async def test_views_rows_bits_and_progress_are_there(projection: Projection, redis: Redis, namespace: str) -> None:
    progress = Progress(applied={"clicks": 12}, sent={3: 4}, totals=b"packed", fields={"w": "99"})
    views = [
        view("ä", 7, (0, 16, 300)),
        view("b", 8, (0,)),
        View(id="c", number=-1, lookup=pack_redirect("b"), row=None),
    ]
    assert await projection.write(0, FENCE, views, progress) is Written.DONE
    assert await redis.get(keys.lookup_prefix(namespace, 0) + "ä".encode()) == pack_lookup("ä", (0, 16, 300))
    assert await redis.get(keys.row_prefix(namespace, 0) + b"b") == b"row"
    assert await redis.get(keys.lookup_prefix(namespace, 0) + b"c") == b"\0b"
    assert await redis.get(keys.row_prefix(namespace, 0) + b"c") is None
    assert await bits(redis, namespace) == {0: {7, 8}, 16: {7}, 300: {7}}
    assert await redis.get(keys.totals(namespace, 0)) == b"packed"
    told = await fields(redis, namespace)
    assert told.items() >= {b"o:clicks": b"12", b"out:3": b"4", b"w": b"99", b"whole": b"1"}.items()


async def test_writing_again_changes_nothing_but_the_count_of_writes(
    projection: Projection, redis: Redis, namespace: str
) -> None:
    views = [view(f"u{i}", i, (0, 16 + i % 5)) for i in range(100)]
    await projection.write(0, FENCE, views, Progress(applied={"events": 1}))
    before = (await bits(redis, namespace), await fields(redis, namespace))
    await projection.write(0, FENCE, views, Progress(applied={"events": 1}))
    after = (await bits(redis, namespace), await fields(redis, namespace))
    assert int(before[1].pop(b"n")) == int(after[1].pop(b"n")) - 1
    assert before == after


async def test_masks_are_followed_bit_by_bit(projection: Projection, redis: Redis, namespace: str) -> None:
    chance = random.Random(11)
    truth: dict[int, tuple[int, ...]] = {}
    for _ in range(30):
        views = []
        for number in chance.sample(range(300), 40):
            slots = tuple(chance.sample(range(200), chance.choice([0, 1, 5, 30])))
            truth[number] = slots
            views.append(view(f"u{number}", number, slots))
        await projection.write(0, FENCE, views, Progress())
    expected: dict[int, set[int]] = {}
    for number, slots in truth.items():
        for slot in slots:
            expected.setdefault(slot, set()).add(number)
    assert await bits(redis, namespace) == expected
    held = await redis.hkeys(keys.masks(namespace, 0).decode())
    assert {int(number) for number in held} == {number for number, slots in truth.items() if slots}


async def test_what_is_no_more_is_deleted(projection: Projection, redis: Redis, namespace: str) -> None:
    await projection.write(0, FENCE, [view("a", 1, (0, 17))], Progress())
    await projection.write(0, FENCE, [View(id="a", number=1, lookup=None, row=None)], Progress())
    assert await bits(redis, namespace) == {}
    assert await redis.exists(keys.lookup_prefix(namespace, 0) + b"a", keys.row_prefix(namespace, 0) + b"a") == 0


async def test_the_last_view_of_an_id_or_number_counts(projection: Projection, redis: Redis, namespace: str) -> None:
    gone = View(id="a", number=1, lookup=None, row=None)
    await projection.write(0, FENCE, [view("a", 1, (5,)), gone, view("a", 1, (6,))], Progress())
    assert await redis.get(keys.lookup_prefix(namespace, 0) + b"a") == pack_lookup("a", (6,))
    assert await bits(redis, namespace) == {6: {1}}
    await projection.write(0, FENCE, [gone, view("b", 1, (7,))], Progress())
    assert await bits(redis, namespace) == {7: {1}}


async def test_many_views_go_in_portions_and_progress_with_the_last(
    projection: Projection, redis: Redis, namespace: str
) -> None:
    views = [view(f"u{i}", i, (0,)) for i in range(2 * MOST_VIEWS + 3)]
    await projection.write(0, FENCE, views, Progress(applied={"events": 5}))
    assert (await bits(redis, namespace))[0] == set(range(len(views)))
    told = await fields(redis, namespace)
    assert (told[b"o:events"], told[b"n"]) == (b"5", b"4")


def test_portions_are_bounded_by_number_and_by_weight() -> None:
    heavy = [view(f"u{i}", row=bytes(MOST_BYTES // 3)) for i in range(7)] + [view("x", row=bytes(2 * MOST_BYTES))]
    assert [len(chunk) for chunk in chunks(heavy)] == [3, 3, 1, 1]
    assert [len(chunk) for chunk in chunks([view(f"u{i}") for i in range(MOST_VIEWS + 1)])] == [MOST_VIEWS, 1]
    assert list(chunks([])) == [[]]


async def test_an_older_fence_is_refused_and_writes_nothing(
    projection: Projection, redis: Redis, namespace: str
) -> None:
    await projection.write(0, (1, 9), [view("a", 1, (5,))], Progress(applied={"events": 5}))
    for older in ((1, 8), (0, 100)):
        with pytest.raises(FencedError):
            await projection.write(0, older, [view("a", 1, (6,))], Progress(applied={"events": 9}))
        with pytest.raises(FencedError):
            await projection.restart(0, older)
        with pytest.raises(FencedError):
            await projection.finish(0, older)
    assert await bits(redis, namespace) == {5: {1}}
    assert (await fields(redis, namespace))[b"o:events"] == b"5"
    assert await projection.write(0, (2, 0), [], Progress()) is Written.DONE


async def test_a_partition_never_written_whole_is_lost_until_it_is(
    redis_url: str, namespace: str, redis: Redis
) -> None:
    projection = Projection(redis_url, namespace)
    views = [view("a", 1, (5,))]
    assert await projection.write(0, FENCE, views, Progress()) is Written.LOST
    assert await fields(redis, namespace) == {}
    await projection.restart(0, FENCE)
    assert await projection.write(0, FENCE, views, Progress(), expect=False) is Written.DONE
    assert await projection.write(0, FENCE, views, Progress()) is Written.LOST
    assert await projection.finish(0, FENCE) is Written.DONE
    assert await projection.write(0, FENCE, views, Progress()) is Written.DONE
    other = Projection(redis_url, namespace)
    assert await other.write(0, (0, 6), views, Progress()) is Written.DONE
    await projection.close()
    await other.close()


async def forget(redis: Redis, namespace: str) -> None:
    async for key in redis.scan_iter(match=f"{{{namespace}:*", count=1000):
        await redis.delete(key)


async def test_emptied_redis_is_noticed_even_while_it_is_rebuilt(
    projection: Projection, redis: Redis, namespace: str
) -> None:
    await projection.write(0, FENCE, [view("a", 1, (5,))], Progress())
    await forget(redis, namespace)
    assert await projection.write(0, FENCE, [view("b", 2, (5,))], Progress()) is Written.LOST
    assert await projection.write(0, FENCE, [view("b", 2, (5,))], Progress(), expect=False) is Written.LOST
    await projection.restart(0, FENCE)
    assert await projection.write(0, FENCE, [view("a", 1, (5,))], Progress(), expect=False) is Written.DONE
    await forget(redis, namespace)
    assert await projection.finish(0, FENCE) is Written.LOST
    assert await fields(redis, namespace) == {}


async def test_redis_gone_back_in_time_is_noticed(projection: Projection, redis: Redis, namespace: str) -> None:
    name = keys.fields(namespace, 0).decode()
    await projection.write(0, FENCE, [], Progress())
    saved = await redis.hgetall(name)
    await projection.write(0, FENCE, [view("a", 1, (5,))], Progress())
    await redis.hset(name, mapping=saved)
    assert await projection.write(0, FENCE, [], Progress()) is Written.LOST


async def test_restarting_forgets_counts_and_keeps_lookups(
    projection: Projection, redis: Redis, namespace: str
) -> None:
    await projection.write(0, FENCE, [view("a", 1, (5, 16)), view("gone", 2, (5,))], Progress())
    await projection.restart(0, FENCE)
    assert await bits(redis, namespace) == {}
    assert await redis.get(keys.lookup_prefix(namespace, 0) + b"a") == pack_lookup("a", (5, 16))
    await projection.write(0, FENCE, [view("a", 1, (5, 16))], Progress(), expect=False)
    assert await projection.finish(0, FENCE) is Written.DONE
    assert await bits(redis, namespace) == {5: {1}, 16: {1}}
    shown = {id async for ids in projection.ids(0) for id in ids}
    assert shown == {"a", "gone"}


async def test_a_server_that_forgot_the_script_is_told_again(
    projection: Projection, redis: Redis, namespace: str
) -> None:
    await projection.write(0, FENCE, [], Progress())
    await redis.script_flush()
    assert await projection.write(0, FENCE, [view("a", 1, (5,))], Progress()) is Written.DONE


async def test_redis_away_is_unavailable(namespace: str) -> None:
    projection = Projection(f"redis://127.0.0.1:{free_ports()}", namespace)
    with pytest.raises(Unavailable):
        await projection.write(0, FENCE, [], Progress())
    await projection.close()


async def test_redis_without_memory_is_unavailable(namespace: str) -> None:
    """An own server: the shared one is not to be starved."""
    with valkey() as server:
        client = Redis.from_url(server.url)
        await client.config_set("maxmemory-policy", "noeviction")
        await client.config_set("maxmemory", "1")
        projection = Projection(server.url, namespace)
        with pytest.raises(Unavailable):
            await projection.write(0, FENCE, [], Progress(), expect=False)
        await client.config_set("maxmemory", "0")
        assert await projection.write(0, FENCE, [], Progress(), expect=False) is Written.DONE
        await projection.close()
        await client.aclose()
