"""A partition at work as `agents.lane` has it, on shards in memory: everything can break off between any two writes.

What a step writes goes out in chunks, each whole or not at all, in order within a channel (the changelog, the transfers
to one partition, or the changes told to one), in any order between channels. A lane that crashes loses its rows, what
it had not yet sent and where it was; another begins from the broker's changelog and committed offsets.
"""

from collections import deque
from dataclasses import dataclass, field

from schemas.changes import OUTBOX, decode_outbox
from schemas.profile import row_key
from schemas.topics import SOURCE_TOPICS, Topic
from streams.desk import view_of_row
from streams.local import LocalRecord
from streams.outcome import Outcome
from streams.partition import partition_of
from streams.shard import Shard

CHANGELOG = "changelog"
IN_FLIGHT = 8


@dataclass
class Redis:
    """What Redis has of a partition; `masks` by the users' numbers, as its bitmaps have it."""

    lookups: dict = field(default_factory=dict)
    masks: dict = field(default_factory=dict)
    fields: dict = field(default_factory=dict)
    totals: bytes = b""
    whole: bool = False

    def show(self, views, fields, totals):
        for view in views:
            self.lookups[view.id] = (view.lookup, view.row)
            if view.lookup is None and view.row is None:
                del self.lookups[view.id]
            if view.number >= 0:
                self.masks[view.number] = view.mask
        self.fields.update(fields)
        self.totals = totals or self.totals


@dataclass
class Step:
    """An outcome on its way. `left`: chunks of each channel that are not confirmed yet."""

    outcome: object
    source: tuple | None
    totals: bytes
    left: dict = field(default_factory=dict)
    sent: dict = field(default_factory=dict)
    ends: list = field(default_factory=list)
    keys: list = field(default_factory=list)
    passed_on: bool = False
    shown: bool = False
    told: bool = False


class Broker:
    """What survives: the logs, the changelogs, the committed offsets. Redis survives beside it."""

    def __init__(self, partitions):
        self.logs = {(topic, p): [] for topic in SOURCE_TOPICS for p in range(partitions)}
        self.changelogs = [[] for _ in range(partitions)]
        self.committed = dict.fromkeys(self.logs, 0)
        self.redis = [Redis() for _ in range(partitions)]
        self.told = [[] for _ in range(partitions)]

    def write(self, topic, partition, key, value):
        log = self.logs[topic, partition]
        log.append(LocalRecord(len(log), key, value))


