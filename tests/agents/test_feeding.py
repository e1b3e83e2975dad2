"""A partition that is taken away waits for every step that has begun, also for one that ends amid a batch."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest

from agents import inbox as module
from agents.feeding import Feeding
from agents.inbox import Inbox
from schemas.topics import Topic
from schemas.views import Progress
from streams.outcome import Outcome

TOPICS = {"few": Topic.CLICKS, "many": Topic.PAGE_VIEWS}


class Lane:
    """Steps begin at once, and end when they are told to."""

    def __init__(self) -> None:
        self.shard = SimpleNamespace(
            work=lambda batches, now, latest: self.worked.append(batches) or Outcome(None, now)
        )
        self.clock = SimpleNamespace(now=lambda: 1)
        self.worked: list[Any] = []
        self.ends: list[Callable[[], None]] = []

    def _work(self, batches: Any, now: int, _: int | None) -> Outcome:
        self.worked.append(batches)
        return Outcome(None, now)

    async def ready(self) -> None:
        await asyncio.sleep(0)

    async def fold(self, work: Any, progress: Progress, done: Callable[[], None]) -> None:
        work(1)
        self.ends.append(done)


class Holding:
    """As the consumer: how many are at work, and whether more may be."""

    def __init__(self) -> None:
        self.works, self.open = 0, True

    @contextmanager
    def work(self) -> Iterator[None]:
        if not self.open:
            raise RuntimeError("partitions are being handed over")
        self.works += 1
        try:
            yield
        finally:
            self.works -= 1


def batch(topic: str, finished: list[str], *written: int) -> Any:
    records = [SimpleNamespace(timestamp=each, offset=number) for number, each in enumerate(written)]
    return SimpleNamespace(topic=topic, records=records, finish=lambda: finished.append(topic))


@pytest.fixture(autouse=True)
def order_always_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 0)


async def test_a_step_that_ends_amid_a_batch_is_waited_for() -> None:
    lane, holding, finished = Lane(), Holding(), []
    feeding = Feeding(lane, Inbox(lambda topic: topic == "many"), TOPICS, holding.work, None)
    feeding.inbox.put(batch("many", finished, 1, 2))
    feeding.inbox.put(batch("few", finished, 1, 99))
    running = asyncio.ensure_future(feeding.run())
    await asyncio.sleep(0.01)
    assert [len(records) for _, records in lane.worked[0]] == [2, 1]
    assert (holding.works, finished) == (1, [])
    lane.ends[0]()
    assert (holding.works, finished) == (0, ["many"]), "the other batch has a record left"
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_nothing_begins_while_partitions_are_handed_over() -> None:
    lane, holding, finished = Lane(), Holding(), []
    holding.open = False
    feeding = Feeding(lane, Inbox(lambda _: False), TOPICS, holding.work, None)
    feeding.inbox.put(batch("few", finished, 1))
    running = asyncio.ensure_future(feeding.run())
    await asyncio.sleep(0.01)
    assert (lane.worked, holding.works, finished) == ([], 0, [])
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
