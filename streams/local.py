"""A whole system in memory, for judging a file of events with no server: the same shards, with dictionaries for stores.

Owns the logs and the order in which they are worked off; every decision is the shards'. Used by `shoal segment test`,
by previews, and by the tests that compare the engine with a brute-force reading.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from schemas import events
from schemas.calls import Accepted
from schemas.changes import Change
from schemas.profile import NEVER, Profile, decode_row, due_of, row_key
from schemas.topics import EVENT_TOPICS, SOURCE_TOPICS, Topic
from schemas.transfers import Transfer
from schemas.transfers import encode as encode_transfer
from streams import everyone
from streams.apply import advance
from streams.live import Live
from streams.outcome import Outcome, Refused
from streams.partition import partition_of
from streams.ruleset import RuleSet
from streams.shard import Shard


@dataclass(frozen=True, slots=True)
class LocalRecord:
    """A record of an in-memory log."""

    offset: int
    key: bytes | None
    value: bytes | None


class Local:
    """`partitions` shards over `rules`. What is sent waits in the logs until `work` is called."""

    def __init__(self, rules: RuleSet, partitions: int = 1) -> None:
        self.stores: list[dict[bytes, bytes]] = [{} for _ in range(partitions)]
        self.shards = [Shard(number, partitions, store.get, rules) for number, store in enumerate(self.stores)]
        self.logs: dict[tuple[Topic, int], list[LocalRecord]] = {
            (topic, partition): [] for topic in SOURCE_TOPICS for partition in range(partitions)
        }
        self.read: dict[tuple[Topic, int], int] = dict.fromkeys(self.logs, 0)
        self.refused: list[Refused] = []
        self.changes: list[Change] = []
        self._partitions = partitions

    def send(self, call: Accepted) -> None:
        """Writes a call's records to the logs, as the collector does."""
        for record in call.identity:
            self._write(Topic.IDENTITY, record.id, events.encode(record))
        if call.topic is not None and call.event is not None:
            self._write(call.topic, call.event.id, events.encode(call.event))

    def tell(self, transfer: Transfer) -> None:
        """Writes what the gateway says of one id: that it is on a list, or is to be erased."""
        self._write(Topic.TRANSFERS, transfer.to, encode_transfer(transfer))

    def _write(self, topic: Topic, id: str, value: bytes) -> None:
        self.write(topic, partition_of(id, self._partitions), id.encode(), value)

    def write(self, topic: Topic, partition: int, key: bytes | None, value: bytes | None) -> None:
        log = self.logs[topic, partition]
        log.append(LocalRecord(len(log), key, value))

    def work(self, now: int, most: int = 1 << 30, order: Callable[[list[Topic]], None] = lambda topics: None) -> None:
        """Works off all logs, at most `most` records a batch; `order` may change which topic goes first."""
        topics = list(SOURCE_TOPICS)
        while any(self.read[at] < len(self.logs[at]) for at in self.logs):
            order(topics)
            for topic in topics:
                for partition in range(self._partitions):
                    self.step(topic, partition, now, most)

    def step(self, topic: Topic, partition: int, now: int, most: int) -> None:
        """Works off one batch of one log."""
        at = (topic, partition)
        batch = self.logs[at][self.read[at] : self.read[at] + most]
        if batch:
            self.keep(partition, self.shards[partition].apply(topic, batch, now), now)
            self.read[at] += len(batch)

    def keep(self, partition: int, outcome: Outcome, now: int) -> None:
        """Does what a worker does with an outcome; no redirect keeps a profile, for nothing is lost here."""
        store = self.stores[partition]
        self.refused += outcome.refused
        for sending in outcome.transfers:
            self.write(Topic.TRANSFERS, sending.partition, sending.key, sending.value)
        for row in outcome.rows:
            if row.value is None:
                store.pop(row.key, None)
            else:
                store[row.key] = row.value
        key, value = outcome.meta_row(len(outcome.rows))
        store[key] = value
        self.changes += outcome.changes_of(0, len(outcome.rows))
        if outcome.settled:
            self.keep(partition, self.shards[partition].settle(outcome.settled, now), now)

    def fill(self, rules: RuleSet, now: int, most: int = 1 << 30) -> None:
        """Switches on the latest fill of `rules`, reads the logs for it, and judges everybody."""
        for shard in self.shards:
            shard.rules = rules
            if rules.latest_fill:
                self.keep(shard.number, shard.switch_on(rules.latest_fill, now), now)
        for topic in EVENT_TOPICS:
            for shard in self.shards:
                log = self.logs[topic, shard.number]
                for start in range(0, len(log), most):
                    self.keep(shard.number, shard.replay(topic, log[start : start + most], now), now)
        self.work(now, most)
        for shard in self.shards:
            self.keep(shard.number, shard.finish_reading(now), now)
        self.judge(rules, now)

    def judge(self, rules: RuleSet, now: int) -> None:
        """From here on users are judged by these rules, everybody at once."""
        for shard in self.shards:
            shard.rules = rules
            homes = [key[1:].decode() for key in self.stores[shard.number] if key[:1] == b"r"]
            self.keep(shard.number, shard.judge(homes, now), now)
        self.tell_everyone(now)

    def tell_everyone(self, now: int) -> None:
        """Tells of everybody what changed with the definitions."""
        for shard in self.shards:
            if (live := everyone.untold(shard, now)) is not None:
                rows = [value for key, value in self.stores[shard.number].items() if key[:1] == b"r"]
                self.keep(shard.number, everyone.tell(shard, rows, now), now)
                self.keep(shard.number, everyone.told(shard, live, now), now)

    def turn(self, now: int) -> None:
        """Brings every user to the present whose due instant has come."""
        for partition, store in enumerate(self.stores):
            due = [decode_row(value) for key, value in store.items() if key[:1] == b"r" and due_of(value) <= now]
            homes = [row.home for row in due if isinstance(row, Profile)]
            if homes:
                self.keep(partition, self.shards[partition].turn(homes, now), now)

    def live(self, id: str, now: int) -> Live | None:
        """The user of an id as of `now`, on a copy of its row; None while it is not known."""
        row, due = self._row(id)
        if row is None:
            return None
        live = Live(row, due, self.shards[0].rules, now)
        advance(live, now)
        return live if live.known else None

    def canonical(self, id: str) -> str:
        """What the user of an id is known by; an id that never came is itself."""
        row, _ = self._row(id)
        return id if row is None else row.canonical

    def _row(self, id: str) -> tuple[Profile | None, int]:
        while (value := self.stores[partition_of(id, self._partitions)].get(row_key(id))) is not None:
            row = decode_row(value)
            if isinstance(row, Profile):
                return row, due_of(value)
            id = row.home
        return None, NEVER

    def users(self, now: int) -> Iterable[Live]:
        """All known users as of `now`, each on a copy of its row."""
        for store in self.stores:
            for key in [key for key in store if key[:1] == b"r"]:
                row = decode_row(store[key])
                if isinstance(row, Profile) and (live := self.live(row.home, now)) is not None:
                    yield live
