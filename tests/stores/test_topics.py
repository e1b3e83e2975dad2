"""Topics as they are made, on the embedded broker and on Apache Kafka."""

from dataclasses import replace

import pytest
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from cli.ports import free_ports, wait_until
from schemas.errors import StartError
from schemas.settings import Settings
from schemas.times import DAY
from schemas.topics import EVENT_TOPICS, TOPICS, Topic
from stores.topics import create_topics
from tests.support.servers import Server

BROKERS = pytest.mark.parametrize("broker_name", ["broker", pytest.param("kafka_broker", marks=pytest.mark.kafka)])


@pytest.fixture
def settings(request: pytest.FixtureRequest, broker_name: str, namespace: str) -> Settings:
    broker: Server = request.getfixturevalue(broker_name)
    return Settings(kafka=broker.address, namespace=namespace, partitions=3, retention=5 * DAY)


def described(settings: Settings) -> dict[str, int]:
    """Topic → number of partitions, of the namespace."""
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka)
    try:
        topics = {topic["name"]: topic["partitions"] for topic in admin.describe_topics()}
    finally:
        admin.close()
    return {name: len(found) for name, found in topics.items() if name.startswith(f"{settings.namespace}.")}


@BROKERS
def test_made_with_their_partitions(settings: Settings) -> None:
    made = create_topics(settings).made
    assert made == [spec.topic.named(settings.namespace) for spec in TOPICS]
    assert described(settings) == {
        spec.topic.named(settings.namespace): 3 if spec.partitioned else 1 for spec in TOPICS
    }


@BROKERS
def test_idempotent(settings: Settings) -> None:
    first = create_topics(settings)
    assert create_topics(settings) == ([], [], first.cluster)


@BROKERS
def test_other_partition_counts_are_refused(settings: Settings) -> None:
    create_topics(settings)
    other = Settings(kafka=settings.kafka, namespace=settings.namespace, partitions=4)
    with pytest.raises(StartError, match=r"page-views has 3 partitions, not 4: .*set the partitions to 3"):
        create_topics(other)


@pytest.mark.kafka
@pytest.mark.parametrize("broker_name", ["kafka_broker"])
def test_kept_as_the_table_says(settings: Settings) -> None:
    create_topics(settings)
    kept = configurations(settings)
    assert {name: kept[Topic.PAGE_VIEWS][name] for name in ("cleanup.policy", "retention.ms")} == {
        "cleanup.policy": "delete",
        "retention.ms": str(5 * DAY),
    }
    assert kept[Topic.DEAD_LETTERS]["retention.ms"] == str(30 * DAY)
    assert kept[Topic.IDENTITY]["retention.ms"] == "-1"
    for topic in (Topic.PROFILES, Topic.SEGMENTS):
        assert kept[topic]["cleanup.policy"] == "compact"
        assert kept[topic]["min.cleanable.dirty.ratio"] == "0.3"
        assert kept[topic]["segment.ms"] == "3600000"
        assert kept[topic]["delete.retention.ms"] == str(30 * DAY)
    assert {found["max.message.bytes"] for found in kept.values()} == {"8388608"}


@pytest.mark.kafka
@pytest.mark.parametrize("broker_name", ["kafka_broker"])
def test_a_retention_set_anew_reaches_topics_that_are_there(settings: Settings) -> None:
    create_topics(settings)
    longer = replace(settings, retention=6 * DAY)
    assert create_topics(longer).changed == [topic.named(settings.namespace) for topic in EVENT_TOPICS]
    # The broker answers before all of it knows.
    assert wait_until(lambda: configurations(settings)[Topic.CLICKS]["retention.ms"] == str(6 * DAY), 10.0)
    assert configurations(settings)[Topic.CLICKS]["max.message.bytes"] == "8388608"


@pytest.mark.kafka
@pytest.mark.parametrize("broker_name", ["kafka_broker"])
def test_a_refusal_is_told_in_one_line(settings: Settings) -> None:
    with pytest.raises(StartError, match=r"refused the topics: .*replication factor") as told:
        create_topics(Settings(kafka=settings.kafka, namespace=settings.namespace, replication=3))
    assert "\n" not in str(told.value)


def test_no_broker() -> None:
    settings = Settings(kafka=f"127.0.0.1:{free_ports()}")
    with pytest.raises(StartError, match=f"Kafka at {settings.kafka} is not reachable"):
        create_topics(settings, timeout=1.0)


def configurations(settings: Settings) -> dict[Topic, dict[str, str]]:
    admin = KafkaAdminClient(bootstrap_servers=settings.kafka)
    names = {topic.named(settings.namespace): topic for topic in Topic}
    try:
        answer = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    finally:
        admin.close()
    found = answer[ConfigResourceType.TOPIC.name.lower()]
    return {topic: {key: kept["value"] for key, kept in found[name].items()} for name, topic in names.items()}
