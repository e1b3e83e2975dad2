"""Which fetched records count, whatever is sought, handed over and resumed meanwhile."""

import asyncio

from faust.types.tuples import TP

from agents.transport.fence import SeekFence

A, B = TP("pv", 0), TP("rows", 0)


async def _sought(fence: SeekFence, *partitions: TP) -> None:
    async with fence.seeking(partitions):
        await asyncio.sleep(0)


async def _stamp(fence: SeekFence) -> int:
    async with fence.fetching() as stamp:
        return stamp


async def test_what_was_fetched_before_the_seek_does_not_count() -> None:
    fence = SeekFence()
    before = await _stamp(fence)
    assert not fence.counts(A, before)
    await _sought(fence, A)
    assert not fence.counts(A, before)
    after = await _stamp(fence)
    assert fence.counts(A, after)
    assert not fence.counts(B, after), "never sought"
    await _sought(fence, B)
    assert fence.counts(A, after), "another partition's seek changes nothing"
    await _sought(fence, A)
    assert not fence.counts(A, after)


async def test_a_rebalance_voids_all() -> None:
    fence = SeekFence()
    await _sought(fence, A, B)
    stamp = await _stamp(fence)
    fence.void()
    assert not fence.counts(A, stamp)
    assert not fence.counts(A, await _stamp(fence))


async def test_a_seek_that_is_overtaken_by_a_rebalance_has_sought_nothing() -> None:
    fence = SeekFence()
    async with fence.seeking([A]):
        fence.void()
    assert not fence.counts(A, await _stamp(fence))


async def test_the_gate_opens_when_the_flow_is_resumed_after_the_seek() -> None:
    fence = SeekFence()
    fence.open_gate([A])
    assert not fence.gate.is_set(), "resumed for recovery"
    await _sought(fence, A)
    assert not fence.gate.is_set(), "the queues are cleared once more"
    fence.open_gate([A])
    assert fence.gate.is_set()
    fence.void()
    assert not fence.gate.is_set()


async def test_no_seek_goes_on_during_a_fetch() -> None:
    fence = SeekFence()
    order = []

    async def seek() -> None:
        async with fence.seeking([A]):
            order.append("seek")

    async with fence.fetching():
        seeking = asyncio.ensure_future(seek())
        await asyncio.sleep(0.01)
        order.append("fetched")
    await seeking
    assert order == ["fetched", "seek"]
