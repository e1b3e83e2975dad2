"""The pure core where partitions and topics lag behind each other, and where logs are read again after a crash.

Neither may change an answer: all that decides an order is the order within a partition of one topic.
"""

from schemas.topics import EVENT_TOPICS, SOURCE_TOPICS, Topic
from tests.parity.core import Core


class Lagging(Core):
    """Works off a little here and there while calls come, and everything before it is asked."""

    def __init__(self, seed=0, replays=True):
        super().__init__(seed)
        self.replays = replays
        self.clock = 0
        lagging = self.random.randrange(len(self.local.shards))
        topics = self.random.choice([SOURCE_TOPICS, (Topic.IDENTITY,), (Topic.TRANSFERS,), EVENT_TOPICS])
        self.slow = {(topic, lagging) for topic in topics}

    def define(self, segments, at):
        self._drain(at)
        super().define(segments, at)

    def send(self, arrival):
        self.clock = max(self.clock, arrival.received)
        if (call := self.collector.take(arrival)) is not None:
            self.local.send(call)
        if self.random.random() < 0.1:
            self._drain(self.clock)
        for _ in range(self.random.choice([0, 1, 20, 60])):
            self._work_a_little()
        if self.replays and self.random.random() < 0.05:
            self._read_again()

    def _work_a_little(self):
        topic, partition = self.random.choice(SOURCE_TOPICS), self.random.randrange(len(self.local.shards))
        if (topic, partition) not in self.slow:
            self.local.step(topic, partition, self.clock, self.random.choice([1, 2, 1000]))

    def _read_again(self):
        """A crash: what was applied to rows stays, but some of the logs' ends had not been committed."""
        for at, read in self.local.read.items():
            self.local.read[at] = max(0, read - self.random.choice([0, 0, 1, 3]))

    def _drain(self, now):
        self.clock = max(self.clock, now)
        self.local.work(self.clock, self.random.choice([1, 2, 1000]), self.random.shuffle)

    def _live(self, id, now):
        self._drain(now)
        return super()._live(id, now)

    def user(self, id, now):
        self._drain(now)
        return super().user(id, now)

    def users(self, now):
        self._drain(now)
        return super().users(now)
