"""Faust as its tutorial has it: an agent, a table, one write of the table for each event. No rules, no Redis.

Run with the words of a Faust worker; prints the events a second that it took, over BENCH_EVENTS events or
BENCH_SECONDS seconds, from the first event on.
"""

import os
import sys
import time
from typing import Any

import faust

EVENTS = int(os.environ["BENCH_EVENTS"])
SECONDS = float(os.environ["BENCH_SECONDS"])

app = faust.App(
    "bench-idiomatic",
    broker=f"kafka://{os.environ['BENCH_KAFKA']}",
    store="memory://",
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    datadir=os.environ["BENCH_DIRECTORY"],
)
events = app.topic(*os.environ["BENCH_TOPICS"].split(","), key_type=bytes)
users = app.Table("users", default=dict, key_type=bytes)


@app.agent(events)
async def count(stream: Any) -> None:
    taken, begun = 0, 0.0
    async for id, event in stream.items():
        begun = begun or time.perf_counter()
        row = dict(users[id])
        row["count"] = row.get("count", 0) + 1
        row["url"] = event["url"]
        row["time"] = event["time"]
        users[id] = row
        taken += 1
        passed = time.perf_counter() - begun
        if taken == EVENTS or passed > SECONDS:
            print(f"RATE {taken / passed}", file=sys.__stdout__, flush=True)
            os._exit(0)


if __name__ == "__main__":
    app.main()
