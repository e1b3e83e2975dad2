"""Every setting there is: one frozen object, made from flags, else the environment (`SHOAL_…`), else defaults.

Owns names, meanings, defaults and the reading of their texts. The table in docs/settings.md is made from here, and so
are the flags of the commands. Which command takes which flag is in `cli.options`. Durations are milliseconds inside.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from schemas.errors import StartError
from schemas.setting_readers import ADDRESSES, DURATION, PATH, PORT, REDIS_URL, Reader, choice, number, text

GPC = Literal["no_share", "drop", "ignore"]
Bots = Literal["keep", "drop"]
Broker = Literal["tansu", "kafka"]

_NAMESPACE = text("letters, digits, - and _, at most 64", r"[A-Za-z0-9_-]{1,64}")
_KEY = text("text without spaces", r"\S+")


def _setting(reader: Reader, default: str | None, meaning: str, shown: str = "") -> Any:
    """A field read by `reader`; `default` is the text it would be set by, None for unset, then `shown` in the table."""
    value = None if default is None else reader.read(default)
    return field(default=value, metadata={"reader": reader, "default": default or shown, "meaning": meaning})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process."""

    host: str = _setting(_KEY, "127.0.0.1", "address that a gateway listens on, and a worker with its metrics")
    port: int = _setting(PORT, "8080", "port of the gateway; 0 for a free one")
    metrics_port: int | None = _setting(
        PORT, None, "port of `/metrics`; a worker of its own serves it only when set", "port + 1"
    )
    write_key: str = _setting(_KEY, "dev", "key that events are sent with")
    secret_key: str = _setting(_KEY, "dev-secret", "key that everything is asked with")
    kafka: str | None = _setting(ADDRESSES, None, "brokers, `HOST:PORT,…`", "an embedded one")
    redis: str | None = _setting(REDIS_URL, None, "store of lookups, `redis://…` or `HOST:PORT`", "an embedded one")
    namespace: str = _setting(_NAMESPACE, "shoal", "prefix of topics, consumer groups and Redis keys")
    partitions: int = _setting(number(1, 1024), "4", "partitions of the topics; fixed once they are made")
    replication: int = _setting(number(1, 10), "1", "copies that Kafka keeps of each topic")
    data_dir: str | None = _setting(
        PATH, None, "directory of the workers' state and of the embedded Kafka", "none kept"
    )
    workers: int = _setting(number(1, 64), "1", "worker processes that `shoal up` runs")
    broker: Broker = _setting(choice("tansu", "kafka"), "tansu", "embedded broker: in memory, or Apache Kafka")
    kafka_lib: str | None = _setting(PATH, None, "directory of Apache Kafka's jars", "`.kafka/lib`, by `make kafka`")
    retention: int = _setting(DURATION, "800d", "how long events are kept; no window of a rule may be longer")
    session_gap: int = _setting(DURATION, "30m", "a gap this long between two events ends a visit")
    exact_limit: int = _setting(
        number(10, 1_000_000),
        "10000",
        "newest events of a user and condition that are counted",
    )
    gpc: GPC = _setting(
        choice("no_share", "drop", "ignore"),
        "no_share",
        "what `Sec-GPC: 1` does: the users are not shared, the events are dropped, or nothing",
    )
    bots: Bots = _setting(choice("keep", "drop"), "keep", "whether events of bots are kept")
    rate_limit: int = _setting(
        number(0, 10_000_000),
        "0",
        "events a second that a gateway takes, 10 s of them at once; over it 429; 0: any number",
    )
    geo_database: str | None = _setting(PATH, None, "MaxMind database (.mmdb) of countries and regions", "none")
    standbys: int = _setting(number(0, 5), "0", "other workers that keep a warm copy of each partition's state")
    epoch: int = _setting(number(0, 1 << 31), "0", "raise by one when the consumer group or the broker was made anew")
    session_timeout: int = _setting(DURATION, "10s", "a worker silent for this long loses its partitions")
    rebalance_timeout: int = _setting(DURATION, "60s", "how long workers may take to hand over partitions")
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        choice("debug", "info", "warning", "error"), "warning", "least grave log records that are written"
    )
    log_format: Literal["text", "json"] = _setting(choice("text", "json"), "text", "form of a log record on stderr")

    @property
    def metrics(self) -> int:
        """The port that a gateway serves `/metrics` on."""
        return self.port + 1 if self.metrics_port is None else self.metrics_port


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of settings."""

    name: str
    default: str
    expects: str
    meaning: str

    @property
    def env(self) -> str:
        return f"SHOAL_{self.name.upper()}"

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


_READERS: dict[str, Reader] = {each.name: each.metadata["reader"] for each in fields(Settings)}

TABLE: tuple[Row, ...] = tuple(
    Row(each.name, each.metadata["default"], _READERS[each.name].expects, each.metadata["meaning"])
    for each in fields(Settings)
)
"""All settings in the order that they are shown in."""


def load(flags: Mapping[str, str | None], environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings of flags (name → text, None for one not given), else environment, else defaults.

    An empty variable is as none. Raises StartError for a text that is no value of its setting.
    """
    values: dict[str, Any] = {}
    for row in TABLE:
        if (given := flags.get(row.name)) is not None:
            values[row.name] = _read(row, given, row.flag)
        elif given := environment.get(row.env):
            values[row.name] = _read(row, given, row.env)
    return Settings(**values)


def _read(row: Row, given: str, where: str) -> Any:
    try:
        return _READERS[row.name].read(given)
    except ValueError:
        raise StartError(f"{where}: expected {row.expects}, got {given!r}") from None


def as_environment(settings: Settings) -> dict[str, str]:
    """The variables from which `load` makes the same settings: how they are handed to a child process."""
    pairs = ((row.env, _READERS[row.name].write(getattr(settings, row.name))) for row in TABLE)
    return {name: value for name, value in pairs if value is not None}
