"""Reading an event's fields by their paths."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from schemas.paths import EVENT_PATHS, USER_PATHS, VISIT_PATHS, is_event_path, is_user_path, is_visit_path, spelled
from streams.paths import dig, event_path
from tests.schemas.rule_documents import JSON

BARE = Event(id="u", type="page", name="$page", time=1, received=1, message_id="m")
FULL = msgspec.structs.replace(
    BARE,
    url="https://shop.example/p?a=1&b.c=2",
    path="/p",
    query={"a": "1", "b.c": "2"},
    campaign={"name": "spring", "source": "mail"},
    properties={
        "price": 5,
        "cart": {"total": 7, "items": [{"sku": "x"}]},
        "cart.total": 8,
        "a": {"b.c": {"d": 1}},
        "n": None,
    },
)
READ: dict[str, Any] = {
    "name": "$page",
    "url": "https://shop.example/p?a=1&b.c=2",
    "path": "/p",
    "query.a": "1",
    "query.b.c": "2",
    "query.z": None,
    "campaign.source": "mail",
    "campaign.term": None,
    "properties.price": 5,
    "properties.cart": {"total": 7, "items": [{"sku": "x"}]},
    "properties.cart.total": 8,
    "properties.cart.items": [{"sku": "x"}],
    "properties.cart.items.sku": None,
    "properties.a.b.c.d": None,
    "properties.a.b.c": {"d": 1},
    "properties.n": None,
    "properties.price.cents": None,
    "properties..": None,
}


@pytest.mark.parametrize("path", READ)
def test_read(path: str) -> None:
    assert event_path(path)(FULL) == READ[path]


def test_every_path_reads_a_bare_event() -> None:
    for path in spelled(EVENT_PATHS):
        expected = "$page" if path == "name" else None
        assert is_event_path(path)
        assert event_path(path)(BARE) is expected or event_path(path)(BARE) == expected


def test_the_tables_hold_the_contracts_paths() -> None:
    campaign = ["name", "source", "medium", "term", "content"]
    plain = "name url path host title referrer referrer_host device os os_version browser browser_version screen"
    event = [*plain.split(), "language", "country", "region", "query.…", "properties.…"]
    assert sorted(spelled(EVENT_PATHS)) == sorted(event + [f"campaign.{key}" for key in campaign])
    assert spelled(VISIT_PATHS) == ["visit_type", "landing_page", "duration", "page_views"]
    user = "user_id first_seen last_seen visits time_on_site device os browser language country first_referrer_host"
    parts = [f"{which}_campaign.{key}" for which in ("first", "last") for key in campaign]
    assert sorted(spelled(USER_PATHS)) == sorted(["traits.…", *user.split(), *parts])


@given(st.text(max_size=12))
def test_no_text_is_more_than_a_path(text: str) -> None:
    for known in (is_event_path, is_visit_path, is_user_path):
        assert known(text) in (True, False)


@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4), st.text("a.", max_size=9))
def test_digging_never_raises(values: dict[str, Any], path: str) -> None:
    dig(values, path)
