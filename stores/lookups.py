"""The read side of Redis, for the gateway: users by any of their ids, counts of segments, progress of partitions.

Owns the following of redirects and the shape of the requests; names are in `stores.keys`. Every call raises Unavailable
when Redis is away: at once when it refuses, after a second when it is silent.
"""

import asyncio
from collections.abc import Sequence
from typing import cast

from redis.asyncio import Redis

from schemas.views import REDIRECT
from stores import keys
from stores.coalescing import Coalesced
from stores.remote import connect, translated
from stores.scripts import INTERSECT, Script
from streams.partition import partition_of

TIMEOUT = 1.0
MOST_HOPS = 10
"""Redirects that lead from an id to its user: a join of joined ids adds one."""

QUESTIONS = 50
"""Intersections counted in one script: a millisecond each with ten million users; lookups wait meanwhile."""


class Lookups:
    """Reads of one namespace."""

    def __init__(self, url: str, namespace: str, partitions: int) -> None:
        self.redis: Redis = connect(url, TIMEOUT)
        every = range(partitions)
        self._erased = keys.erased(namespace)
        self._partitions = partitions
        self._lookup_prefixes = [keys.lookup_prefix(namespace, p) for p in every]
        self._row_prefixes = [keys.row_prefix(namespace, p) for p in every]
        self._totals = [keys.totals(namespace, p) for p in every]
        self._fields = [keys.fields(namespace, p) for p in every]
        self._bitmaps = [[keys.bitmap_prefix(namespace, p), keys.temporary(namespace, p)] for p in every]
        self._intersect = Script(self.redis, INTERSECT)
        self._coalesced = Coalesced(self._values)

    async def lookup(self, id: str) -> bytes | None:
        """What `schemas.views.pack_lookup` made of the user who has this id, None if nobody is known by it."""
        if not _is_text(id):
            return None
        return (await self._found(id))[1]

    async def lookup_many(self, ids: Sequence[str]) -> list[bytes | None]:
        """As `lookup`, in the order of `ids`: one request, and one more for each redirect on the longest way."""
        found: dict[str, bytes | None] = {}
        at = {id: id for id in ids if _is_text(id)}
        for _ in range(MOST_HOPS):
            if not at:
                return [found.get(id) for id in ids]
            values = await self._values([self._name(self._lookup_prefixes, id) for id in at.values()])
            found.update(zip(at, values, strict=True))
            at = {id: value[1:].decode() for id in at if (value := found[id]) and value.startswith(REDIRECT)}
        raise RuntimeError(f"more than {MOST_HOPS} redirects from {list(at)[:10]}")

    async def row(self, id: str) -> bytes | None:
        """The profile row of the user who has this id, None if nobody is known by it."""
        if not _is_text(id):
            return None
        home, _ = await self._found(id)
        return await self._coalesced.get(self._name(self._row_prefixes, home))

    async def counts(self, combinations: Sequence[Sequence[int]]) -> list[int]:
        """How many users are in all slots of each combination (at least one slot), over all partitions."""
        questions = [",".join(map(str, slots)).encode() for slots in combinations]
        counts: list[int] = []
        for start in range(0, len(questions), QUESTIONS):
            portion = questions[start : start + QUESTIONS]
            answers = await asyncio.gather(*(self._intersect(names, portion) for names in self._bitmaps))
            counts += (sum(each) for each in zip(*answers, strict=True))
        return counts

    async def bitmaps(self, slots: Sequence[int]) -> list[list[bytes]]:
        """For each partition the bitmaps of these slots, as of one instant; bits are the users' numbers there."""
        names = [[prefix + b"%d" % slot for slot in slots] for prefix, _ in self._bitmaps]
        return [[each or b"" for each in await self._values(of_partition)] for of_partition in names]

    async def totals(self) -> list[bytes | None]:
        """Each partition's hourly totals, as its worker packed them."""
        return await self._values(self._totals)

    async def fields(self) -> list[dict[str, str]]:
        """Each partition's hash of progress (`schemas.views.Progress`); an empty one where nothing was written."""
        with translated():
            async with self.redis.pipeline(transaction=False) as pipeline:
                for name in self._fields:
                    pipeline.hgetall(name.decode())
                answers: list[dict[bytes, bytes]] = await pipeline.execute()
        return [{field.decode(): value.decode() for field, value in each.items()} for each in answers]

    async def erasures(self) -> int:
        """How many users were erased since Redis was last empty."""
        with translated():
            return int(await self.redis.get(self._erased) or 0)

    async def count_erasure(self) -> None:
        """One more user was erased."""
        with translated():
            await self.redis.incr(self._erased)

    async def close(self) -> None:
        await self.redis.aclose()

    async def _found(self, id: str) -> tuple[str, bytes | None]:
        """The id that the user lives under, after all redirects, and the lookup value there."""
        for _ in range(MOST_HOPS):
            value = await self._coalesced.get(self._name(self._lookup_prefixes, id))
            if value is None or not value.startswith(REDIRECT):
                return id, value
            id = value[1:].decode()
        raise RuntimeError(f"more than {MOST_HOPS} redirects, at last to {id!r}")

    def _name(self, prefixes: Sequence[bytes], id: str) -> bytes:
        return prefixes[partition_of(id, self._partitions)] + id.encode()

    async def _values(self, names: Sequence[bytes]) -> list[bytes | None]:
        with translated():
            found = await self.redis.execute_command(b"MGET", *names)  # type: ignore[no-untyped-call]
        return cast("list[bytes | None]", found)


def _is_text(id: str) -> bool:
    """False for half a surrogate pair, which JSON can carry and UTF-8 cannot: no id is so."""
    try:
        id.encode()
    except UnicodeEncodeError:
        return False
    return True
