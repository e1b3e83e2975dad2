"""What becomes of one posted call: accepted where, rejected why, ignored when."""

from typing import Any

import pytest

from schemas import events
from schemas.calls import MAX_EVENT_BYTES, Accepted, CallContext, Ignored, Place, Policy
from schemas.errors import Rejected
from schemas.events import Event
from schemas.topics import Topic
from streams.normalise import normalise

RECEIVED = 1_795_455_000_000
REQUEST = CallContext(received=RECEIVED, arrival=RECEIVED * 1000)
POLICY = Policy(new_id=lambda: "made")
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def track(**fields: Any) -> dict[str, Any]:
    return {"type": "track", "userId": "u", "event": "Buy", **fields}


def accepted(call: object, request: CallContext = REQUEST, policy: Policy = POLICY) -> Accepted:
    result = normalise(call, request, policy)
    assert isinstance(result, Accepted), result
    return result


def event(call: object, request: CallContext = REQUEST, policy: Policy = POLICY) -> Event:
    made = accepted(call, request, policy).event
    assert made is not None
    assert events.decode_event(events.encode(made)) == made
    return made


def code(call: object, **request: Any) -> str:
    result = normalise(call, CallContext(received=RECEIVED, arrival=0, **request), POLICY)
    assert isinstance(result, Rejected), result
    assert result.message
    return result.code


@pytest.mark.parametrize(
    ("call", "topic", "name"),
    [
        ({"type": "page"}, Topic.PAGE_VIEWS, "$page"),
        ({"type": "screen", "name": "Home"}, Topic.PAGE_VIEWS, "$page"),
        ({"type": "track", "event": "$click"}, Topic.CLICKS, "$click"),
        ({"type": "track", "event": "$experience"}, Topic.EVENTS, "$experience"),
        ({"type": "track", "event": "Order Completed"}, Topic.EVENTS, "Order Completed"),
        ({"type": "track", "event": 7.0}, Topic.EVENTS, "7"),
        ({"type": "identify", "traits": {}}, Topic.IDENTIFIES, "$identify"),
        ({"type": "group", "groupId": "g"}, Topic.IDENTIFIES, "$group"),
    ],
)
def test_topic_and_name(call: dict[str, Any], topic: Topic, name: str) -> None:
    result = accepted({"userId": "u", **call})
    assert result.topic is topic
    assert result.event is not None
    assert (result.event.name, result.event.type) == (name, call["type"])


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (None, "not_object"),
        ([], "not_object"),
        ("track", "not_object"),
        ({}, "unknown_type"),
        ({"type": "t", "userId": "u"}, "unknown_type"),
        ({"type": "Track", "userId": "u"}, "unknown_type"),
        ({"type": ["track"], "userId": "u"}, "unknown_type"),
        ({"type": None, "userId": "u"}, "unknown_type"),
        ({"type": "track", "event": "x"}, "missing_id"),
        ({"type": "track", "event": "x", "userId": None, "anonymousId": None}, "missing_id"),
        ({"type": "track", "userId": "u"}, "missing_event"),
        (track(event=None), "missing_event"),
        (track(event=""), "missing_event"),
        (track(event=True), "missing_event"),
        (track(event={"a": 1}), "missing_event"),
        (track(event="$page"), "reserved_name"),
        (track(event="$visit"), "reserved_name"),
        (track(event="$identify"), "reserved_name"),
        (track(event="$"), "reserved_name"),
        (track(event="$anything"), "reserved_name"),
        (track(properties={"x": "y" * MAX_EVENT_BYTES}), "too_large"),
        ({"type": "alias", "userId": "u"}, "missing_id"),
        ({"type": "alias", "previousId": "a"}, "missing_id"),
        ({"type": "alias", "previousId": "a", "anonymousId": "b"}, "missing_id"),
        ({"type": "alias", "previousId": {}, "userId": "u"}, "bad_id"),
    ],
)
def test_rejected(call: object, expected: str) -> None:
    assert code(call) == expected


