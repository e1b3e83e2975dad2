"""A lane's course through the definitions, as `agents.worker` and `agents.filling` have it, broken off anywhere.

Generators: each yields wherever something else may happen, True where it waits for the definitions to change.
"""

from schemas.topics import EVENT_TOPICS
from streams import everyone


def course(lane, known):
    """`known()`: the rule set and the fill as the lane knows them now."""
    judged = None
    while True:
        rules, fill = known()
        if fill is not None and fill.phase != "done":
            yield from filling(lane, fill)
        standing = rules.standing
        if rules.refs and standing != judged:
            yield from judge(lane)
        judged = standing
        yield from tell(lane)
        if known()[0] is rules:
            yield True


def filling(lane, fill):
    shard = lane.shard
    yield from wait_free(lane)
    if shard.meta.fill < fill.fill:
        lane.keep(shard.switch_on(fill.fill, lane.clock()))
    if fill.phase == "read" and shard.meta.read < fill.fill:
        yield from read(lane)
        yield from wait_settled(lane)
        lane.keep(shard.finish_reading(lane.clock()))
        yield from wait_settled(lane)
    if fill.phase == "read":
        report(lane, f"{fill.fill}:read")
    else:
        yield from judge(lane)
        report(lane, f"{fill.fill}:filled")


def report(lane, state):
    lane.report = {"fill": state}
    lane.tell(lane.report)


def read(lane):
    cuts = dict(zip(EVENT_TOPICS, lane.shard.meta.cuts, strict=True))
    read = dict.fromkeys(EVENT_TOPICS, 0)
    while any(lane.done[topic] < cut for topic, cut in cuts.items()):
        yield False
    while left := [topic for topic in EVENT_TOPICS if read[topic] < cuts[topic]]:
        topic, most = lane.random.choice(left), lane.random.choice([1, 2, 100])
        batch = lane.broker.logs[topic, lane.number][read[topic] : read[topic] + most]
        yield from wait_free(lane)
        lane.keep(lane.shard.replay(topic, batch, lane.clock()))
        read[topic] += len(batch)
        yield False


def judge(lane):
    last, most = b"", lane.random.choice([1, 2, 100])
    while keys := sorted(key for key in lane.store if key[:1] == b"r" and key > last)[:most]:
        last = keys[-1]
        yield from wait_free(lane)
        lane.turn(lane.shard.judge([key[1:].decode() for key in keys], lane.clock()))
        yield False
    yield from wait_settled(lane)


def tell(lane):
    shard = lane.shard
    while (live := everyone.untold(shard, lane.clock())) is not None:
        last, most = b"", lane.random.choice([1, 2, 100])
        while keys := sorted(key for key in lane.store if key[:1] == b"r" and key > last)[:most]:
            last = keys[-1]
            values = [lane.store[key] for key in keys]
            yield from wait_free(lane)
            lane.turn(everyone.tell(shard, values, lane.clock()))
            yield False
        yield from wait_free(lane)
        if everyone.untold(shard, lane.clock()) == live:
            lane.keep(everyone.told(shard, live, lane.clock()))


def wait_free(lane):
    while not lane.free:
        yield False


def wait_settled(lane):
    while lane.steps or lane.turning is not None:
        yield False
