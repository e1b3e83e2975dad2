"""What a step gets: all that waits, a backlog in the order of time across topics, no more than a step may have."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from agents import inbox as module
from agents.inbox import Inbox, Part


def batch(topic: str, *written: int) -> Any:
    return SimpleNamespace(topic=topic, records=[SimpleNamespace(timestamp=each) for each in written])


def made(*batches: Any, behind: str = "") -> Inbox:
    inbox = Inbox(lambda topic: topic in behind.split())
    for each in batches:
        inbox.put(each)
    return inbox


def written(parts: list[Part]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for part in parts:
        found.setdefault(part.topic, []).extend(record.timestamp or 0 for record in part.records)
    return found


@pytest.fixture(autouse=True)
def order_always_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FEW", 0)
    monkeypatch.setattr(module, "PATIENCE", 0.02)


async def test_a_worker_that_keeps_up_takes_all_that_waits() -> None:
    parts = await made(batch("a", 1, 5), batch("b", 3), batch("a", 6)).take()
    assert written(parts) == {"a": [1, 5, 6], "b": [3]}
    assert all(part.message is not None for part in parts)


async def test_a_topic_does_not_run_ahead_of_one_that_is_behind() -> None:
    few, many = batch("few", 1, 50, 99), batch("many", 1, 2, 3)
    inbox = made(few, many, behind="many few")
    parts = await inbox.take()
    assert written(parts) == {"few": [1], "many": [1, 2, 3]}
    assert [part.message for part in parts] == [None, many], "a batch in part is not finished"
    inbox.put(batch("many", 4, 60))
    assert written(await inbox.take()) == {"few": [50], "many": [4, 60]}


async def test_what_is_held_back_waits_for_the_other_topic() -> None:
    inbox = made(batch("few", 1, 50), batch("many", 1, 2), behind="many")
    assert written(await inbox.take()) == {"few": [1], "many": [1, 2]}
    waiting = asyncio.ensure_future(inbox.take())
    await asyncio.sleep(0)
    inbox.put(batch("many", 70))
    assert await waiting == [], "there is something new to look at"
    assert written(await inbox.take()) == {"few": [50], "many": [70]}


async def test_but_not_for_ever() -> None:
    inbox = made(batch("few", 1, 50), batch("many", 1, 2), behind="many")
    await inbox.take()
    assert written(await inbox.take()) == {"few": [50]}


async def test_a_step_has_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 4)
    inbox = made(batch("a", 1, 3, 5, 7), batch("b", 2, 4, 6, 8))
    steps = []
    while any(queue.batches for queue in inbox._queues.values()):
        steps.append(written(await inbox.take()))
    assert [sorted([*step["a"], *step["b"]]) for step in steps] == [[1, 2, 3, 4, 5], [6, 7, 8]]


async def test_a_step_is_as_large_as_its_time_allows() -> None:
    """With many segments an event takes long: a step must not hold up the timers."""
    inbox = made(batch("a", *range(5000)))
    sizes = []
    for seconds in (1.0, 0.025, 0.0001):
        sizes.append(len(written(await inbox.take())["a"]))
        inbox.pace(sizes[-1], seconds)
    assert sizes[0] == module.AT_FIRST + 1
    assert sizes[1] == 250 + 1, "a quarter of what took a second"
    assert sizes[2] == 2510 + 1
    inbox.put(batch("b", *range(4000, 30_000)))
    assert len(written(await inbox.take())["b"]) < module.AT_ONCE


async def test_nothing_is_taken_twice_or_left_out_whatever_the_times_are() -> None:
    """A broker's clock may go back."""
    inbox = made(batch("a", 9, 3, 5), batch("b", 4, 1, 8), batch("a", 2), behind="a b")
    taken: list[int] = []
    while any(queue.batches for queue in inbox._queues.values()):
        taken += written(await inbox.take()).get("a", [])
    assert taken == [9, 3, 5, 2]


async def test_a_clock_that_went_far_back_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    assert written(await made(batch("a", 100, 1, 1, 1, 1, 1)).take()) == {"a": [100, 1, 1, 1, 1, 1]}


async def test_filled_returns_when_something_came() -> None:
    inbox = made()
    waiting = asyncio.ensure_future(inbox.filled())
    await asyncio.sleep(0)
    assert not waiting.done()
    inbox.put(batch("a", 1))
    await asyncio.wait_for(waiting, 1)
