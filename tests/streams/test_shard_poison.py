"""Garbage in the topics: whatever a record holds, it alone is refused, and the events beside it are counted."""

import random
from typing import Any

import msgspec
import orjson
import pytest

from schemas.events import Event, encode
from schemas.profile import Profile, encode_part
from schemas.rule_parser import parse_rule
from schemas.times import DAY
from schemas.topics import SOURCE_TOPICS, Topic
from schemas.transfers import (
    Absorb,
    Close,
    Closed,
    Erase,
    Forward,
    Free,
    Freed,
    Join,
    JoinFrom,
    Listing,
    Moved,
    Unshare,
)
from schemas.transfers import encode as encode_transfer
from streams.limits import Limits
from streams.local import Local
from streams.partition import partition_of
from streams.ruleset import RuleSet, SegmentSpec
from streams.shard import BehindError

NOW = 1_795_455_000_000
DEEP = "[" * 500 + "]" * 500
RULE = {
    "all": [
        {"did": {"event": "*", "where": [{"field": "properties.p", "op": "not_exists"}]}, "count": {"gte": 1}},
        {"user": "traits.p", "op": "not_exists"},
    ]
}


def local() -> Local:
    rule = parse_rule(RULE, retention=800 * DAY, exists=lambda _: True)
    spec = SegmentSpec("s", 16, rule, NOW - 800 * DAY, fill=0)
    return Local(RuleSet([spec], Limits(retention=800 * DAY)), 2)


def good(offset: int, **more: Any) -> Event:
    return Event(
        id="good",
        type="track",
        name="buy",
        time=NOW - 1000,
        received=NOW,
        message_id=f"g{offset}",
        arrival=offset,
        **more,
    )


def event(type: str, name: str, more: str = "", id: str = '"evil"', time: str = "1795455000000") -> bytes:
    text = (
        f'{{"id":{id},"type":"{type}","name":"{name}","time":{time},"received":1795455000000,"message_id":"m"'
        f"{',' if more else ''}{more}}}"
    )
    return text.encode()


ANYWHERE = [
    None,
    b"",
    b"\0",
    b"\xff\xfe\xfa",
    b"null",
    b"7",
    b"[]",
    b"{}",
    b'"text"',
    b"{" * 100_000,
    b"[" * 100_000,
    b'{"id":"evil"',
    b'{"id":7,"type":"track"}',
    b"\x91\xa1e",
    orjson.dumps({"id": "evil", "received": 1}),
    b'{"id":"evil","received":1,"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b'{"id":"evil","received":1795455000000,"seen":"god"}',
    b'{"id":"evil","received":1e400}',
    b'{"id":"evil","received":-1,"seen":"user"}',
    b'{"id":"evil","received":99999999999999999999999,"alias":"other"}',
    b'{"id":"evil","received":9000000000000000000,"alias":"other","seen":"user"}',
    b'{"id":"evil","received":1795455000000,"alias":"' + b"x" * 257 + b'"}',
    b'{"id":"evil","received":1795455000000,"owner":"a\\u0000b"}',
    b'{"id":"evil","received":1795455000000,"owner":"\\ud800"}',
    b'{"id":"\\ud800","received":1795455000000,"seen":"user"}',
    b'{"id":"' + b"x" * 257 + b'","received":1795455000000,"seen":"user"}',
]
EVENTS = [
    event("track", "x", id='"\\ud800"'),
    event("track", "x", id='"a\\u0000b"'),
    event("track", "x", id='"' + "x" * 257 + '"'),
    event("track", "\\ud800"),
    event("track", "x", '"properties":{"p":"\\ud800"}'),
    event("track", "x", '"properties":{"\\ud800":1}'),
    event("track", "x", '"properties":{"p":123456789012345678901234567890}'),
    event("track", "x", f'"properties":{{"p":{DEEP}}}'),
    event("track", "x", '"properties":{"p":1e400}'),
    event("track", "x", time="9007199254740993"),
    event("track", "x", time="-9007199254740993"),
    event("track", "x", time="1e300"),
    event("track", "x", '"arrival":99999999999999999999999'),
    event("track", "x", '"arrival":-5'),
    event("track", "x", '"arrival":9223372036854775807'),
    event("track", "x", '"properties":[]'),
    event("track", "$visit"),
    event("track", "$page"),
    event("page", "$page", '"campaign":{"source":"\\ud800"}'),
    event("page", "$page", '"campaign":{"source":7}'),
    event("page", "$page", '"referrer_host":"\\ud800","url":"\\udc00","path":"x"'),
    event("page", "$page", '"campaign":{"source":"' + "x" * 5_000_000 + '"}'),
    event("identify", "$identify", '"traits":{"p":123456789012345678901234567890}'),
    event("identify", "$identify", '"traits":{"p":-123456789012345678901234567890}'),
    event("identify", "$identify", '"traits":{"p":"\\ud800"}'),
    event("identify", "$identify", '"traits":{"\\ud800":1}'),
    event("identify", "$identify", f'"traits":{{"p":{DEEP}}}'),
    event("identify", "$identify", '"traits":{"p":"' + "x" * 5_000_000 + '"}'),
    event("identify", "$identify", '"device":"\\ud800","country":"\\ud800"'),
    event("group", "$group", '"traits":{"group_id":{"a":[1]}}'),
]


