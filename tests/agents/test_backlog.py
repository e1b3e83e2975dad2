"""A worker that is behind has its backlog in the log, not in queues: the next fetch brings it in large batches."""

import asyncio
from pathlib import Path

from faust.types.tuples import TP

from tests.agents.harness import SOURCE, Broker, Worker, worker

OTHER = TP(SOURCE.topic, 1)


async def _begin(made: Worker, partitions: set[TP], most: int) -> None:
    made.consumer.most_in_flight = most
    made.consumer._set_active_tps(partitions)
    made.app.flow_control.resume()
    made.consumer.resume_flow()
    await made.fetch()
    await _resume(made)


async def _resume(made: Worker) -> None:
    await made.consumer.perform_seek()
    made.app.flow_control.resume()
    made.consumer.resume_flow()


async def test_no_more_batches_are_delivered_than_may_be_in_flight(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 500, OTHER: 500}, per_fetch=1), tmp_path) as made:
        await _begin(made, {SOURCE, OTHER}, 4)
        first = await made.taken()
        assert len(first) == 4
        assert {message.tp for message in first} == {SOURCE, OTHER}, "each has its turn"
        first[0].finish()
        assert len(await made.taken()) == 1


async def test_a_handover_does_not_wait_for_room(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 500}, per_fetch=1), tmp_path) as made:
        await _begin(made, {SOURCE}, 1)
        assert len(await made.taken()) == 1
        made.consumer.stop_flow()
        await asyncio.wait_for(made.consumer._wait_for_room(), 1.0)
        made.consumer._forget([SOURCE])
        await _resume(made)
        again = await made.taken()
        assert [message.first_offset for message in again] == [0], "what was forgotten takes no room, and is read again"
