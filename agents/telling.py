"""Writing changes of memberships to their topic, once each, for one partition, whoever has it.

Owns what was told and what may be forgotten. Changes are in the changelog before they are sent, and stay there until
they are confirmed. What the owner before left there is compared with the end of the topic, and the rest of it is sent
before anything else is.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

from agents.changelog import BatchProducer, Row, confirmed
from schemas.changes import Change, decode_outbox, encode
from stores.partitions import PartitionStore
from streams.outcome import Outcome
from streams.partition import partition_of

Written = Callable[[Collection[int], int], Awaitable[dict[int, int]]]
"""The highest number of this partition's changes in each of these of the topic, written since an instant."""

CLOCKS = 60_000
"""Milliseconds by which the clocks of two workers may differ."""


class Telling:
    """To be made before the partition's first step, as what waits in the store then is of those before."""

    def __init__(self, store: PartitionStore, producer: BatchProducer, partitions: int, written: Written) -> None:
        self._left = store.waiting()
        self._producer = producer
        self._partitions = partitions
        self._written = written
        self._told: list[bytes] = []

    async def begin(self) -> None:
        """Tells what those before left untold."""
        if not self._left:
            return
        left = [decode_outbox(value) for _, value in self._left]
        places = self._by_place(change for _, changes in left for change in changes)
        highest = await self._written(places.keys(), min(at for at, _ in left) - CLOCKS)
        for place, changes in places.items():
            places[place] = [change for change in changes if change.n[1] > highest.get(place, -1)]
        await self._send(places)
        self._told += [key for key, _ in self._left]
        self._left = []

    async def tell(self, outcome: Outcome, ends: Sequence[int]) -> None:
        """Returns when the topic has a step's changes; its rows are in the changelog, in batches with these ends."""
        if outcome.changes:
            await self._send(self._by_place(change for _, change in outcome.changes))
            self._told += outcome.outbox_keys(ends)

    def forget(self, outcome: Outcome) -> None:
        """With this step, what has been told is deleted."""
        outcome.told, self._told = self._told, []

    def _by_place(self, changes: Iterable[Change]) -> dict[int, list[Change]]:
        places: dict[int, list[Change]] = {}
        for change in changes:
            places.setdefault(partition_of(change.user, self._partitions), []).append(change)
        return places

    async def _send(self, places: dict[int, list[Change]]) -> None:
        sent = []
        for place, changes in places.items():
            rows: list[Row] = [(change.user.encode(), encode(change)) for change in changes]
            sent += await self._producer.send(place, rows)
        await confirmed(sent)
