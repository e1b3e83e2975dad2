"""What a fill has to read: no topic with nothing of it, no record that surely is not wanted, and never one too few."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event, encode
from schemas.rule_parser import parse_rule
from schemas.times import DAY
from schemas.topics import EVENT_TOPICS, Topic
from streams.ruleset import RuleSet, SegmentSpec


def brought(*rules: dict[str, Any]) -> Any:
    parsed = [parse_rule(rule, retention=800 * DAY, exists=lambda _: True) for rule in rules]
    specs = [SegmentSpec(f"s{slot}", slot, rule, 0, live=False, fill=1) for slot, rule in enumerate(parsed, 16)]
    return RuleSet(specs, latest_fill=1).brought(1)


def did(event: str) -> dict[str, Any]:
    return {"did": {"event": event}}


@pytest.mark.parametrize(
    ("rule", "topics"),
    [
        (did("$page"), (Topic.PAGE_VIEWS,)),
        (did("$click"), (Topic.CLICKS,)),
        (did("buy"), (Topic.EVENTS,)),
        (did("$experience"), (Topic.EVENTS,)),
        (did("$identify"), (Topic.IDENTIFIES,)),
        (did("*"), (Topic.PAGE_VIEWS, Topic.CLICKS, Topic.EVENTS)),
        (did("$visit"), EVENT_TOPICS),
        ({"user": "traits.plan", "op": "is", "value": "pro", "for": {"gte": "7d"}}, EVENT_TOPICS),
        ({"user": "traits.plan", "op": "is", "value": "pro"}, ()),
        ({"segment": "other"}, ()),
    ],
)
def test_only_the_topics_of_what_is_selected_are_read(rule: dict[str, Any], topics: tuple[Topic, ...]) -> None:
    assert tuple(brought(rule).topics) == tuple(topics)


def test_another_fill_brings_nothing_of_it() -> None:
    parsed = parse_rule(did("buy"), retention=800 * DAY, exists=lambda _: True)
    rules = RuleSet([SegmentSpec("s", 16, parsed, 0, fill=1)], latest_fill=2)
    assert rules.brought(2).topics == ()
    assert rules.brought(1).topics == (Topic.EVENTS,)


NAMES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(lambda name: name[0] != "$")


@given(NAMES, NAMES, st.booleans(), st.booleans())
def test_what_is_wanted_passes_however_it_is_written(asked: str, came: str, ascii: bool, spaces: bool) -> None:
    wanted = brought(did(asked))
    event = Event(id="u", type="track", name=came, time=1, received=1, message_id="m")
    ours = encode(event)
    theirs = json.dumps(json.loads(ours), ensure_ascii=ascii, indent=1 if spaces else None).encode()
    can_matter = wanted.sieve(Topic.EVENTS)
    assert wanted.wants(event) is (asked == came)
    if asked == came:
        assert can_matter(ours)
        assert can_matter(theirs)


def test_what_surely_is_not_wanted_does_not() -> None:
    can_matter = brought(did("buy"), did("sell")).sieve(Topic.EVENTS)
    seen = {
        name: can_matter(encode(Event(id="u", type="track", name=name, time=1, received=1, message_id="m")))
        for name in ("buy", "sell", "look")
    }
    assert seen == {"buy": True, "sell": True, "look": False}


def test_traits_are_looked_for_in_every_topic() -> None:
    can_matter = brought({"user": "traits.plan", "op": "exists", "for": {"gte": "1d"}}).sieve(Topic.IDENTIFIES)
    event = Event(id="u", type="identify", name="$identify", time=1, received=1, message_id="m")
    assert not can_matter(encode(event))
    event.traits = {"plan": "pro"}
    assert can_matter(encode(event))
