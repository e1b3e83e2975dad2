"""Contract section 5, PATHs of an event."""

import pytest

from tests.reference.fields import fields_of, read
from tests.reference.telling import Told, did
from tests.reference.user_agents import CHROME_WINDOWS, GOOGLEBOT, SAFARI_IPHONE, USER_AGENTS

URL = "https://shop.example/p/1?q=red+shoes%21&size=m&size=l&utm_source=news&utm_medium=mail&utm_campaign=may#top"
PAGE = {
    "type": "page",
    "properties": {
        "url": URL,
        "title": "Shoes",
        "referrer": "https://www.google.com/search?q=1",
        "cart": {"total": 7},
    },
    "context": {
        "userAgent": SAFARI_IPHONE,
        "locale": "de-CH",
        "location": {"country": "CH", "region": "BE"},
        "screen": {"width": 1920, "height": 1080},
    },
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("url", URL.removesuffix("#top")),
        ("path", "/p/1"),
        ("host", "shop.example"),
        ("title", "Shoes"),
        ("referrer", "https://www.google.com/search?q=1"),
        ("referrer_host", "www.google.com"),
        ("query.q", "red shoes!"),
        ("query.size", "m"),
        ("query.none", None),
        ("campaign.source", "news"),
        ("campaign.medium", "mail"),
        ("campaign.name", "may"),
        ("campaign.term", None),
        ("device", "mobile"),
        ("os", "iOS"),
        ("browser", "Safari"),
        ("screen", "1920x1080"),
        ("language", "de-CH"),
        ("country", "CH"),
        ("region", "BE"),
        ("properties.cart.total", 7),
        ("properties.cart.total.x", None),
        ("properties.none", None),
    ],
)
def test_path(path, expected):
    assert read(fields_of(PAGE), path) == expected


def test_context_campaign_goes_before_the_url():
    call = {**PAGE, "context": {"campaign": {"source": "ads", "term": "x"}}}
    assert fields_of(call)["campaign"] == {"source": "ads", "term": "x"}


def test_other_calls_tell_their_page_in_the_context():
    call = {"type": "track", "properties": {"url": "https://product.example/"}, "context": {"page": {"url": URL}}}
    assert read(fields_of(call), "host") == "shop.example"
    assert read(fields_of({**call, "context": {}}), "url") is None


def test_the_context_user_agent_else_the_requests_header():
    assert fields_of(PAGE, CHROME_WINDOWS)["browser"] == "Safari"
    assert fields_of({"type": "page"}, CHROME_WINDOWS)["browser"] == "Chrome"
    assert "browser" not in fields_of({"type": "page"})


def test_the_table_speaks_the_contracts_words():
    devices, systems, browsers = (set(words) for words in zip(*USER_AGENTS.values(), strict=True))
    assert devices == {"desktop", "mobile", "tablet", "bot"}
    assert systems == {"Windows", "macOS", "Linux", "iOS", "Android", "ChromeOS", "other"}
    assert browsers == {"Chrome", "Safari", "Firefox", "Edge", "Opera", "other"}
    assert USER_AGENTS[GOOGLEBOT][0] == "bot"


def test_name_is_the_events_name_as_in_selector():
    world = Told()
    world.tell(0, userId="u")
    world.tell(0, "screen", userId="u")
    world.tell(0, "identify", userId="u")
    for name in ("buy", "$page", "$visit", "$identify"):
        assert world.holds(did(name, ("name", "is", name)), 0)
    assert world.holds(did("*", ("name", "in", ["$page", "buy"]), count={"eq": 2}), 0)


def test_the_last_two_words_of_a_dotted_path_are_an_object_in_an_object():
    call = {"type": "track", "event": "buy", "properties": {"a": {"b": {"c": 1}}, "l": [{"b": 1}]}}
    assert [read(fields_of(call), f"properties.{path}") for path in ("a.b.c", "a.c", "l.b", "l.0.b")] == [
        1,
        None,
        None,
        None,
    ]
