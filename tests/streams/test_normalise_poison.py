"""Poison: whatever an event holds, it alone is refused or mended, and the events beside it arrive."""

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import events
from schemas.calls import MAX_DEPTH, Accepted, CallContext, Policy
from schemas.errors import Rejected
from streams.normalise import normalise
from streams.normalise_body import read_body

REQUEST = CallContext(received=1_795_455_000_000, arrival=0)
POLICY = Policy(new_id=lambda: "made")
GOOD = {"type": "track", "userId": "u", "event": "Buy"}


def deep(levels: int) -> str:
    return "[" * levels + "1" + "]" * levels


def batch(poison: str) -> list[Accepted | Any]:
    """Outcomes of a batch of a good event, one with the property `poison` (JSON text), and a good event."""
    good = json.dumps(GOOD)
    text = f'{{"batch":[{good},{{"type":"track","userId":"u","event":"x","properties":{{"p":{poison}}}}},{good}]}}'
    body = read_body(text.encode("utf-8", "surrogatepass"))
    assert isinstance(body, dict)
    outcomes = [normalise(call, REQUEST, POLICY) for call in body["batch"]]
    assert isinstance(outcomes[0], Accepted)
    assert isinstance(outcomes[2], Accepted)
    for outcome in outcomes:
        if isinstance(outcome, Accepted) and outcome.event:
            events.decode_event(events.encode(outcome.event))
    return outcomes


@pytest.mark.parametrize(
    ("poison", "code"),
    [
        ("NaN", "bad_number"),
        ("Infinity", "bad_number"),
        ("[-Infinity]", "bad_number"),
        ("1e999", "bad_number"),
        ("1" * 5000, "bad_number"),
        ("1" * 350, "bad_number"),
        (deep(MAX_DEPTH), "too_deep"),
        (deep(300), "too_deep"),
        (deep(1100), "too_deep"),
        (deep(100_000), "too_deep"),
        ('{"a":' * 5000 + '"]}"' + "}" * 5000, "too_deep"),
        ('"' + "x" * 40_000 + '"', "too_large"),
    ],
)
def test_refused_alone(poison: str, code: str) -> None:
    outcome = batch(poison)[1]
    assert isinstance(outcome, Rejected)
    assert outcome.code == code


@pytest.mark.parametrize(
    ("poison", "kept"),
    [
        (r'"\ud800"', "\ufffd"),
        (r'"a\udc00b"', "a\ufffdb"),
        ('"\ud800"', "\ufffd"),
        (r'{"\ud800":1}', {"\ufffd": 1}),
        (r'["\ud83d\ude00"]', ["\U0001f600"]),
        (r'["\ud800", "\ud83d\ude00"]', ["\ufffd", "\U0001f600"]),
        (r'"a\u0000b"', "a\0b"),
        ("123456789012345678901234567890", 123456789012345678901234567890.0),
        (r'["\ud800", 123456789012345678901234567890]', ["\ufffd", 123456789012345678901234567890.0]),
        (deep(MAX_DEPTH - 2), json.loads(deep(MAX_DEPTH - 2))),
    ],
)
def test_mended_or_kept(poison: str, kept: object) -> None:
    outcome = batch(poison)[1]
    assert isinstance(outcome, Accepted), outcome
    assert outcome.event is not None
    assert outcome.event.properties["p"] == kept


def test_a_mended_text_is_no_id() -> None:
    outcome = normalise({**GOOD, "userId": "a\ud800"}, REQUEST, POLICY)
    assert isinstance(outcome, Rejected)
    assert outcome.code == "bad_id"


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b'{"a":1}}', b"\xff\xfe", b"{'a':1}", b'{"a":01}', b'{"a":"\n"}', b"{}{}", b'{"a":1,}'),
        *(b'{"a":"\xff"}', b"undefined", b"[" * 100_000, b'{"a":' * 3000, b"]" * 3000, b"[" * 3000 + b"}" * 3000),
    ],
)
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(Rejected) as caught:
        read_body(body)
    assert caught.value.code == "bad_json"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert read_body(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)
FIELDS = ("type", "userId", "anonymousId", "previousId", "event", "properties", "traits", "timestamp", "sentAt")
FIELDS += ("messageId", "groupId", "name", "category")
CONTEXT = ("page", "campaign", "userAgent", "screen", "location", "locale", "ip", "consent", "traits")
calls = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(FIELDS, values),
        "type": st.sampled_from(["track", "page", "screen", "identify", "group", "alias"]) | values,
        "context": st.fixed_dictionaries({}, optional=dict.fromkeys(CONTEXT, values)) | values,
    },
)


@given(calls | values)
def test_nothing_raises_and_what_is_accepted_can_be_written(call: object) -> None:
    outcome = normalise(call, REQUEST, POLICY)
    if isinstance(outcome, Accepted):
        for record in outcome.identity:
            assert events.decode_identity(events.encode(record)) == record
        if outcome.event:
            again = events.decode_event(events.encode(outcome.event))
            assert again.id == outcome.event.id


@given(values)
def test_both_readers_agree(value: object) -> None:
    try:
        body = orjson.dumps(value)
    except TypeError:
        return
    assert read_body(b"\xef\xbb\xbf" + body) == orjson.loads(body)