def forward(**more: Any) -> bytes:
    fields = {"to": "evil", "sent": "evil", "topic": 2, "offset": 0, "fill": 0, "data": event("track", "x")} | more
    return encode_transfer(Forward(**fields))


TRANSFERS = [
    forward(topic=4),
    forward(topic=-1),
    forward(topic=10**9),
    forward(offset=-5),
    forward(data=b""),
    forward(data=b"\xff"),
    forward(data=event("page", "$page")),
    forward(sent="other"),
    forward(to="x" * 257),
    forward(to=""),
    forward(replay=True, topic=77),
    forward(replay=True, data=b"garbage"),
    forward(fill=-3),
    forward(hops=-100),
    encode_transfer(Moved(to="evil", sent="other", profile=b"")),
    encode_transfer(Moved(to="evil", sent="other", profile=b"garbage")),
    encode_transfer(Moved(to="evil", sent="other", profile=msgspec.msgpack.encode([1, 2, 3]))),
    encode_transfer(Moved(to="evil", sent="other", profile=encode_part(Profile(home="", ids=[])))),
    encode_transfer(Moved(to="evil", sent="other", profile=encode_part(Profile(home="o", ids=["o"], timeline=b"xyz")))),
    encode_transfer(
        Moved(to="evil", sent="o", profile=encode_part(Profile(home="o", ids=["o"], messages={1: b"abc"})))
    ),
    encode_transfer(Moved(to="evil", sent="o", profile=encode_part(Profile(home="o", ids=["o"], fences={"o": [1]})))),
    encode_transfer(Join(to="evil", origin="x" * 300, name="n", at=1)),
    encode_transfer(Join(to="evil", origin="", name="", at=1)),
    encode_transfer(JoinFrom(to="evil", name="a\0b", at=1)),
    encode_transfer(Absorb(to="evil", into="", name="a\0b", at=1)),
    encode_transfer(Unshare(to="a\0b")),
    encode_transfer(Listing(to="evil", sent="", slot=16, on=True, since=0)),
    encode_transfer(Listing(to="evil", sent="evil", slot=-1, on=True, since=0)),
    encode_transfer(Listing(to="evil", sent="evil", slot=1 << 20, on=True, since=0)),
    encode_transfer(Listing(to="evil", sent="evil", slot=16, on=True, since=-1)),
    encode_transfer(Listing(to="evil", sent="evil", slot=16, on=True, since=0, stamp=-1)),
    encode_transfer(Erase(to="a\0b")),
    encode_transfer(Close(to="evil", home="")),
    encode_transfer(Closed(to="evil", sent="x" * 300)),
    encode_transfer(Free(to="evil", home="a\0b")),
    encode_transfer(Freed(to="evil", sent="")),
]


