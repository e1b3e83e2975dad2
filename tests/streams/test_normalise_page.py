"""URLs, campaigns and the page an event happened on."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.enrich_page import page_of
from streams.enrich_url import parse_url


@pytest.mark.parametrize(
    ("sent", "url", "path", "host"),
    [
        ("https://shop.example/a/b?x=1#top", "https://shop.example/a/b?x=1", "/a/b", "shop.example"),
        ("https://Shop.EXAMPLE:8443/A", "https://Shop.EXAMPLE:8443/A", "/A", "shop.example"),
        ("https://shop.example", "https://shop.example", "/", "shop.example"),
        ("https://shop.example?x=1", "https://shop.example?x=1", "/", "shop.example"),
        ("https://user:pw@shop.example/", "https://user:pw@shop.example/", "/", "shop.example"),
        ("https://[2001:DB8::1]:80/x", "https://[2001:DB8::1]:80/x", "/x", "2001:db8::1"),
        ("/a?x=1", "/a?x=1", "/a", None),
        ("myapp://cart/1", "myapp://cart/1", "/1", "cart"),
        ("https://shop.example/%7Ea%20b", "https://shop.example/%7Ea%20b", "/%7Ea%20b", "shop.example"),
        ("https://shop.example/#/route", "https://shop.example/", "/", "shop.example"),
        ("https://[broken/x", "https://[broken/x", None, None),
        ("", "", None, None),
        ("not a url", "not a url", "not a url", None),
        ("https://shop.example:99999999/x", "https://shop.example:99999999/x", "/x", "shop.example"),
    ],
)
def test_parse_url(sent: str, url: str, path: str | None, host: str | None) -> None:
    parts = parse_url(sent)
    assert (parts.url, parts.path or None, parts.host) == (url, path, host)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1&b=2", {"a": "1", "b": "2"}),
        ("a=1&a=2", {"a": "1"}),
        ("a=x%20y+z", {"a": "x y z"}),
        ("a=%C3%BC&%C3%BC=1", {"a": "ü", "ü": "1"}),
        ("a=%ff", {"a": "\ufffd"}),
        ("a=&b", {"a": "", "b": ""}),
        ("a=1;b=2", {"a": "1;b=2"}),
        ("&&=&", {"": ""}),
    ],
)
def test_query_first_decoded(query: str, expected: dict[str, str]) -> None:
    assert parse_url(f"https://h.example/?{query}").query == expected


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read(url: str) -> None:
    parts = parse_url(url)
    assert parts.url == url.partition("#")[0]
    parse_url("https://" + url)


def test_a_long_url_is_read_too() -> None:
    url = "https://h.example/?" + "&".join(f"a{i}={i}" for i in range(1000))
    assert len(parse_url(url).query) == 1000


UTM = "https://h.example/?utm_campaign=Sale&utm_source=news&utm_medium=email&utm_term=t&utm_content=c&utm_id=7"


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        ({}, {"name": "Sale", "source": "news", "medium": "email", "term": "t", "content": "c"}),
        ({"campaign": {"source": "ads", "id": "9"}}, {"source": "ads"}),
        ({"campaign": {"source": 7, "name": "n"}}, {"source": "7", "name": "n"}),
        (
            {"campaign": {"source": "", "name": None}},
            {"name": "Sale", "source": "news", "medium": "email", "term": "t", "content": "c"},
        ),
        ({"campaign": "ads"}, {"name": "Sale", "source": "news", "medium": "email", "term": "t", "content": "c"}),
    ],
)
def test_campaign_of_the_context_else_of_the_url(context: dict[str, Any], expected: dict[str, str]) -> None:
    assert page_of(True, {"url": UTM}, context).campaign == expected
    assert page_of(False, {}, {"page": {"url": UTM}, **context}).campaign == expected


def test_empty_utm_parameters_say_nothing() -> None:
    assert page_of(True, {"url": "https://h.example/?utm_source=&utm_medium=x"}, {}).campaign == {"medium": "x"}


OWN = {"url": "https://own.example/own", "path": "/own-path", "title": "Own", "referrer": "https://Ref.example/x"}
PAGE = {"url": "https://page.example/page", "path": "/page-path", "title": "Page", "referrer": "https://other.example/"}


def test_a_page_call_s_properties_come_first() -> None:
    page = page_of(True, OWN, {"page": PAGE})
    assert (page.url, page.path, page.title) == ("https://own.example/own", "/own-path", "Own")
    assert (page.referrer, page.referrer_host, page.host) == ("https://Ref.example/x", "ref.example", "own.example")
    page = page_of(True, {}, {"page": PAGE})
    assert (page.url, page.path, page.title) == ("https://page.example/page", "/page-path", "Page")
    page = page_of(True, {"url": OWN["url"]}, {"page": PAGE})
    assert (page.url, page.path, page.title) == ("https://own.example/own", "/own", "Page")


def test_another_call_has_its_page_in_the_context() -> None:
    page = page_of(False, OWN, {"page": PAGE})
    assert (page.url, page.path, page.title) == ("https://page.example/page", "/page-path", "Page")
    page = page_of(False, OWN, {})
    assert (page.url, page.path, page.host) == ("https://own.example/own", "/own", "own.example")
    assert (page.title, page.referrer) == (None, None)


def test_nothing_of_nothing() -> None:
    page = page_of(True, {"url": ""}, {"page": None})
    assert page == (None, None, None, None, None, None, {}, {})
    assert page_of(True, {"path": "/x"}, {}).path == "/x"
