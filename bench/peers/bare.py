"""The least that Python can do with the events: aiokafka's `getmany` and orjson, nothing remembered.

Prints the events a second that it took, from the first on.
"""

import asyncio
import os
import time

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

EVENTS = int(os.environ["BENCH_EVENTS"])


async def main() -> None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=os.environ["BENCH_KAFKA"],
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    partitions = range(int(os.environ["BENCH_PARTITIONS"]))
    consumer.assign([TopicPartition(topic, p) for topic in os.environ["BENCH_TOPICS"].split(",") for p in partitions])
    await consumer.seek_to_beginning()
    taken, begun = 0, 0.0
    while taken < EVENTS:
        fetched = await consumer.getmany(timeout_ms=1000)
        begun = begun or time.perf_counter()
        for records in fetched.values():
            for record in records:
                orjson.loads(record.value)
            taken += len(records)
    print(f"RATE {taken / (time.perf_counter() - begun)}", flush=True)
    await consumer.stop()


asyncio.run(main())
