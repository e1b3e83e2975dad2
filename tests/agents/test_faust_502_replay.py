"""faust-streaming 502: what was finished since the last commit is processed again after every clean rebalance.

Faust drops the bookkeeping of revoked partitions first, and waits and commits afterwards. Ours finishes, commits, and
drops then; and ends the process when a begun batch does not finish, as its late writes must not follow a new owner's.
"""

import asyncio
from pathlib import Path
from typing import Any

from agents.transport import UnfinishedError
from tests.agents.harness import SOURCE, Broker, Worker, worker


async def _reading(made: Worker) -> None:
    made.consumer._set_active_tps({SOURCE})
    made.app.flow_control.resume()
    await made.consumer.perform_seek()
    made.consumer.resume_flow()
    await made.fetch()


async def test_stock_faust_forgets_what_was_acked(tmp_path: Path) -> None:
    async with worker("kafka", Broker({SOURCE: 50}), tmp_path) as made:
        await _reading(made)
        for message in await made.taken():
            assert made.consumer.ack(message)
        await made.consumer.on_partitions_revoked({SOURCE})
        assert made.broker.commits == []


async def test_finished_batches_are_committed_before_they_are_forgotten(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 50}), tmp_path) as made:
        await _reading(made)
        for message in await made.taken():
            message.finish()
        await made.consumer.on_partitions_revoked({SOURCE})
        assert made.broker.commits == [{SOURCE: 50}]


async def test_a_begun_batch_is_waited_for(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 10}), tmp_path) as made:
        await _reading(made)
        (message,) = await made.taken()
        asyncio.get_running_loop().call_later(0.2, message.finish)
        await made.consumer.on_partitions_revoked({SOURCE})
        assert made.broker.commits == [{SOURCE: 10}]


async def test_work_without_a_batch_is_waited_for(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 10}), tmp_path) as made:
        await _reading(made)
        ended = []

        async def work() -> None:
            with made.consumer.work():
                await asyncio.sleep(0.2)
                ended.append(True)

        task = asyncio.ensure_future(work())
        await asyncio.sleep(0)
        await made.consumer.on_partitions_revoked({SOURCE})
        assert ended
        assert not made.consumer.may_work()
        await task


async def test_a_finish_after_the_partition_is_gone_commits_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    async with worker("shoal", Broker({SOURCE: 10}), tmp_path) as made:
        crashes = []

        async def crash(error: BaseException) -> None:
            crashes.append(error)

        monkeypatch.setattr(made.app, "crash", crash)
        made.consumer.finish_timeout = 0.1
        await _reading(made)
        (message,) = await made.taken()
        await made.consumer.on_partitions_revoked({SOURCE})
        assert [type(error) for error in crashes] == [UnfinishedError]
        message.finish()
        await made.consumer.commit()
        assert made.broker.commits == []