class Lane:
    """One incarnation of a partition's worker. `clock` gives the time, `rules` those that it knows at its start."""

    def __init__(self, number, partitions, broker, rules, random, clock):
        self.number, self.broker, self.random, self.clock = number, broker, random, clock
        self.store = {}
        for chunk in broker.changelogs[number]:
            self._put(chunk)
        self.shard = Shard(number, partitions, self.store.get, rules)
        self.at = {topic: broker.committed[topic, number] for topic in SOURCE_TOPICS}
        self.done = dict(self.at)
        self.ended = dict(self.at)
        self.steps = deque()
        self.channels = {}
        self.turning = None
        self.settling = deque()
        self.report = {}
        self.rebuilt = False
        self.sent = {}
        self.forgotten = []
        self._begin_telling()

    @property
    def free(self):
        return self.turning is None and len(self.steps) < IN_FLIGHT

    # Steps

    def read(self, topic, most):
        """One batch of a source topic."""
        batch = self.broker.logs[topic, self.number][self.at[topic] : self.at[topic] + most]
        outcome = self.shard.apply(topic, batch, self.clock())
        self.at[topic] += len(batch)
        self.keep(outcome, (topic, self.at[topic]))

    def keep(self, outcome, source=None):
        self._stage(outcome)
        step = Step(outcome, source, self.shard.totals())
        self._send_rows(step)
        self.steps.append(step)

    def turn(self, outcome):
        """Of what time brings: shown before it is written, and after everything before it."""
        if outcome.rows:
            self._stage(outcome)
            self.turning = Step(outcome, None, self.shard.totals(), shown=True)

    def settle(self):
        self.keep(self.shard.settle(self.settling.popleft(), self.clock()))

    def _stage(self, outcome):
        outcome.told, self.forgotten = self.forgotten, []
        self._put((row.key, row.value) for row in outcome.rows)
        self._put(outcome.trailer(0, len(outcome.rows)))

    def _put(self, records):
        for key, value in records:
            if value is None:
                self.store.pop(key, None)
            else:
                self.store[key] = value

    def _send_rows(self, step):
        rows, start = [(row.key, row.value) for row in step.outcome.rows], 0
        while True:
            end = self.random.randint(min(start + 1, len(rows)), len(rows))
            self._queue(step, CHANGELOG, [*rows[start:end], *step.outcome.trailer(start, end)])
            step.ends.append(end)
            if end == len(rows):
                return
            start = end

    def _send_transfers(self, step):
        to = {}
        for sending in step.outcome.transfers:
            to.setdefault(sending.partition, []).append((sending.key, sending.value))
        for partition, records in to.items():
            start = 0
            while start < len(records):
                end = self.random.randint(start + 1, len(records))
                self._queue(step, partition, records[start:end])
                start = end

    def _begin_telling(self):
        """What the incarnation before has left untold comes before anything else is passed on."""
        keys = sorted(key for key in self.store if key[:1] == OUTBOX)
        step = Step(Outcome(self.shard.meta, self.clock()), None, b"", passed_on=True, shown=True, told=True)
        told = {change.n for log in self.broker.told for change in log}
        left = [change for key in keys for change in decode_outbox(self.store[key])[1]]
        self._send_changes(step, [change for change in left if change.n not in told])
        step.keys = keys
        self.steps.append(step)

    def _send_changes(self, step, changes):
        to = {}
        for change in changes:
            to.setdefault(partition_of(change.user, len(self.broker.told)), []).append(change)
        for partition, records in to.items():
            start = 0
            while start < len(records):
                end = self.random.randint(start + 1, len(records))
                self._queue(step, ("told", partition), records[start:end])
                start = end

    def _queue(self, step, channel, records):
        self.channels.setdefault(channel, deque()).append((step, records))
        step.left[channel] = step.left.get(channel, 0) + 1

    # What happens to them, each of these at any time or never

    def pending(self):
        return [channel for channel, chunks in self.channels.items() if chunks]

    def confirm(self, channel):
        """The broker has the next chunk of a channel; sometimes twice, when its answer was lost."""
        step, records = self.channels[channel].popleft()
        for _ in range(1 + (self.random.random() < 0.1)):
            if channel == CHANGELOG:
                self.broker.changelogs[self.number].append(records)
            elif isinstance(channel, tuple):
                self.broker.told[channel[1]] += records
            else:
                for key, value in records:
                    self.broker.write(Topic.TRANSFERS, channel, key, value)
                step.sent[channel] = len(self.broker.logs[Topic.TRANSFERS, channel])
        step.left[channel] -= 1

    def finish(self):
        """One more move of the oldest step; whether there was one to make."""
        if self.turning is not None and not self.steps:
            step, self.turning = self.turning, None
            self._show(step)
            self._send_rows(step)
            self.steps.append(step)
            return True
        if not self.steps:
            return False
        step = self.steps[0]
        if any(step.left.values()):
            return False
        if not step.passed_on:
            self._send_transfers(step)
            step.passed_on = True
        elif not step.shown:
            self._show(step)
            step.shown = True
            if step.source is not None:
                self.done[step.source[0]] = step.source[1]
        elif not step.told:
            self._send_changes(step, step.outcome.changes_of(0, len(step.outcome.rows)))
            step.told = True
        else:
            self._end(self.steps.popleft())
        return True

    def _end(self, step):
        self.forgotten += [*step.keys, *step.outcome.outbox_keys(step.ends)]
        if step.source is not None:
            self.ended[step.source[0]] = step.source[1]
        if step.outcome.settled:
            self.settling.append(step.outcome.settled)

    def crash(self):
        """A rebuild shows rows that are not in the changelog yet: that numbers of theirs are lost is not tried here."""
        while self.rebuilt and (self.steps or self.turning is not None):
            for channel in self.pending():
                self.confirm(channel)
            self.finish()

    def _show(self, step):
        fields = self.shard.fields()
        if step.source is not None:
            fields[f"o:{step.source[0].value}"] = str(step.source[1])
        self.sent |= {f"out:{to}": str(end) for to, end in step.sent.items()}
        fields |= self.sent
        self.tell(fields, step.outcome.views, step.totals)

    def tell(self, fields, views=(), totals=b""):
        redis = self.broker.redis[self.number]
        if not redis.whole:
            self._rebuild(redis)
        redis.show(views, fields, totals)

    def _rebuild(self, redis):
        redis.masks.clear()
        for id in [id for id in redis.lookups if row_key(id) not in self.store]:
            del redis.lookups[id]
        views = [view_of_row(key[1:].decode(), value) for key, value in self.store.items() if key[:1] == b"r"]
        known = {f"o:{topic.value}": str(end) for topic, end in self.done.items()}
        ends = {f"out:{self.number}": str(len(self.broker.logs[Topic.TRANSFERS, self.number]))}
        fields = known | self.sent | ends | self.report | self.shard.fields()
        redis.show(views, fields, self.shard.totals())
        redis.whole = True
        self.rebuilt = True

    def commit(self, topic):
        self.broker.committed[topic, self.number] = self.ended[topic]
