"""The topic table: every Kafka topic there is, what it carries, how it is kept. Nothing else names a topic.

Names get the namespace as a prefix: `shoal.page-views`. Source: contract section 2, "Topics".
"""

from dataclasses import dataclass
from enum import StrEnum

from schemas.times import DAY


class Topic(StrEnum):
    """Name of a topic without its namespace."""

    PAGE_VIEWS = "page-views"
    CLICKS = "clicks"
    EVENTS = "events"
    IDENTIFIES = "identifies"
    IDENTITY = "identity"
    TRANSFERS = "transfers"
    PROFILES = "profiles-changelog"
    SEGMENTS = "segments"
    DEAD_LETTERS = "dead-letters"
    MEMBERSHIP_CHANGES = "membership-changes"

    def named(self, namespace: str) -> str:
        return f"{namespace}.{self.value}"


EVENT_TOPICS = (Topic.PAGE_VIEWS, Topic.CLICKS, Topic.EVENTS, Topic.IDENTIFIES)
"""Topics of normalised events, in the order that offsets in a profile row are kept in."""

SOURCE_TOPICS = (*EVENT_TOPICS, Topic.IDENTITY, Topic.TRANSFERS)
"""What a worker reads; all have the same number of partitions and are keyed by an id."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is made: `partitioned` ones get the configured count, others one partition.

    `retention` is in ms, -1 for ever; None means the events' retention (a setting).
    """

    topic: Topic
    carries: str
    partitioned: bool = True
    compacted: bool = False
    retention: int | None = -1


TOPICS = (
    TopicSpec(Topic.PAGE_VIEWS, "page and screen calls", retention=None),
    TopicSpec(Topic.CLICKS, "`$click` calls", retention=None),
    TopicSpec(Topic.EVENTS, "all other track calls", retention=None),
    TopicSpec(Topic.IDENTIFIES, "identify and group calls, uploads", retention=None),
    TopicSpec(Topic.IDENTITY, "internal: what an id came as, and joins; decided in the id's partition"),
    TopicSpec(Topic.TRANSFERS, "internal: what is on its way to an id's user", retention=7 * DAY),
    TopicSpec(Topic.PROFILES, "internal: the rows of all users, by id", compacted=True),
    TopicSpec(Topic.SEGMENTS, "segment definitions, by segment id", partitioned=False, compacted=True),
    TopicSpec(Topic.DEAD_LETTERS, "refused events and records, each with its reason", retention=30 * DAY),
    TopicSpec(Topic.MEMBERSHIP_CHANGES, "who entered and exited which segment, by user", retention=30 * DAY),
)
