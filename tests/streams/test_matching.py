"""The matcher: what each selector name takes in, and that asking all at once is as asking each by itself."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from schemas.rule_parser import parse_rule
from schemas.rules import Did, Filter, Selector
from schemas.times import DAY
from streams.matching import Matcher, event_test
from streams.operators import predicate
from streams.paths import event_path
from tests.schemas.rule_documents import JSON, asked

NAMES = ["*", "$page", "$click", "$experience", "$identify", "$visit", "purchase"]
SEEN = {
    ("page", "$page"): {"*", "$page"},
    ("screen", "$page"): {"*", "$page"},
    ("track", "$click"): {"*", "$click"},
    ("track", "$experience"): {"*", "$experience"},
    ("track", "purchase"): {"*", "purchase"},
    ("track", "other"): {"*"},
    ("identify", "$identify"): {"$identify"},
    ("group", "$group"): set(),
    # what only a stray producer would write: a track call under a name of the system's own
    ("track", "$page"): {"*"},
    ("track", "$visit"): {"*"},
    ("track", "$identify"): {"*"},
}


def event(kind: Any, name: str, **fields: Any) -> Event:
    return Event(id="u", type=kind, name=name, time=1_790_000_000_000, received=1, message_id="m", **fields)


def met(selectors: list[Selector], one: Event) -> list[int]:
    return sorted(Matcher(selectors).match(one))


@pytest.mark.parametrize(("kind", "name"), SEEN)
def test_names(kind: str, name: str) -> None:
    selectors = [Selector(each) for each in NAMES]
    assert {NAMES[index] for index in met(selectors, event(kind, name))} == SEEN[kind, name]


def test_names_with_filters() -> None:
    where = (Filter("path", "is", "/a"),)
    selectors = [Selector(each, where) for each in NAMES]
    assert {NAMES[index] for index in met(selectors, event("page", "$page", path="/a"))} == {"*", "$page"}
    assert met(selectors, event("page", "$page", path="/b")) == []
    assert met(selectors, event("page", "$page")) == []


def test_every_filter_holds_on_the_same_event() -> None:
    both = Selector("buy", (Filter("path", "starts_with", "/p"), Filter("properties.price", "gt", 5)))
    equal = Selector(
        "buy", (Filter("properties.price", "gt", 5), Filter("path", "is", "/p"), Filter("device", "in", ("bot",)))
    )
    cases = {("/p", 6): [0], ("/p", 5): [], ("/q", 6): [], (None, 6): []}
    for (path, price), expected in cases.items():
        assert met([both, equal], event("track", "buy", path=path, properties={"price": price})) == expected
    assert met([both, equal], event("track", "buy", path="/p", device="bot", properties={"price": "6"})) == [0, 1]


def test_a_selector_is_met_once_however_many_of_its_values_fit() -> None:
    values = Selector("buy", (Filter("properties.n", "in", (7, "7", "7.0", 7.0)),))
    for number in (7, 7.0, "7", "7.0", "7.00"):
        assert met([values], event("track", "buy", properties={"n": number})) == [0]


def test_negatives_are_met_by_missing_fields() -> None:
    negatives = [Selector("buy", (Filter("title", op, "x"),)) for op in ("is_not", "not_contains", "not_matches")]
    assert met(negatives, event("track", "buy")) == [0, 1, 2]
    assert met(negatives, event("track", "buy", title="x")) == []


def test_within_last_looks_back_from_the_events_own_time() -> None:
    recent = Selector("buy", (Filter("properties.at", "within_last", DAY),))
    assert met([recent], event("track", "buy", properties={"at": "2026-09-21T14:00:00Z"})) == [0]
    assert met([recent], event("track", "buy", properties={"at": "2026-09-20T14:00:00Z"})) == []


def test_texts_are_told_apart_however_often_or_long() -> None:
    selectors = [Selector("buy", (Filter("title", op, "x1"),)) for op in ("contains", "matches", "not_contains")]
    match = Matcher(selectors).match
    for _ in range(2):
        for number in range(3_000):
            expected = [0, 1] if str(number).startswith("1") else [2]
            assert sorted(match(event("track", "buy", title=f"x{number}"))) == expected
        assert sorted(match(event("track", "buy", title="x" * 5_000 + "1"))) == [0, 1]


def test_the_list_given_is_the_callers_own() -> None:
    matcher = Matcher([Selector("buy")])
    matcher.match(event("track", "buy")).append(9)
    assert matcher.match(event("track", "buy")) == [0]


FIELDS = ["path", "title", "properties.a", "properties.b", "query.a", "name"]
OPS = [
    "is",
    "is_not",
    "in",
    "contains",
    "not_contains",
    "starts_with",
    "exists",
    "not_exists",
    "gt",
    "matches",
    "has",
    "before",
]
SMALL = st.sampled_from(["a", "b", "7", "7.0", 7, 7.0, 8, True, "true", "", None, ["a", 7], "2026-01-01"])


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    filled = {"field": draw(st.sampled_from(FIELDS))} | draw(asked(OPS))
    if filled["op"] in {"is", "is_not"}:
        filled["value"] = draw(SMALL.filter(lambda value: not isinstance(value, list) and value is not None))
    return filled


SELECTORS = st.builds(
    lambda name, where: {"event": name, "where": where},
    st.sampled_from(["*", "$page", "buy", "$identify"]),
    st.lists(filters(), max_size=3),
)
EVENTS = st.builds(
    lambda kind, path, a, b: event(*kind, path=path, properties={"a": a, "b": b}, query={"a": path or "7"}),
    st.sampled_from(
        [("track", "buy"), ("page", "$page"), ("screen", "$page"), ("identify", "$identify"), ("track", "x")]
    ),
    st.sampled_from(["a", "b", "7", "", None]),
    SMALL | JSON,
    SMALL,
)
TAKEN = {"*": {"page", "screen", "track"}, "$page": {"page", "screen"}, "buy": {"track"}, "$identify": {"identify"}}


def meets(selector: Selector, one: Event) -> bool:
    """As the contract says it, one filter after the other."""
    named = one.type in TAKEN[selector.event] and (selector.event != "buy" or one.name == "buy")
    tests = ((event_path(each.field), predicate(each.op, each.value)) for each in selector.where)
    return named and all(test(read(one), one.time) for read, test in tests)


@given(st.lists(SELECTORS, max_size=12), st.lists(EVENTS, max_size=4))
def test_asking_all_at_once_is_as_asking_each(documents: list[dict[str, Any]], events: list[Event]) -> None:
    rules = [parse_rule({"did": document}, retention=DAY, exists=bool) for document in documents]
    selectors = [rule.selector for rule in rules if isinstance(rule, Did)]
    matcher = Matcher(selectors)
    for one in events:
        expected = [index for index, selector in enumerate(selectors) if meets(selector, one)]
        assert sorted(matcher.match(one)) == expected
        for selector in selectors:
            alone = meets(Selector("*", selector.where), one) if one.type != "identify" else None
            assert alone is None or event_test(selector.where)(one) is alone
