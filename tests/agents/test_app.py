"""What Faust is told: the settings that it would otherwise have wrong for us."""

from pathlib import Path

from agents.app import MAX_BATCH, consumer_of, make_app
from agents.transport import BatchConsumer
from schemas import settings as setting
from stores.topics import MAX_RECORD


def test_the_app_is_made_of_the_settings(tmp_path: Path) -> None:
    settings = setting.load(
        {"kafka": "one:9092,two:9093", "namespace": "shop", "session_timeout": "4s", "rebalance_timeout": "6s"}, {}
    )
    app = make_app(settings, "worker", tmp_path)
    conf = app.conf
    assert [str(url) for url in conf.broker] == ["shoal://one:9092", "shoal://two:9093"]
    assert conf.id == "shop.worker"
    assert (conf.broker_session_timeout, conf.broker_heartbeat_interval, conf.broker_rebalance_timeout) == (4, 1, 6)
    assert conf.topic_allow_declare is False
    assert conf.producer_acks == -1
    assert conf.stream_wait_empty
    assert MAX_BATCH < MAX_RECORD
    assert isinstance(consumer_of(app), BatchConsumer)


def test_requests_outlast_the_session(tmp_path: Path) -> None:
    """aiokafka refuses it otherwise."""
    settings = setting.load({"kafka": "one:9092", "session_timeout": "10m", "rebalance_timeout": "5m"}, {})
    conf = make_app(settings, "worker", tmp_path).conf
    assert conf.broker_request_timeout > conf.broker_session_timeout
    assert conf.broker_heartbeat_interval == 3