def test_the_path_names_the_type_of_a_single_call() -> None:
    request = CallContext(received=RECEIVED, arrival=0, type="page")
    assert event({"userId": "u", "type": "track"}, request).name == "$page"
    assert event({"userId": "u"}, request).name == "$page"


def test_null_is_as_absent() -> None:
    names = ("anonymousId", "context", "properties", "timestamp", "messageId", "sentAt", "integrations", "receivedAt")
    assert event(track(**dict.fromkeys(names))) == event(track())


@pytest.mark.parametrize("wrong", [7, "text", [1], True, [], {"page": 1, "campaign": "x", "screen": [], "location": 2}])
def test_a_field_of_the_wrong_type_is_as_absent(wrong: object) -> None:
    call = track(context=wrong, properties=wrong if not isinstance(wrong, dict) else None)
    assert event(call) == event(track())


def test_size_is_of_the_compact_json() -> None:
    shell = len('{"type":"track","userId":"u","event":"Buy","properties":{"x":""}}')
    fits = track(properties={"x": "y" * (MAX_EVENT_BYTES - shell)})
    assert len(event(fits).properties["x"]) == MAX_EVENT_BYTES - shell
    fits["properties"]["x"] += "y"
    assert code(fits) == "too_large"
    assert code(track(properties={"x": "€" * (MAX_EVENT_BYTES // 3)})) == "too_large"


def test_arrival_follows_the_order_in_the_request() -> None:
    results = [normalise(track(), REQUEST, POLICY, index) for index in (0, 1, 7)]
    arrivals = [result.event.arrival for result in results if isinstance(result, Accepted) and result.event]
    assert arrivals == [RECEIVED * 1000, RECEIVED * 1000 + 1, RECEIVED * 1000 + 7]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("m", "m"), (12, "12"), (7.0, "7"), (None, "made"), ("", "made"), (True, "made"), ({}, "made")],
)
def test_message_id(sent: object, expected: str) -> None:
    assert event(track(messageId=sent)).message_id == expected


def test_properties_of_page_and_screen_take_the_name_sent_beside_them() -> None:
    call = {"userId": "u", "name": "Home", "category": "Shop", "properties": {"name": "Own", "x": 1}}
    assert event({"type": "screen", **call}).properties == {"name": "Own", "category": "Shop", "x": 1}
    assert event({"type": "page", **call}).properties == {"name": "Own", "category": "Shop", "x": 1}
    assert event({"type": "track", "event": "x", **call}).properties == {"name": "Own", "x": 1}


def test_traits() -> None:
    identify = {"type": "identify", "userId": "u"}
    assert event({**identify, "traits": {"plan": "pro"}}).traits == {"plan": "pro"}
    assert event({**identify, "context": {"traits": {"plan": "pro"}}}).traits == {"plan": "pro"}
    assert event({**identify, "traits": {"a": 1}, "context": {"traits": {"b": 2}}}).traits == {"a": 1}
    assert event({**identify, "traits": "none"}).traits == {}
    assert event(track(traits={"a": 1}, context={"traits": {"a": 1}})).traits == {}


@pytest.mark.parametrize(("group", "traits"), [("g", {"group_id": "g"}), (7, {"group_id": "7"}), (None, {}), ([], {})])
def test_group_sets_group_id_alone(group: object, traits: dict[str, Any]) -> None:
    assert event({"type": "group", "userId": "u", "groupId": group, "traits": {"plan": "x"}}).traits == traits


def test_alias_is_no_event() -> None:
    result = accepted({"type": "alias", "userId": "u", "previousId": "a"})
    assert (result.topic, result.event) == (None, None)


@pytest.mark.parametrize("analytics", [True, None, "false", 0])
def test_only_false_refuses_analytics(analytics: object) -> None:
    assert event(track(context={"consent": {"categoryPreferences": {"analytics": analytics}}}))


NO_CONSENT = {"consent": {"categoryPreferences": {"analytics": False}}}


@pytest.mark.parametrize("call", [track(context=NO_CONSENT), {"context": NO_CONSENT}])
def test_without_consent_a_call_is_ignored_whatever_else_is_wrong(call: dict[str, Any]) -> None:
    assert normalise(call, REQUEST, POLICY) == Ignored("consent")


def test_a_batch_s_context_stands_in_for_what_a_call_s_own_leaves_out() -> None:
    request = CallContext(received=RECEIVED, arrival=0, context={**NO_CONSENT, "locale": "de-DE"})
    assert normalise(track(), request, POLICY) == Ignored("consent")
    consent = {"consent": {"categoryPreferences": {"analytics": True}}}
    assert event(track(context=consent), request).language == "de-DE"


@pytest.mark.parametrize(("gpc", "share"), [("no_share", False), ("ignore", True)])
def test_gpc_marks_every_user_that_a_call_names(gpc: Any, share: bool) -> None:
    request = CallContext(received=RECEIVED, arrival=0, gpc=True)
    alias = {"type": "alias", "userId": "u", "previousId": "p"}
    for call in (track(), track(anonymousId="a"), alias):
        marked = accepted(call, request, Policy(new_id=str, gpc=gpc)).identity
        assert {record.share for record in marked} == {share}
        assert all(record.share for record in accepted(call, REQUEST, Policy(new_id=str, gpc=gpc)).identity)


def test_gpc_drops() -> None:
    request = CallContext(received=RECEIVED, arrival=0, gpc=True)
    assert normalise(track(), request, Policy(new_id=str, gpc="drop")) == Ignored("gpc")
    assert event(track(), REQUEST, Policy(new_id=str, gpc="drop"))


def test_bots_are_kept_or_dropped() -> None:
    call = track(context={"userAgent": GOOGLEBOT})
    assert event(call).device == "bot"
    assert normalise(call, REQUEST, Policy(new_id=str, bots="drop")) == Ignored("bot")
    assert event(track(context={"userAgent": MAC}), REQUEST, Policy(new_id=str, bots="drop")).device == "desktop"


def test_user_agent_of_the_call_before_the_request_s() -> None:
    request = CallContext(received=RECEIVED, arrival=0, agent=GOOGLEBOT)
    assert event(track(), request).device == "bot"
    assert event(track(context={"userAgent": MAC}), request).device == "desktop"
    assert event(track()).device is None


def test_place_of_the_context_else_of_the_address() -> None:
    places = {"1.1.1.1": Place("AU", "QLD"), "2.2.2.2": Place("FR", None)}
    policy = Policy(new_id=str, locate=places.get)
    request = CallContext(received=RECEIVED, arrival=0, address="2.2.2.2")
    location = {"location": {"country": "DE", "region": "BE"}, "ip": "1.1.1.1"}

    def place(
        context: object, request: CallContext = REQUEST, policy: Policy = policy
    ) -> tuple[str | None, str | None]:
        made = event(track(context=context), request, policy)
        return made.country, made.region

    assert place(location, request) == ("DE", "BE")
    assert place({"location": {"country": "DE"}, "ip": "1.1.1.1"}) == ("DE", None)
    assert place({"ip": "1.1.1.1"}, request) == ("AU", "QLD")
    assert place({}, request) == ("FR", None)
    assert place({"ip": "9.9.9.9"}) == (None, None)
    assert place({}) == (None, None)
    assert place({"ip": "1.1.1.1"}, request, POLICY) == (None, None)


@pytest.mark.parametrize(
    ("screen", "expected"),
    [
        ({"width": 1920, "height": 1080, "density": 2}, "1920x1080"),
        ({"width": 1920.0, "height": 1080.5}, "1920x1080.5"),
        ({"width": 0, "height": 1080}, None),
        ({"width": "1920", "height": "1080"}, None),
        ({"width": True, "height": 5}, None),
        ({"width": 1920}, None),
        ("1920x1080", None),
    ],
)
def test_screen(screen: object, expected: str | None) -> None:
    assert event(track(context={"screen": screen})).screen == expected


def test_language_as_sent() -> None:
    assert event(track(context={"locale": "de-AT"})).language == "de-AT"
    assert event(track(context={"locale": ""})).language is None
