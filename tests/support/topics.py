"""Reading whole topics back from a broker, as an outside consumer of the documented schema would."""

from collections.abc import Iterable
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.settings import Settings
from schemas.topics import Topic

Found = tuple[Topic, bytes | None, dict[str, Any]]


async def read_topics(settings: Settings, topics: Iterable[Topic], idle: int = 1000) -> list[Found]:
    """All records (topic, key, JSON value), partition by partition in order; ends when nothing came for `idle` ms.

    What is no JSON object is passed over: some tests write such records.

    The embedded broker's idea of a topic's end is not to be relied upon, so it is not asked.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka, auto_offset_reset="earliest", enable_auto_commit=False, fetch_max_wait_ms=100
    )
    by_name = {topic.named(settings.namespace): topic for topic in topics}
    found: list[Found] = []
    await consumer.start()
    try:
        consumer.assign([TopicPartition(name, at) for name in by_name for at in range(settings.partitions)])
        while batches := await consumer.getmany(timeout_ms=idle):
            for partition, records in batches.items():
                found += [(by_name[partition.topic], each.key, read) for each in records if (read := _read(each.value))]
    finally:
        await consumer.stop()
    return found


def _read(value: bytes | None) -> dict[str, Any] | None:
    try:
        read = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    return read if isinstance(read, dict) else None
