"""What a user's row weighs, and what one event costs by the number of selectors that it meets: the pure core alone.

Every figure is of this process only: no broker, no store. Microseconds are CPU time, the least of several rounds.
"""

import time
from typing import Any

from bench.data import Made, events
from bench.mixed import mixed
from bench.report import Row
from bench.worker import now
from schemas.profile import row_key
from schemas.rule_parser import parse_rule
from schemas.times import DAY, HOUR
from schemas.topics import Topic
from streams.local import LocalRecord
from streams.ruleset import RuleSet, SegmentSpec
from streams.shard import Shard

USERS = {"light": 3, "usual": 40, "heavy": 10_000}
"""Events of each."""
MET = (0, 1, 10, 100)
SEGMENTS = (10, 100, 1000)
STEP, MIXED_STEP = 5000, 400
ROUNDS = 5


def measure() -> list[Row]:
    weights = ", ".join(f"{name} ({count:,} events) {_weight(count):,} B" for name, count in USERS.items())
    costs = ", ".join(f"{met}: {_cost(_meeting(met)):.1f} µs" for met in MET)
    kinds = ", ".join(f"{count:,}: {_cost(mixed(count), MIXED_STEP):.0f} µs" for count in SEGMENTS)
    return [
        Row("bytes of a row, 100 segments of mixed kinds", weights),
        Row("CPU of one event by selectors met, pure core", costs),
        Row("CPU of one event by segments of mixed kinds, pure core", kinds),
    ]


def _weight(count: int) -> int:
    """Bytes of the row of a user with so many events in 30 days."""
    at = now()
    store: dict[bytes, bytes] = {}
    _apply(_shard(mixed(100), store), _records(Made(1, count, at - 30 * DAY, at)), at, store)
    return len(store[row_key("u0")])


def _meeting(met: int) -> dict[str, dict[str, Any]]:
    """So many rules, each with a selector of its own that every event meets."""
    return {
        f"s{number}": {
            "did": {"event": "*", "where": [{"field": "host", "op": "is_not", "value": f"other-{number}"}]},
            "count": {"gte": 5},
            "window": {"last": f"{number + 1}h"},
        }
        for number in range(met)
    }


def _cost(rules: dict[str, dict[str, Any]], step: int = STEP) -> float:
    """Microseconds of an event of a user who has four in a step."""
    at = now()
    store: dict[bytes, bytes] = {}
    shard = _shard(rules, store)
    batches = _records(Made(step // 4, step * (ROUNDS + 1), at - HOUR, at))
    took = [_apply(shard, batches[start : start + step], at, store) for start in range(0, len(batches), step)]
    return min(took) / step * 1e6


def _shard(rules: dict[str, dict[str, Any]], store: dict[bytes, bytes]) -> Shard:
    parsed = [parse_rule(rule, retention=800 * DAY, exists=lambda _: True) for rule in rules.values()]
    specs = [SegmentSpec(id, slot, rule, 0) for slot, (id, rule) in enumerate(zip(rules, parsed, strict=True), 16)]
    return Shard(0, 1, store.get, RuleSet(specs))


def _records(made: Made) -> list[tuple[Topic, LocalRecord]]:
    ends: dict[Topic, int] = {}
    records = []
    for topic, id, value in events(made):
        records.append((topic, LocalRecord(ends.setdefault(topic, 0), id.encode(), value)))
        ends[topic] += 1
    return records


def _apply(shard: Shard, records: list[tuple[Topic, LocalRecord]], at: int, store: dict[bytes, bytes]) -> float:
    """One step; CPU seconds."""
    batches: dict[Topic, list[LocalRecord]] = {}
    for topic, record in records:
        batches.setdefault(topic, []).append(record)
    begun = time.process_time()
    outcome = shard.work(list(batches.items()), at)
    took = time.process_time() - begun
    for row in outcome.rows:
        if row.value is not None:
            store[row.key] = row.value
    return took
