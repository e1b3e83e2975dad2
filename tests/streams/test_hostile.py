"""Rules and users that nobody wishes for: what they cost stays bounded, and answers stay right.

Bounds are of state and of calls made, never of time. A million events of one user: by `make test-long`.
"""

import pytest

from schemas.rule_parser import RuleErrors, parse_rule
from schemas.times import HOUR, MINUTE, SECOND
from tests.parity.making import RETENTION
from tests.streams.hostile import Hostile

EXACT = 500
"""Events kept one by one, here where many are sent."""
BESIDES = 10_000
"""Bytes of a row for all but what conditions and visits keep, the messages of a busy day apart."""
A_YEAR = {"last": "365d"}
KINDS = {
    "count": {"did": {"event": "*"}, "count": {"gte": 400}, "window": A_YEAR},
    "count until": {"did": {"event": "*"}, "count": {"ne": 3}, "window": {"last": "365d", "until": "1d"}},
    "sum": {"did": {"event": "*"}, "sum": {"of": "properties.n", "gt": 5}, "window": A_YEAR},
    "average": {"did": {"event": "*"}, "avg": {"of": "properties.n", "gt": 5}},
    "least": {"did": {"event": "*"}, "min": {"of": "properties.n", "lt": 5}, "window": A_YEAR},
    "greatest": {
        "did": {"event": "*"},
        "max": {"of": "properties.n", "lt": 5},
        "window": {"last": "9d", "until": "1s"},
    },
    "different": {"did": {"event": "*"}, "distinct": {"of": "properties.word", "gte": 300}, "window": A_YEAR},
    "first": {"did": {"event": "*"}, "first": True, "window": A_YEAR},
    "periods": {"did": {"event": "*"}, "periods": {"every": "1h", "of_last": 10_000, "at_least": 300}},
    "quiet periods": {
        "did": {"event": "*"},
        "count": {"eq": 0},
        "periods": {"every": "1d", "of_last": 500, "at_least": 490},
    },
    "sequence": {"sequence": [{"event": "*"}] * 5, "within": "1s", "window": A_YEAR},
    "visits": {"did": {"event": "$visit", "where": [{"field": "properties.n", "op": "gte", "value": 0}]}},
    "time on site": {"did": {"event": "$visit"}, "sum": {"of": "duration", "gt": 10}, "window": A_YEAR},
    "held": {"user": "traits.plan", "op": "contains", "value": "x", "for": {"gte": "100d"}},
}


def deep(leaves):
    """All of the leaves in a rule that is ten deep."""
    rule = {"all": [{"any": leaves[:50]}, {"any": [{"not": leaf} for leaf in leaves[50:]]}]}
    for number in range(6):
        rule = {"not": rule} if number % 2 else {"all": [rule]}
    return rule


def test_a_hundred_conditions_ten_deep():
    """Its cost for an event is that of its conditions, whatever came before."""
    leaves = [
        {"did": {"event": "buy", "where": [{"field": "properties.n", "op": "gte", "value": n}]}, "count": {"gte": n}}
        for n in range(100)
    ]
    parse_rule(deep(leaves), retention=RETENTION, exists=lambda _: True)
    with pytest.raises(RuleErrors, match="deep"):
        parse_rule({"not": deep(leaves)}, retention=RETENTION, exists=lambda _: True)
    with pytest.raises(RuleErrors, match="conditions"):
        parse_rule({"any": [*leaves, leaves[0]]}, retention=RETENTION, exists=lambda _: True)
    user = Hostile({"deep": deep(leaves)}, EXACT)
    costs = []
    for part in range(6):
        for number in range(200):
            user.track((part * 200 + number) * SECOND, {"n": 1000})
        costs.append(user.work())
    assert max(costs) <= 3000
    assert user.row < 100 * 150 * 9 + BESIDES
    assert user.members() == {"deep"}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_under_many_events(kind):
    """Once as much is kept as ever will be, an event costs no more, and the row is no longer, however many follow."""
    user = Hostile({"it": KINDS[kind]}, EXACT)
    rows, costs = [], []
    for part in range(6):
        for number in range(EXACT):
            at = part * EXACT + number
            user.track(at * MINUTE * 7, {"n": at % 17, "word": f"word {at}"})
            if not number % 50:
                user.identify(at * MINUTE * 7, {"plan": f"x{at}"})
        costs.append(user.work())
        rows.append(user.row)
    assert max(costs) <= (10_000 if "periods" in kind else 600)
    assert max(rows) < EXACT * 50 + BESIDES
    assert max(rows[4:]) <= 1.2 * max(rows[2:4])


