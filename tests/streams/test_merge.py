"""Joining two profiles: whichever moves into the other, and in whatever parts the history came, it is one."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.events import Event
from schemas.profile import NEVER, Profile, decode_profile_body, decode_row, encode_part
from schemas.rule_parser import parse_rule
from schemas.times import DAY
from streams.apply import apply, arrived
from streams.live import Live
from streams.merge import absorb
from streams.profile_view import describe_user
from streams.ruleset import RuleSet, SegmentSpec

NOW = 1_795_455_000_000
POSTED = [
    {"did": {"event": "buy"}, "count": {"gte": 2}, "window": {"last": "7d"}},
    {"did": {"event": "*"}, "count": {"lt": 3}},
    {"did": {"event": "$visit"}, "count": {"gte": 2}},
    {"user": "traits.plan", "op": "is", "value": "pro"},
    {"user": "visits", "op": "gt", "value": 1},
]
RULES = RuleSet(
    SegmentSpec(f"s{slot}", slot, parse_rule(rule, retention=800 * DAY, exists=lambda _: True), 0)
    for slot, rule in enumerate(POSTED, 16)
)
EVENTS = st.lists(
    st.tuples(
        st.integers(0, 8 * DAY),
        st.sampled_from(["buy", "view", "page", "identify"]),
        st.sampled_from(["pro", "free"]),
    ),
    max_size=8,
)


def event(id, arrival, back, what, plan):
    kind = what if what in ("page", "identify") else "track"
    name = {"page": "$page", "identify": "$identify"}.get(what, what)
    traits = {"plan": plan} if what == "identify" else {}
    time = NOW - 8 * DAY + back
    return Event(id=id, type=kind, name=name, time=time, received=NOW, message_id="m", arrival=arrival, traits=traits)


def user(id, numbered):
    live = Live(Profile(home=id, ids=[id]), NEVER, RULES, NOW)
    apply(live, [arrived(event(id, arrival, *what), b"", 0) for arrival, what in numbered], NOW)
    return live


def told(live):
    """All that is known and holds; its name is another's, and when it is looked at next may be sooner than need be."""
    seen = describe_user(decode_row(live.encode(NOW)), NOW)
    return {name: seen[name] for name in seen if name not in ("user", "ids")}, live.mask


@given(EVENTS, EVENTS)
def test_the_joined_user_is_that_of_the_joined_history(ours, theirs):
    numbered = list(enumerate(ours + theirs))
    mine, yours = numbered[: len(ours)], numbered[len(ours) :]
    one, other = user("a", mine), user("b", yours)
    moving, staying = decode_profile_body(encode_part(other.profile)), decode_profile_body(encode_part(one.profile))
    absorb(one, moving, NOW)
    absorb(other, staying, NOW)
    whole = user("w", numbered)
    assert told(one) == told(other) == told(whole)
    assert sorted(one.profile.ids) == sorted(other.profile.ids) == ["a", "b"]


@given(EVENTS, EVENTS)
def test_the_sums_of_the_partition_stay(ours, theirs):
    """What leaves with a profile comes with it: hours are what the two had, but for visits that became one."""
    one, other = user("a", list(enumerate(ours))), user("b", list(enumerate(theirs, 100)))
    before = {hour: counts[:] for hour, counts in one.profile.hours.items()}
    one.totals = {}
    absorb(one, decode_profile_body(encode_part(other.profile)), NOW)
    for hour, counts in one.profile.hours.items():
        change = one.totals.get(hour, [0, 0, 0, 0])
        assert [a + b for a, b in zip(before.get(hour, [0, 0, 0, 0]), change, strict=True)] == counts
