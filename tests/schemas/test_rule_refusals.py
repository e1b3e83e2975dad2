"""Every refusal of contract section 5, by name: what is sent, where the mistake is told to be, and its code."""

import pytest

from schemas.rule_errors import CODES, MAX_ERRORS
from tests.schemas.refusing import LEAF, deep, did, mistakes, user, where
from tests.schemas.test_rule_values import REFUSED as REFUSED_VALUES

VALUE = "did.where[0].value"
REFUSED = {
    # the shape of a rule
    "no object": ([], "", "bad_type"),
    "null": (None, "", "bad_type"),
    "no kind of rule": ({}, "", "unknown_rule"),
    "a kind that there is not": ({"none": [LEAF]}, "", "unknown_rule"),
    "two kinds at once": ({"all": [LEAF], "not": LEAF}, "", "ambiguous_rule"),
    "unknown key beside all": ({"all": [LEAF], "x": 1}, "x", "unknown_key"),
    "unknown key beside not": ({"not": LEAF, "x": 1}, "x", "unknown_key"),
    "unknown key beside did": (did(counts={"gte": 1}), "counts", "unknown_key"),
    "unknown key beside segment": (LEAF | {"version": 1}, "version", "unknown_key"),
    "unknown key beside user": (user("user_id", "exists", x=1), "x", "unknown_key"),
    "unknown key beside sequence": ({"sequence": [{"event": "a"}] * 2, "count": {"gte": 1}}, "count", "unknown_key"),
    "unknown key in a selector": ({"did": {"event": "a", "name": "b"}}, "did.name", "unknown_key"),
    "a key that is no word": (did(**{"odd key": 1}), '["odd key"]', "unknown_key"),
    "empty all": ({"all": []}, "all", "empty_list"),
    "empty any": ({"any": []}, "any", "empty_list"),
    "all that is no list": ({"all": LEAF}, "all", "bad_type"),
    "not of a list": ({"not": [LEAF]}, "not", "bad_type"),
    "depth 11": (deep(11), ".".join(["not"] * 10), "too_deep"),
    "101 conditions side by side": ({"all": [LEAF] * 101}, "all", "too_many_conditions"),
    "101 conditions in groups": (
        {"all": [{"any": [LEAF] * 51}, {"any": [LEAF] * 50}]},
        "all[1].any[49]",
        "too_many_conditions",
    ),
    # segments
    "a segment that does not exist": ({"segment": "gone"}, "segment", "unknown_segment"),
    "a segment's id that is none": ({"segment": 7}, "segment", "bad_type"),
    # selectors
    "a selector that is no object": ({"did": "$page"}, "did", "bad_type"),
    "a selector without event": ({"did": {}}, "did.event", "missing_key"),
    "an event that is no text": ({"did": {"event": 5}}, "did.event", "bad_type"),
    "an empty event": ({"did": {"event": ""}}, "did.event", "bad_type"),
    "an unknown system event": ({"did": {"event": "$pageview"}}, "did.event", "unknown_event"),
    "the group event": ({"did": {"event": "$group"}}, "did.event", "unknown_event"),
    "filters that are no list": ({"did": {"event": "a", "where": {}}}, "did.where", "bad_type"),
    "101 filters": (
        {"did": {"event": "a", "where": [{"field": "url", "op": "exists"}] * 101}},
        "did.where",
        "too_long",
    ),
    "a filter that is no object": ({"did": {"event": "a", "where": ["url"]}}, "did.where[0]", "bad_type"),
    "a filter without field": (
        {"did": {"event": "a", "where": [{"op": "exists"}]}},
        "did.where[0].field",
        "missing_key",
    ),
    "a filter without operator": (
        {"did": {"event": "a", "where": [{"field": "url"}]}},
        "did.where[0].op",
        "missing_key",
    ),
    "an unknown field": (where("uri", "exists"), "did.where[0].field", "unknown_path"),
    "a field of users": (where("traits.plan", "exists"), "did.where[0].field", "unknown_path"),
    "a family without a key": (where("properties", "exists"), "did.where[0].field", "unknown_path"),
    "a family with an empty key": (where("query.", "exists"), "did.where[0].field", "unknown_path"),
    "an unknown part of a campaign": (where("campaign.id", "exists"), "did.where[0].field", "unknown_path"),
    "a part of a plain field": (where("url.path", "exists"), "did.where[0].field", "unknown_path"),
    "a visit's field on a page": (where("duration", "gt", 5), "did.where[0].field", "unknown_path"),
    "a visit's field on any event": (where("landing_page", "exists", event="*"), "did.where[0].field", "unknown_path"),
    "a field that is no text": (where(["url"], "exists"), "did.where[0].field", "bad_type"),
    "an unknown operator": (where("url", "equals", "x"), "did.where[0].op", "unknown_operator"),
    "an operator that is no text": (where("url", ["is"], "x"), "did.where[0].op", "unknown_operator"),
    # measures
    "two measures": (did(count={"gte": 1}, first=True), "", "two_measures"),
    "a count that is a number": (did(count=3), "count", "bad_type"),
    "a count without comparison": (did(count={}), "count", "missing_comparison"),
    "two comparisons": (did(count={"gte": 1, "lte": 3}), "count", "two_comparisons"),
    "a count of a field": (did(count={"of": "url", "gte": 1}), "count.of", "unknown_key"),
    "a count of text": (did(count={"gte": "3"}), "count.gte", "bad_number"),
    "a count of true": (did(count={"eq": True}), "count.eq", "bad_number"),
    "a count of NaN": (did(count={"eq": float("nan")}), "count.eq", "bad_number"),
    "a count between one": (did(count={"between": [1]}), "count.between", "bad_number"),
    "a count between texts": (did(count={"between": [1, "2"]}), "count.between[1]", "bad_number"),
    "a count between the wrong way round": (did(count={"between": [2, 1]}), "count.between", "wrong_order"),
    "a sum of nothing": (did(sum={"gt": 1}), "sum.of", "missing_key"),
    "a sum of an unknown field": (did(sum={"of": "price", "gt": 1}), "sum.of", "unknown_path"),
    "an average of a visit's field": (did(avg={"of": "duration", "gt": 1}), "avg.of", "unknown_path"),
    "a distinct without comparison": (did(distinct={"of": "path"}), "distinct", "missing_comparison"),
    "first false": (did(first=False), "first", "bad_type"),
    "first 1": (did(first=1), "first", "bad_type"),
    # windows
    "a window without bounds": (did(window={}), "window", "empty_window"),
    "a window that is no object": (did(window="7d"), "window", "bad_type"),
    "a window with an unknown bound": (did(window={"since": "7d"}), "window.since", "unknown_key"),
    "a window of no duration": (did(window={"last": 7}), "window.last", "bad_duration"),
    "a window of nothing": (did(window={"last": "0d"}), "window.last", "zero_duration"),
    "a window over the retention": (did(window={"last": "801d"}), "window.last", "over_retention"),
    "until without last": (did(window={"until": "7d"}), "window.last", "missing_key"),
    "until nothing": (did(window={"last": "7d", "until": "0s"}), "window.until", "zero_duration"),
    "until as long as last": (did(window={"last": "7d", "until": "1w"}), "window.until", "until_not_before_last"),
    "until longer than last": (did(window={"last": "7d", "until": "8d"}), "window.until", "until_not_before_last"),
    "from a duration": (did(window={"from": "7d"}), "window.from", "bad_instant"),
    "to null": (did(window={"to": None}), "window.to", "bad_instant"),
    "from after to": (did(window={"from": "2026-02-01", "to": "2026-01-01"}), "window", "from_after_to"),
    "from and to over the retention": (
        did(window={"from": "2020-01-01", "to": "2024-01-01"}),
        "window",
        "over_retention",
    ),
    "a window both rolling and fixed": (did(window={"last": "7d", "to": "2026-01-01"}), "window", "mixed_window"),
    # periods
    "periods that are no object": (did(periods=[]), "periods", "bad_type"),
    "periods without every": (did(periods={"of_last": 4, "at_least": 3}), "periods.every", "missing_key"),
    "periods of nothing": (did(periods={"every": "0d", "of_last": 4, "at_least": 3}), "periods.every", "zero_duration"),
    "none of the periods": (
        did(periods={"every": "7d", "of_last": 0, "at_least": 0}),
        "periods.of_last",
        "zero_periods",
    ),
    "half a period": (did(periods={"every": "7d", "of_last": 2.5, "at_least": 1}), "periods.of_last", "bad_number"),
    "true periods": (did(periods={"every": "7d", "of_last": 2, "at_least": True}), "periods.at_least", "bad_number"),
    "fewer than no periods": (
        did(periods={"every": "7d", "of_last": 2, "at_least": -1}),
        "periods.at_least",
        "bad_number",
    ),
    "more periods than there are": (
        did(periods={"every": "7d", "of_last": 4, "at_least": 5}),
        "periods.at_least",
        "at_least_over_of_last",
    ),
    "periods over the retention": (
        did(periods={"every": "90d", "of_last": 9, "at_least": 5}),
        "periods",
        "over_retention",
    ),
    "periods with a window": (
        did(periods={"every": "7d", "of_last": 4, "at_least": 3}, window={"last": "7d"}),
        "periods",
        "periods_with_window",
    ),
    "periods with first": (
        did(periods={"every": "7d", "of_last": 4, "at_least": 3}, first=True),
        "periods",
        "periods_with_first",
    ),
    # sequences
    "a sequence that is no list": ({"sequence": {"event": "a"}}, "sequence", "bad_type"),
    "a sequence of one": ({"sequence": [{"event": "a"}]}, "sequence", "sequence_length"),
    "a sequence of six": ({"sequence": [{"event": "a"}] * 6}, "sequence", "sequence_length"),
    "a sequence with a mistake": (
        {"sequence": [{"event": "a"}, {"event": "$b"}]},
        "sequence[1].event",
        "unknown_event",
    ),
    "within nothing": ({"sequence": [{"event": "a"}] * 2, "within": "0m"}, "within", "zero_duration"),
    "within more than the retention": (
        {"sequence": [{"event": "a"}] * 2, "within": "115w"},
        "within",
        "over_retention",
    ),
    "a sequence in an empty window": ({"sequence": [{"event": "a"}] * 2, "window": {}}, "window", "empty_window"),
    # users
    "a user without operator": ({"user": "user_id"}, "op", "missing_key"),
    "an unknown field of users": (user("plan", "exists"), "user", "unknown_path"),
    "a field of events": (user("path", "exists"), "user", "unknown_path"),
    "traits alone": (user("traits", "exists"), "user", "unknown_path"),
    "an unknown part of the first campaign": (user("first_campaign.id", "exists"), "user", "unknown_path"),
    "a user's field that is no text": (user(5, "exists"), "user", "bad_type"),
    "a user's value that does not fit": (user("visits", "gt", "many"), "value", "bad_value"),
    "for on no trait": (user("visits", "gt", 5, **{"for": {"gte": "7d"}}), "for", "for_not_allowed"),
    "for with within_last": (
        user("traits.at", "within_last", "7d", **{"for": {"gte": "7d"}}),
        "for",
        "for_not_allowed",
    ),
    "for with not_within_last": (
        user("traits.at", "not_within_last", "7d", **{"for": {"lt": "7d"}}),
        "for",
        "for_not_allowed",
    ),
    "for that is no object": (user("traits.a", "exists", **{"for": "7d"}), "for", "bad_type"),
    "for without comparison": (user("traits.a", "exists", **{"for": {}}), "for", "missing_comparison"),
    "for with two comparisons": (
        user("traits.a", "exists", **{"for": {"gte": "1d", "lt": "7d"}}),
        "for",
        "two_comparisons",
    ),
    "for with another comparison": (
        user("traits.a", "exists", **{"for": {"gte": "1d", "lte": "7d"}}),
        "for.lte",
        "unknown_key",
    ),
    "for no duration": (user("traits.a", "exists", **{"for": {"gte": 7}}), "for.gte", "bad_duration"),
    "for nothing": (user("traits.a", "exists", **{"for": {"lt": "0d"}}), "for.lt", "zero_duration"),
    # limits of our own
    "101 regular expressions": (
        {"all": [where("url", "matches", ["a"] * 51), where("url", "not_matches", ["b"] * 50)]},
        f"all[1].{VALUE}",
        "too_many_patterns",
    ),
    "a path without end": (where("properties." + "a" * 2_000, "exists"), "did.where[0].field", "too_long"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    document, path, code = REFUSED[name]
    found = mistakes(document)
    assert [(error.path, error.code) for error in found] == [(path, code)]
    assert found[0].message


def test_every_code_has_a_refusal_of_its_name() -> None:
    elsewhere = {"cycle"}  # told by what knows all segments
    assert {code for _, _, code in [*REFUSED.values(), *REFUSED_VALUES.values()]} == CODES.keys() - elsewhere


def test_all_mistakes_are_told_at_once() -> None:
    rule = {
        "all": [
            {"did": {"event": "$view", "where": [{"field": "ur", "op": "iz"}]}, "count": {"gte": "x"}, "window": {}},
            {"not": {"segment": "gone"}},
            user("visits", "between", [3, 1]),
        ]
    }
    assert [(error.path, error.code) for error in mistakes(rule)] == [
        ("all[0].did.event", "unknown_event"),
        ("all[0].did.where[0].field", "unknown_path"),
        ("all[0].did.where[0].op", "unknown_operator"),
        ("all[0].count.gte", "bad_number"),
        ("all[0].window", "empty_window"),
        ("all[1].not.segment", "unknown_segment"),
        ("all[2].value", "wrong_order"),
    ]


def test_no_more_than_100_mistakes_are_told() -> None:
    many = {"all": [{"did": {"event": "$no", "where": [{"field": "no", "op": "no"}]}} for _ in range(90)]}
    assert len(mistakes(many)) == MAX_ERRORS
