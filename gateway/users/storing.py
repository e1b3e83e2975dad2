"""Records of many users on their way to the broker: gathered, written in portions, the next when one is acknowledged.

Owns the portions and what an upload comes to. As the body is read no faster than portions are written, an upload of any
size needs the memory of one.
"""

from typing import Any
from uuid import uuid4

from gateway.collector.intake import Writer
from gateway.lanes import Record
from gateway.position import Ends, encode_position
from schemas import events
from schemas.errors import Rejected
from schemas.events import Event
from schemas.topics import Topic
from stores.telemetry import counter
from streams.partition import partition_of

MOST_TOLD = 1000
"""Rejected users that an answer lists; all are counted."""
PORTION = 2000
"""Users that are written in one go."""
PORTION_BYTES = 1 << 20


class Upload:
    """One request's users. `index` is the next one's, `received` (ms) and `arrival` (µs) those of the request."""

    def __init__(self, writer: Writer, partitions: int, received: int) -> None:
        self.received = received
        self.index = 0
        self.accepted = 0
        self._writer = writer
        self._partitions = partitions
        self._request = uuid4().hex
        self._rejected: list[dict[str, Any]] = []
        self._refused = 0
        self._lanes: dict[tuple[Topic, int], list[Record]] = {}
        self._size = 0
        self._waiting = 0
        self._ends: dict[tuple[Topic, int], int] = {}
        self._counted = counter("shoal_uploaded_users_total")

    @property
    def arrival(self) -> int:
        """Of the next user: later ones of a request are later."""
        return self.received * 1000 + self.index

    @property
    def message_id(self) -> str:
        return f"{self._request}-{self.index}"

    @property
    def is_full(self) -> bool:
        return self._waiting >= PORTION or self._size >= PORTION_BYTES

    def accept(self, event: Event) -> None:
        value = events.encode(event)
        lane = (Topic.IDENTIFIES, partition_of(event.id, self._partitions))
        self._lanes.setdefault(lane, []).append(Record(event.id.encode(), value))
        self._size += len(value)
        self._waiting += 1
        self.index += 1

    def reject(self, rejected: Rejected, line: int | None = None) -> None:
        self._refused += 1
        if len(self._rejected) < MOST_TOLD:
            where = {"index": self.index} if line is None else {"index": self.index, "line": line}
            self._rejected.append({**where, "code": rejected.code, "message": rejected.message})
        self.index += 1

    async def write(self) -> None:
        """Returns when the broker has all that was accepted. Raises Unavailable; what was written before, is."""
        lanes, count = self._lanes, self._waiting
        self._lanes, self._size, self._waiting = {}, 0, 0
        ends: Ends = await self._writer.write(lanes)
        for lane, end in ends.items():
            self._ends[lane] = max(end, self._ends.get(lane, 0))
        self.accepted += count
        self._counted.labels("accepted").inc(count)

    def answer(self) -> dict[str, Any]:
        """What has become of the users so far."""
        self._counted.labels("rejected").inc(self._refused)
        return {
            "accepted": self.accepted,
            "rejected": self._rejected,
            "rejected_count": self._refused,
            "position": encode_position(self._ends),
        }
