"""Making the topics of the topic table in Kafka, with their partitions, retention and compaction.

Owns the table's meaning in Kafka's terms. Which topics there are is in `schemas.topics`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from schemas.errors import StartError
from schemas.settings import Settings
from schemas.times import DAY, HOUR
from schemas.topics import TOPICS, TopicSpec

MAX_RECORD = 8 * 1024 * 1024
"""Bytes of the largest record: a user's row, or the state of one on its way to another partition."""

_BIG = {"max.message.bytes": str(MAX_RECORD)}
_COMPACT = {
    "cleanup.policy": "compact",
    # Rows are written again and again: cleaned when a third is stale and closed hourly, a restart reads little more
    # than the live rows.
    "min.cleanable.dirty.ratio": "0.3",
    "segment.ms": str(HOUR),
    # A worker that was off for less finds the tombstones of whom was erased meanwhile; Kafka's default is a day.
    "delete.retention.ms": str(30 * DAY),
}


def configuration(spec: TopicSpec, retention: int) -> dict[str, str]:
    """Kafka's configuration of a topic; `retention` (ms) is that of events."""
    if spec.compacted:
        return _COMPACT | _BIG
    kept = retention if spec.retention is None else spec.retention
    return {"cleanup.policy": "delete", "retention.ms": str(kept)} | _BIG


def partition_count(spec: TopicSpec, settings: Settings) -> int:
    return settings.partitions if spec.partitioned else 1


class Changes(NamedTuple):
    """Names of the topics that were made, and of those whose configuration was changed to what it should be.

    `cluster` is the id of the Kafka cluster that has them.
    """

    made: list[str]
    changed: list[str]
    cluster: str


def create_topics(settings: Settings, timeout: float = 15.0) -> Changes:
    """Makes the topics that are not there yet, and configures those that are as the settings say; idempotent.

    Raises StartError where the broker does not answer within `timeout` seconds, refuses, or has one of the topics with
    another number of partitions.
    """
    with _connected(settings, timeout) as admin:
        there = _partitions(admin)
        _require_partitions(there, settings)
        made = _create(admin, {spec.topic.named(settings.namespace) for spec in TOPICS} - there.keys(), settings)
        return Changes(made, _configure(admin, made, settings), str(admin.describe_cluster()["cluster_id"]))


def require_topics(settings: Settings, timeout: float = 15.0) -> None:
    """Raises StartError where the broker does not answer within `timeout` seconds, or lacks a topic, or has another
    number of partitions."""
    with _connected(settings, timeout) as admin:
        there = _partitions(admin)
    for spec in TOPICS:
        if (name := spec.topic.named(settings.namespace)) not in there:
            raise StartError(f"Kafka at {settings.kafka} has no topic {name}: run `shoal topics create`")
    _require_partitions(there, settings)


@contextmanager
def _connected(settings: Settings, timeout: float) -> Iterator[Any]:
    """An administrator's connection; what goes wrong with Kafka is told as StartError."""
    milliseconds = int(timeout * 1000)
    try:
        admin = KafkaAdminClient(
            bootstrap_servers=str(settings.kafka).split(","),
            bootstrap_timeout_ms=milliseconds,
            request_timeout_ms=milliseconds,
            reconnect_backoff_max_ms=500,  # else it may sleep through the moment at which a broker comes up
        )
    except KafkaError as error:
        raise StartError(f"Kafka at {settings.kafka} is not reachable: {_reason(error)}") from error
    try:
        yield admin
    except KafkaError as error:
        raise StartError(f"Kafka at {settings.kafka} refused the topics: {_reason(error)}") from error
    finally:
        admin.close()


def _partitions(admin: Any) -> dict[str, int]:
    return {topic["name"]: len(topic["partitions"]) for topic in admin.describe_topics()}


def _require_partitions(there: dict[str, int], settings: Settings) -> None:
    for spec in TOPICS:
        name, wanted = spec.topic.named(settings.namespace), partition_count(spec, settings)
        if there.get(name, wanted) != wanted:
            raise StartError(
                f"topic {name} has {there[name]} partitions, not {wanted}: ids would be looked for in the wrong one; "
                f"set the partitions to {there[name]}, or choose another namespace"
            )


def _create(admin: Any, missing: set[str], settings: Settings) -> list[str]:
    """Another process may make the same topics meanwhile: those count as made."""
    wanted = {
        spec.topic.named(settings.namespace): {
            "num_partitions": partition_count(spec, settings),
            "replication_factor": settings.replication,
            "configs": configuration(spec, settings.retention),
        }
        for spec in TOPICS
        if spec.topic.named(settings.namespace) in missing
    }
    if not wanted:
        return []
    for topic in admin.create_topics(wanted, raise_errors=False)["topics"]:
        error = for_code(topic["error_code"])
        if topic["error_code"] and error is not TopicAlreadyExistsError:
            raise error(f"{topic['name']}: {topic.get('error_message') or error.description}")
    admin.wait_for_topics(list(wanted))
    return list(wanted)


def _configure(admin: Any, made: list[str], settings: Settings) -> list[str]:
    """A retention set anew reaches topics that were there before. The embedded tansu tells of no configuration, and has
    none: it keeps everything."""
    wanted = {spec.topic.named(settings.namespace): configuration(spec, settings.retention) for spec in TOPICS}
    older = [ConfigResource(ConfigResourceType.TOPIC, name) for name in wanted if name not in made]
    if not older:
        return []
    found = admin.describe_configs(older)["topic"]
    changed = [
        ConfigResource(ConfigResourceType.TOPIC, name, wanted[name])
        for name, known in found.items()
        if any(known[key]["value"] != value for key, value in wanted[name].items() if key in known)
    ]
    if changed:
        admin.alter_configs(changed)
    return [resource.name for resource in changed]


def _reason(error: KafkaError) -> str:
    return str(error).split("\n")[0] or type(error).__name__
