"""The benches measure what they say: real rules, real events of the documented schema, every user there."""

from collections import Counter

from bench.data import TOPICS, Made, events, identities
from bench.mixed import mixed
from bench.report import Row, milliseconds, per_second, table, times
from bench.rules import RULES
from schemas.events import decode_identity
from schemas.rule_parser import parse_rule
from schemas.times import DAY, HOUR
from streams.intake import read_event

NOW = 1_795_455_000_000


def test_the_segments_are_twenty_and_their_rules_are_taken() -> None:
    seen: set[str] = set()
    for id, document in RULES.items():
        parse_rule(document, retention=800 * DAY, exists=seen.__contains__)
        seen.add(id)
    assert len(seen) == 20


def test_mixed_segments_are_taken_and_are_of_every_kind() -> None:
    documents = mixed(300)
    seen: set[str] = set()
    for id, document in documents.items():
        parse_rule(document, retention=800 * DAY, exists=seen.__contains__)
        seen.add(id)
    text = str(documents)
    assert all(f"'{word}'" in text for word in ("sum", "avg", "min", "max", "distinct", "first", "periods", "sequence"))
    assert documents == mixed(300)
    assert list(mixed(20).items()) == list(documents.items())[:20]


def test_events_are_those_that_the_collector_writes() -> None:
    made = Made(50, 500, NOW - HOUR, NOW)
    users: Counter[str] = Counter()
    for topic, id, value in events(made):
        assert topic in TOPICS
        event = read_event(topic, id.encode(), value)
        assert event.id == id
        assert made.start <= event.time == event.received <= made.end
        users[id] += 1
    assert len(users) == 50
    assert list(events(made)) == list(events(made))


def test_every_user_has_come_with_an_id() -> None:
    ids = {decode_identity(value).id for _, _, value in identities(Made(50, 0, NOW, NOW))}
    assert len(ids) == 50


def test_the_table_is_markdown_and_promises_no_digits() -> None:
    shown = table(
        [Row("events/s", per_second(51_234.5), "beside", times(12.34), "≥ 12 ×"), Row("p50", milliseconds(0.0123))]
    )
    assert "51,200 /s" in shown
    assert "12 ×" in shown
    assert "12.3 ms" in shown
    assert all(line.count("|") == 6 for line in shown.splitlines())
