"""A worker that counts events by key, on the real transport, table and changelog: what the fault tests run and kill.

`python -m tests.agents.counting DIRECTORY` with SHOAL_KAFKA and SHOAL_NAMESPACE set. It says on stdout, one JSON object
a line, what it recovered and what it has. A row is: due never, count, offset of the last event counted.
"""

import asyncio
import json
import os
import random
import signal
import struct
import sys
from pathlib import Path
from typing import Any

from aiokafka.structs import ConsumerRecord

from agents.app import MAX_BATCH, consumer_of, make_app, run
from agents.changelog import BatchProducer, confirmed
from agents.table import ProfileTable, add_table
from agents.transport import BatchConsumer, BatchSchema
from schemas import settings as setting
from schemas.topics import Topic
from stores.partitions import NEVER, PartitionStore

ROW = struct.Struct(">8sqq")
META = b"mcount"


def fold(store: PartitionStore, records: list[ConsumerRecord]) -> dict[bytes, bytes | None]:
    rows: dict[bytes, tuple[int, int]] = {}
    for record in records:
        key = b"r" + record.key
        if key not in rows:
            raw = store.get(key)
            rows[key] = (0, -1) if raw is None else ROW.unpack(raw)[1:]
        count, last = rows[key]
        if record.offset > last:
            rows[key] = count + 1, record.offset
    return {key: ROW.pack(NEVER, *row) for key, row in rows.items()}


def total(store: PartitionStore) -> dict[str, int]:
    counts: dict[str, int] = {}
    after = None
    while rows := store.scan(after, 10_000):
        counts |= {key[1:].decode(): ROW.unpack(value)[1] for key, value in rows}
        after = rows[-1][0]
    return counts


def say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


class Counter:
    def __init__(self, app: Any, table: ProfileTable, changelog: str) -> None:
        self.app, self.table, self.changelog = app, table, changelog
        self.seen = self.skipped = 0
        self.kill_at = int(os.environ.get("KILL_AT", "0"))
        self.slow = float(os.environ.get("SLOW", "0"))
        self.fail_at = int(os.environ.get("FAIL_AT", "-1"))
        self.producer: BatchProducer | None = None
        self.room = asyncio.Semaphore(8)
        self.tasks: set[asyncio.Task[None]] = set()

    async def take(self, stream: Any) -> None:
        self.producer = BatchProducer(self.app.producer._producer, self.changelog, MAX_BATCH)
        async for event in stream.events():
            await self.room.acquire()
            message = event.message
            store = self.table.partition(message.partition)
            if message.first_offset <= self.fail_at <= message.offset and not message.partition:
                raise RuntimeError("told to fail")
            rows = fold(store, event.value)
            self.seen += len(event.value)
            if self.kill_at and self.seen >= self.kill_at:
                asyncio.get_running_loop().call_later(random.random() * 0.05, os.kill, os.getpid(), signal.SIGKILL)
            await asyncio.sleep(self.slow)
            ticket = store.stage(rows)
            sent = await self.producer.send(message.partition, list(rows.items()), lambda _, n: [(META, b"%d" % n)])
            task = asyncio.ensure_future(self.end(message, store, ticket, sent))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def end(self, message: Any, store: PartitionStore, ticket: int, sent: Any) -> None:
        try:
            store.confirm(ticket, (await confirmed(sent))[-1])
            message.finish()
        except Exception as error:
            await self.app.crash(error)
        finally:
            self.room.release()


def main() -> None:
    settings = setting.load({})
    BatchConsumer.batch_max_records = int(os.environ.get("BATCH", "500"))
    app = make_app(settings, "worker", Path(sys.argv[1]))
    changelog = Topic.PROFILES.named(settings.namespace)
    table = add_table(app, changelog, settings.partitions, Path(sys.argv[1]) / "profiles")
    topics = [Topic.PAGE_VIEWS.named(settings.namespace)]
    counter = Counter(app, table, changelog)

    app.agent(app.topic(*topics, schema=BatchSchema(), maxsize=8), name="count")(counter.take)

    @table.on_recover
    async def recovered() -> None:
        say(recovered={p: store.offset for p, store in table.data.open.items()}, active=table.active_partitions())

    @app.timer(0.3)
    async def state() -> None:
        stores = {p: table.data.open[p] for p in table.active_partitions()}
        committed = {tp.partition: o for tp, o in app.consumer._committed_offset.items() if tp.topic == topics[0]}
        age = consumer_of(app).commit_age(asyncio.get_running_loop().time())
        counts = {p: sum(total(store).values()) for p, store in stores.items()} if os.environ.get("SUMS") else {}
        say(seen=counter.seen, committed=committed, age=round(age, 2), counts=counts, holds=sorted(table.data.open))

    run(app)
    say(ended=counter.seen)


if __name__ == "__main__":
    main()
