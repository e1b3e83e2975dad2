"""What nobody should send: bodies, calls and records, each with what has to become of it."""

from typing import Any

from schemas.topics import EVENT_TOPICS, Topic
from schemas.transfers import Forward, encode

DEEP = "[" * 400 + "]" * 400

BODIES = [
    b"",
    b"\0",
    b"\xff\xfe",
    b"{",
    b'{"batch":',
    b'{"batch":7}',
    b'{"batch":{}}',
    b"[]",
    b"null",
    b'"text"',
    b'{"batch":[' + b"[" * 50_000 + b"]}",
    b'{"batch":[' + b'{"type":"track"},' * 2500 + b"{}]}",
    b'{"batch":["' + b"x" * 600_000 + b'"]}',
    b"\x1f\x8b garbage",
]
"""Each is answered 400 as a whole."""

CALLS = [
    ("null", "not_object"),
    ("7", "not_object"),
    ("[]", "not_object"),
    ('{"type":"track","event":"x"}', "missing_id"),
    ('{"type":"destroy","userId":"u"}', "unknown_type"),
    ('{"type":7,"userId":"u"}', "unknown_type"),
    ('{"type":"track","userId":"u"}', "missing_event"),
    ('{"type":"track","userId":"u","event":{"a":1}}', "missing_event"),
    ('{"type":"track","userId":"u","event":"$visit"}', "reserved_name"),
    ('{"type":"track","userId":"' + "x" * 257 + '","event":"x"}', "bad_id"),
    ('{"type":"track","userId":{"id":1},"event":"x"}', "bad_id"),
    ('{"type":"track","userId":true,"event":"x"}', "bad_id"),
    ('{"type":"track","userId":"a\\u0000b","event":"x"}', "bad_id"),
    ('{"type":"track","userId":"\\ud800","event":"x"}', "bad_id"),
    ('{"type":"track","userId":"u","event":"x","properties":{"p":' + DEEP + "}}", "too_deep"),
    ('{"type":"track","userId":"u","event":"x","properties":{"p":"' + "x" * 40_000 + '"}}', "too_large"),
    ('{"type":"track","userId":"u","event":"x","properties":{"p":1e999}}', "bad_number"),
    ('{"type":"identify","userId":"odd","traits":{"p":"a\\u0000\\ud800","\\udfff":123456789012345678901}}', None),
    ('{"type":"identify","userId":"odd","traits":[1]}', None),
    ('{"type":"page","userId":"odd","properties":{"url":"http://[::1","referrer":7,"title":["x"]}}', None),
    ('{"type":"page","userId":"odd","context":{"userAgent":7,"campaign":[],"location":"x","page":7}}', None),
    ('{"type":"track","userId":"odd","event":"x","timestamp":"9999-99-99","context":7,"properties":"x"}', None),
    ('{"type":"track","userId":"odd","event":"x","timestamp":-1e300,"messageId":{"a":1}}', None),
]
"""(a call between good ones, the code under which it is rejected, None for one that is taken as far as it goes)"""

_EVENT: dict[str, Any] = {"id": "odd", "type": "track", "name": "x", "time": 1, "received": 2, "message_id": "m"}

RECORDS = [
    (None, b"{}"),
    (b"odd", None),
    (b"odd", b""),
    (b"odd", b"\0\xff garbage"),
    (b"odd", b"{"),
    (b"odd", b"null"),
    (b"odd", b"{}"),
    (b"odd", b"[" * 100_000),
    (b"odd", b'{"id":"odd","x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}"),
    (b"odd", b'{"id":"odd","received":"x","seen":7}'),
    (b"other", b'{"id":"odd","received":1795455000000,"seen":"user"}'),
    (b"x" * 257, b'{"id":"' + b"x" * 257 + b'","received":1795455000000,"seen":"user"}'),
    (b"a\0b", b'{"id":"a\\u0000b","received":1795455000000,"seen":"user"}'),
    (b"odd", b'{"id":"\\ud800","received":1795455000000,"seen":"user"}'),
    (b"odd", encode(Forward(to="odd", sent="odd", topic=0, offset=0, fill=10**15, data=b"{}"))),
]
"""(key, value) of records that are none in any of the source topics; each comes to the dead letters."""

EVENTS = [
    _EVENT | {"type": "group"},
    _EVENT | {"name": "$visit"},
    _EVENT | {"time": 1 << 60},
    _EVENT | {"received": -1},
    _EVENT | {"arrival": -1},
    _EVENT | {"id": ""},
    _EVENT | {"properties": 7},
]
"""Of the events topic alone."""

SOURCES = (*EVENT_TOPICS, Topic.IDENTITY, Topic.TRANSFERS)

DEFINITIONS = [
    (None, b"x"),
    (b"odd", b"garbage"),
    (b"odd", b"{}"),
    (b"odd", b'{"id":"odd","name":7}'),
    (b"$fill", b"garbage"),
    (b"$fill", b'{"fill":"x"}'),
    (b"\xff", b"{}"),
    (b"$mark", b"\0"),
]
"""Of the segments topic: each is passed over, and told in the log where it is no mark."""
