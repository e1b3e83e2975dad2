"""faust-streaming 596 (625 before the fork): events around the end of a recovery are skipped for good.

Faust resumes the source partitions while the flow is active, seeks them to the committed offsets, then clears the
streams' queues: what was fetched meanwhile is cleared, its remainder goes on, and when the same is fetched again it is
taken for delivered.
"""

import asyncio
from typing import Any

from tests.agents.harness import CHANGELOG, GENERATION, SOURCE, Broker, Worker, worker

END = 3000


async def _recover(made: Worker) -> None:
    """The end of a recovery in which changelogs were read: the flow is active, the sources are paused."""
    made.consumer._set_active_tps({SOURCE, CHANGELOG})
    made.consumer.pause_partitions({SOURCE})
    made.app.flow_control.resume()
    made.consumer.resume_flow()
    await made.fetch()
    await asyncio.sleep(0.02)
    await made.recovery.on_recovery_completed(GENERATION)


def _broker() -> Broker:
    return Broker({SOURCE: END, CHANGELOG: 0}, {SOURCE: 2000}, per_fetch=400)


async def test_stock_faust_skips_events(tmp_path: Any) -> None:
    async with worker("kafka", _broker(), tmp_path) as made:
        await _recover(made)
        offsets = [message.offset for message in await made.taken()]
    assert set(offsets) < set(range(2000, END)), "repaired in Faust: the fence may go"


async def test_each_event_is_delivered_once_and_in_order(tmp_path: Any) -> None:
    async with worker("shoal", _broker(), tmp_path) as made:
        made.consumer.batch_max_records, made.consumer.most_batches = 3, END
        await _recover(made)
        offsets = [each.offset for message in await made.taken() for each in message.records]
    assert offsets == list(range(2000, END))


async def test_nothing_is_delivered_between_the_seek_and_the_clearing_of_the_queues(tmp_path: Any) -> None:
    async with worker("shoal", _broker(), tmp_path) as made:
        made.consumer._set_active_tps({SOURCE})
        made.app.flow_control.resume()
        made.consumer.resume_flow()
        await made.fetch()
        await made.consumer.perform_seek()
        await asyncio.sleep(0.1)
        assert made.queue.empty()
        made.app.flow_control.resume()
        made.consumer.resume_flow()
        offsets = [each.offset for message in await made.taken() for each in message.records]
    assert offsets == list(range(2000, END))