@pytest.mark.parametrize("kind", KINDS)
def test_one_event_at_a_time(kind):
    """A step of one event asks each condition once: at most a few looks at all that is kept.

    Only periods look at it for each of the instants since the last event at which a time passed into another period.
    """
    user = Hostile({"it": KINDS[kind]}, EXACT)
    for at in range(3 * EXACT):
        user.track(at * MINUTE * 7, {"n": at % 17, "word": f"word {at}"})
    user.work()
    for at in range(3 * EXACT, 3 * EXACT + 20):
        user.track(at * MINUTE * 7, {"n": at % 17, "word": f"word {at}"})
        assert user.work() <= (3000 if "periods" in kind else 60) * EXACT


PATTERNS = {
    "(a+)+$": False,
    "(a|a)*b": False,
    "(a|aa)+$": False,
    "(.*a){20}!": True,
    "^(([a-z])+.)+[A-Z]([a-z])+$": False,
    "(x+x+)+y": False,
    "(?:a?){300}a{300}!": True,
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_that_blow_up_elsewhere(pattern):
    """On 30 KB of what makes them do so, of an event and of a user, and their complements."""
    text = "a" * 30_000 + "!"
    where = [{"field": "properties.text", "op": "matches", "value": pattern}]
    user = Hostile(
        {
            "did": {"did": {"event": "buy", "where": where}},
            "is": {"user": "traits.text", "op": "matches", "value": pattern},
            "not": {"user": "traits.text", "op": "not_matches", "value": [pattern, "b"]},
        }
    )
    user.track(0, {"text": text})
    user.identify(0, {"text": text})
    user.work()
    assert user.members() == ({"did", "is"} if PATTERNS[pattern] else {"not"})


@pytest.mark.parametrize("pattern", ["a{1001}", "((a{100}){100}){100}", r"(?i)[\pL]{1000}" * 9, r"(a)\1", "(?=a)"])
def test_patterns_that_would_need_too_much_are_refused(pattern):
    rule = {"user": "traits.text", "op": "matches", "value": pattern}
    with pytest.raises(RuleErrors) as refused:
        parse_rule(rule, retention=RETENTION, exists=lambda _: True)
    assert [error.path for error in refused.value.errors] == ["value"]


def test_a_hundred_thousand_different_properties_and_values():
    """Nothing is kept of a property that no rule asks for; of one that is, no more than the limit."""
    user = Hostile({"many": {"did": {"event": "buy"}, "distinct": {"of": "properties.v", "gte": 90_000}}}, EXACT)
    for part in range(50):
        user.track(part * MINUTE, {f"p{part * 2000 + number}": number for number in range(2000)})
    user.work()
    without = user.row
    for number in range(10_000):
        user.track(HOUR + number * SECOND, {"v": f"{number:060}"})
    user.work()
    assert without < 5_000
    assert user.row < without + EXACT * 80 + 10_000 * 8  # the messages of a day


def test_a_trait_of_thirty_kilobytes():
    """Kept once, whatever asks about it and however often it changes."""
    value = "x" * 30_000
    rules = {
        "contains": {"user": "traits.text", "op": "contains", "value": "xxx9"},
        "matches": {"user": "traits.text", "op": "matches", "value": "x{100}9$"},
        "held": {"user": "traits.text", "op": "is", "value": value + "9", "for": {"lt": "1h"}},
        "held not": {"user": "traits.text", "op": "is_not", "value": "y", "for": {"gte": "1s"}},
    }
    user = Hostile(rules, EXACT)
    for number in range(2000):
        user.identify(number * SECOND, {"text": f"{value}{number}"})
    user.identify(2000 * SECOND, {"text": value + "9"})
    user.work()
    assert user.members() == {"contains", "matches", "held", "held not"}
    assert user.row < 30_000 + 2001 * 30 + EXACT * 40


def test_ten_thousand_visits():
    """As many as are kept whole; those before are sums, and the row is no longer for them."""
    user = Hostile({id: KINDS[id] for id in ("visits", "time on site")}, EXACT)
    rows = []
    for part in range(10):
        for number in range(1000):
            user.track((part * 1000 + number) * HOUR, {"n": 1})
        user.work()
        rows.append(user.row)
    assert user.profile.visits == 10_000
    assert max(rows[2:]) <= 1.1 * rows[1]


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_million_events():
    """Of one user within hours, under nearly every kind of rule: the last ones cost what those before them did."""
    user = Hostile({kind: rule for kind, rule in KINDS.items() if "periods" not in kind})
    rows, costs = [], []
    for part in range(100):
        for number in range(10_000):
            at = part * 10_000 + number
            user.track(at * 50, {"n": at % 17, "word": f"word {at}"})
        costs.append(user.work(5000))
        rows.append(user.row)
        user.forget()
    assert max(rows) < 3 << 20
    assert max(rows[20:]) <= 1.2 * max(rows[10:20])
    assert max(costs[20:]) <= 1.5 * max(costs[10:20])
