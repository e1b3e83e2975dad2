"""A worker that is behind has its backlog in the log, not in queues: the next fetch brings it in large batches."""

from pathlib import Path

from faust.types.tuples import TP

from tests.agents.harness import SOURCE, Broker, Worker, worker

OTHER = TP(SOURCE.topic, 1)


async def _begin(made: Worker, partitions: set[TP], most: int) -> None:
    made.consumer.most_batches = most
    made.consumer._set_active_tps(partitions)
    made.app.flow_control.resume()
    made.consumer.resume_flow()
    await made.fetch()
    await _resume(made)


async def _resume(made: Worker) -> None:
    await made.consumer.perform_seek()
    made.app.flow_control.resume()
    made.consumer.resume_flow()


async def test_no_more_of_a_partition_is_delivered_than_may_be_in_flight(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 500, OTHER: 500}, per_fetch=1), tmp_path) as made:
        await _begin(made, {SOURCE, OTHER}, 2)
        first = await made.taken()
        assert sorted(message.tp for message in first) == [SOURCE, SOURCE, OTHER, OTHER], "each has its room"
        next(message for message in first if message.tp == OTHER).finish()
        assert [message.tp for message in await made.taken()] == [OTHER]


async def test_large_batches_are_counted_by_their_records(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 500}, per_fetch=10), tmp_path) as made:
        made.consumer.most_records = 25
        await _begin(made, {SOURCE}, 100)
        assert [message.offset for message in await made.taken()] == [9, 19, 29]


async def test_what_was_forgotten_takes_no_room_and_is_read_again(tmp_path: Path) -> None:
    async with worker("shoal", Broker({SOURCE: 500}, per_fetch=1), tmp_path) as made:
        await _begin(made, {SOURCE}, 1)
        assert len(await made.taken()) == 1
        made.consumer.stop_flow()
        made.consumer._forget([SOURCE])
        await _resume(made)
        assert [message.first_offset for message in await made.taken()] == [0]