@pytest.mark.parametrize("topic", SOURCE_TOPICS)
@pytest.mark.parametrize("seed", range(3))
def test_garbage_stops_nothing(topic: Topic, seed: int) -> None:
    """Every piece of garbage between two good events: under its own key, under others, and again."""
    rolled = random.Random(seed)
    system = local()
    pool: list[bytes | None] = [*ANYWHERE, *EVENTS, *TRANSFERS]
    rolled.shuffle(pool)
    at = partition_of("good", 2)
    for number, value in enumerate(pool):
        system.write(Topic.EVENTS, at, b"good", encode(good(number)))
        for key in (b"evil", None, b"\xff", b"good"):
            system.write(topic, rolled.randrange(2), key, value)
        system.work(NOW, rolled.choice([1, 7, 1000]))
    system.turn(NOW + DAY)
    live = system.live("good", NOW + DAY)
    assert live is not None
    assert sum(counts[2] for counts in live.profile.hours.values()) == len(pool)
    assert live.mask >> 16 & 1
    assert all(refused.code and refused.message for refused in system.refused)


@pytest.mark.parametrize("topic", [Topic.EVENTS, Topic.IDENTITY, Topic.TRANSFERS])
def test_what_belongs_into_another_partition(topic: Topic) -> None:
    """Another producer's partitioner may be another one: nobody would find the user there."""
    system = local()
    id = next(f"u{n}" for n in range(100) if partition_of(f"u{n}", 2) == 1)
    value = {
        Topic.EVENTS: event("track", "x", id=f'"{id}"'),
        Topic.IDENTITY: orjson.dumps({"id": id, "received": NOW, "seen": "user"}),
        Topic.TRANSFERS: forward(to=id, data=event("track", "x")),
    }[topic]
    system.write(topic, 0, id.encode(), value)
    system.work(NOW)
    assert [each.code for each in system.refused] == ["wrong_partition"]
    assert [key for store in system.stores for key in store if key != b"m"] == []


def test_a_fill_that_never_comes_is_waited_for_only_until_that_is_known() -> None:
    system = local()
    at = partition_of("evil", 2)
    for fill in (0, 7, 1, 10**15):
        data = event("track", "x", id='"old"').replace(b'"m"', b'"m%d"' % fill)
        sending = forward(sent="old", fill=fill, offset=fill, data=data)
        system.write(Topic.TRANSFERS, at, b"evil", sending)
    shard, batch = system.shards[at], system.logs[Topic.TRANSFERS, at]
    with pytest.raises(BehindError) as behind:
        shard.work([(Topic.TRANSFERS, batch)], NOW)
    assert behind.value.fill == 7
    with pytest.raises(BehindError) as behind:
        shard.work([(Topic.TRANSFERS, batch)], NOW, latest_fill=1)
    assert behind.value.fill == 1
    system.keep(at, shard.switch_on(1, NOW), NOW)
    system.keep(at, shard.work([(Topic.TRANSFERS, batch)], NOW, latest_fill=1), NOW)
    assert [(each.code, each.offset) for each in system.refused] == [("unknown_fill", 1), ("unknown_fill", 3)]
    live = system.live("evil", NOW)
    assert live is not None and sum(counts[2] for counts in live.profile.hours.values()) == 2


def test_numbers_beyond_64_bits_are_kept_as_the_collector_keeps_them() -> None:
    system = local()
    traits = '"traits":{"p":123456789012345678901234567890,"q":"x"}'
    system.write(Topic.IDENTIFIES, partition_of("evil", 2), b"evil", event("identify", "$identify", traits))
    system.work(NOW)
    live = system.live("evil", NOW)
    assert live is not None and live.profile.traits["p"][0] == 123456789012345678901234567890.0
    assert system.refused == []
