"""Series that new versions share: only where they have enough, and then with the same members as filled anew."""

import random

import pytest

from schemas.calls import Accepted, CallContext, Policy
from schemas.segments import FillRecord, SegmentRecord, SegmentVersion
from schemas.times import DAY, HOUR
from streams.compiled import rule_set
from streams.foresight import next_change
from streams.limits import Limits
from streams.local import Local
from streams.normalise import normalise
from streams.sharing import filled_under, plan
from streams.wishes import selector_key
from tests.strategies import Arrival, case_from_seed

NOW = 1_795_455_000_000
LIMITS = Limits(exact=100)
EVER = NOW - LIMITS.retention
SELECTORS = [{"event": "buy"}, {"event": "*"}, {"event": "$page"}, {"event": "$visit"}]


def version(rule, slot=16, fill=1, made=NOW, **more):
    return SegmentVersion(
        version=1, slot=slot, rule=rule, made=made, covers_from=made - LIMITS.retention, fill=fill, **more
    )


def did(count=None, window=None, event="buy"):
    rule = {"did": {"event": event}}
    return rule | ({"count": count} if count else {}) | ({"window": window} if window else {})


WEEK, DAY_ = {"last": "7d"}, {"last": "1d"}
STEPS = {"sequence": [{"event": "buy"}, {"event": "buy"}], "window": {"last": "2d"}}


def measure(kind, window=None, of="properties.n"):
    return {"did": {"event": "buy"}, kind: {"of": of, "gte": 3}} | ({"window": window} if window else {})


def held(long):
    return {"user": "traits.plan", "op": "is", "value": "pro", "for": {"gte": long}}


COVERED = {
    "the same": (did({"gte": 3}, WEEK), did({"gte": 3}, WEEK), True),
    "fewer and younger": (did({"gte": 3}, WEEK), did({"gte": 2}, DAY_), True),
    "more": (did({"gte": 13}, WEEK), did({"gte": 14}, WEEK), False),
    "more, of the few that are kept anyway": (did({"gte": 3}, WEEK), did({"gte": 4}, WEEK), True),
    "an upper end needs one more": (did({"gte": 13}, WEEK), did({"lte": 13}, WEEK), False),
    "older": (did({"gte": 3}, DAY_), did({"gte": 3}, WEEK), False),
    "ever, of a week": (did({"gte": 3}, WEEK), did({"gte": 1}), False),
    "a week, of ever": (did({"gte": 3}), did({"gte": 3}, WEEK), True),
    "an `until` needs all": (did({"gte": 3}), did({"gte": 1}, {"last": "7d", "until": "1d"}), False),
    "anything, of all": (did({"gte": 1}, {"to": "2026-01-01"}), did({"gte": 9}, {"last": "7d", "until": "1d"}), True),
    "a sum, of an average": (measure("avg"), measure("sum"), True),
    "a sum, of another field's": (measure("sum"), measure("sum", of="properties.m"), False),
    "a sum of more days": (measure("sum", DAY_), measure("sum", WEEK), False),
    "a greatest, of a least": (measure("min"), measure("max"), False),
    "a greatest of a window that ends before now": (measure("max"), measure("max", {"to": "2026-11-20"}), False),
    "a count, of a sum": (measure("sum"), did(), False),
    "a sequence, of all times": (did({"gte": 1}, {"last": "7d", "until": "1d"}), STEPS, True),
    "a sequence, of a few times": (did({"gte": 1}, WEEK), STEPS, False),
    "a first, of the same past": (did() | {"first": True}, did(window=DAY_) | {"first": True}, True),
    "for less long": (held("7d"), held("1d"), True),
    "for longer": (held("1d"), held("7d"), False),
    "another selector": (did({"gte": 3}), did({"gte": 3}, event="sell"), False),
    "over the limit, what is too much is merged": (did({"gte": 100}), did({"gte": 1000}), False),
    "merged as they were": (did({"gte": 1000}), did({"gte": 1001}), True),
    "no condition on events": (did(), {"user": "traits.x", "op": "exists"}, False),
}


@pytest.mark.parametrize("case", COVERED)
def test_what_is_shared(case):
    kept, asked, covered = COVERED[case]
    shared = plan([version(kept)], {"new": version(asked, fill=0)}, LIMITS)["new"]
    assert list(shared.values()) == ([1] if covered else [])


def test_what_all_that_stand_on_it_need_is_there() -> None:
    one, other = version(did({"gte": 13}, DAY_)), version(did({"gte": 1}, WEEK), 17, fill=4)
    key = next(iter(plan([one], {"new": one}, LIMITS)["new"]))
    new = {"new": version(did({"gte": 12}, WEEK), fill=0)}
    assert plan([one, other], new, LIMITS)["new"] == {}, "neither has both"
    other.series = {key: 1}
    assert plan([one, other], new, LIMITS)["new"] == {key: 1}, "they stand on one, that has both"
    assert plan([other], new, LIMITS)["new"] == {}, "what stood on it alone takes along what only it needed"


def test_a_limit_that_was_raised_since_shares_no_more_than_was_kept() -> None:
    raised, all_ = Limits(exact=1000), did({"gte": 500})
    kept = version(all_, limit=100)
    for asked, covered in ((did({"gte": 101}), False), (did({"eq": 100}), False), (did({"gte": 100}), True)):
        new = {"new": version(asked, fill=0)}
        assert bool(plan([kept], new, raised)["new"]) is covered, asked
        assert plan([version(all_, limit=1000)], new, raised)["new"], asked
    lowered = Limits(exact=50)
    assert plan([kept], {"new": version(did({"gte": 500}), fill=0)}, lowered)["new"]


def test_the_limit_is_known_when_the_one_that_brought_the_series_is_gone() -> None:
    raised = Limits(exact=1000)
    first = version(did({"gte": 500}), limit=100)
    shared = plan([first], {"new": version(did({"gte": 9}), fill=0)}, raised)["new"]
    assert shared
    limit = filled_under(shared, [first], raised)
    assert limit == 100
    second = version(did({"gte": 9}), fill=2, series=shared, limit=limit)
    assert filled_under({}, [first, second], raised) == 1000
    assert plan([second], {"new": version(did({"gte": 500}), fill=0)}, raised)["new"] == {}


def test_the_first_of_another_past_is_another() -> None:
    first = did() | {"first": True}
    assert plan([version(first)], {"new": version(first, fill=0, made=NOW + 1)}, LIMITS)["new"] == {}


def test_the_past_of_an_older_one_is_not_there() -> None:
    assert plan([version(did())], {"new": version(did(), fill=0, made=NOW - 1)}, LIMITS)["new"] == {}


def test_a_rule_that_cannot_be_read_shares_nothing() -> None:
    assert plan([version({"no": "rule"})], {"new": version({"no": "rule"})}, LIMITS) == {"new": {}}


WINDOWS = [
    None,
    {"last": "1d"},
    {"last": "7d"},
    {"last": "2d", "until": "1h"},
    {"from": "2026-11-20"},
    {"to": "2026-11-21"},
]


def measured(random, event):
    number = random.choice([1, 2, 3, 5])
    cmp = random.choice([{"gte": number}, {"lte": number}, {"eq": number}, {"ne": 1}, {"between": [1, number]}])
    kind = random.choice(["count", "count", "count", "sum", "max", "min", "distinct", "first"])
    if kind == "first":
        return {"first": True}
    of = random.choice(["page_views", "landing_page"] if event == "$visit" else ["properties.n", "properties.word"])
    return {kind: cmp if kind == "count" else {"of": of, **cmp}}


def rolled(random):
    if random.random() < 0.1:
        held = {random.choice(["gte", "lt"]): random.choice(["1h", "1d", "7d"])}
        return {"user": "traits.plan", "op": random.choice(["is", "is_not"]), "value": "pro", "for": held}
    window = random.choice(WINDOWS)
    if random.random() < 0.1:
        one = {"sequence": [random.choice(SELECTORS), random.choice(SELECTORS)], "within": random.choice(["1h", "2d"])}
    else:
        selector = random.choice(SELECTORS)
        one = {"did": selector, **measured(random, selector["event"])}
        if "first" not in one and random.random() < 0.2:
            return one | {"periods": {"every": random.choice(["1h", "1d"]), "of_last": 3, "at_least": 2}}
    return one | ({"window": window} if window else {})


class Two:
    """Segments made in two steps, the second sharing what it may, or nothing."""

    def __init__(self, seed, share):
        self.random = random.Random(seed)
        self.first = [rolled(self.random) for _ in range(4)]
        self.second = [self.random.choice([*self.first, rolled(self.random)]) for _ in range(4)]
        self.share, self.shared, self.records = share, 0, {}
        self.policy = Policy(new_id=lambda: "made")
        self.local = Local(rule_set([], None, LIMITS)[0], 2)

    def bring(self, rules, fill, at):
        slot = 16 + len(self.records)
        new = {f"s{slot + i}": version(rule, slot + i, fill, at) for i, rule in enumerate(rules)}
        live = [record.live for record in self.records.values()]
        for id, shared in plan(live, new, LIMITS).items() if self.share else ():
            new[id].series = shared
            self.shared += len(shared)
        self._write({id: {"pending": each} for id, each in new.items()}, fill, "read", at, self.local.fill)
        for each in new.values():
            each.status = "live"
        self._write({id: {"live": each} for id, each in new.items()}, fill, "done", at, self._set)

    def _write(self, parts, fill, phase, at, then):
        for id, part in parts.items():
            self.records[id] = SegmentRecord(id=id, name=id, created=at, updated=at, **part)
        then(rule_set(self.records.values(), FillRecord(fill=fill, versions=[], phase=phase), LIMITS)[0], at)

    def _set(self, rules, at):
        for shard in self.local.shards:
            shard.rules = rules

    def delete(self, ids, at):
        self.records = {id: record for id, record in self.records.items() if id not in ids}
        self._set(rule_set(self.records.values(), FillRecord(fill=2, versions=[], phase="done"), LIMITS)[0], at)

    def send(self, arrival, number):
        context = CallContext(
            received=arrival.received, arrival=arrival.received * 1000 + number, sent_at=arrival.sent_at
        )
        call = normalise(arrival.call, context, self.policy)
        if isinstance(call, Accepted):
            self.local.send(call)
        self.local.work(arrival.received)

    def answers(self, at):
        self.local.turn(at)
        slots = {id: record.live.slot for id, record in self.records.items()}
        found = {}
        for live in self.local.users(at):
            user = live.profile.canonical
            found |= {(user, id): bool(live.mask >> slot & 1) for id, slot in slots.items()}
            found |= {(user, id, "next"): next_change(self.local.live(user, at), slot) for id, slot in slots.items()}
        return found


def story(seed, share):
    """All answers on the way; the segments of the first step are deleted towards the end."""
    it = Two(seed, share)
    arrivals = [step for step in case_from_seed(seed, calls=(12, 24)).steps if isinstance(step, Arrival)]
    cuts = sorted(it.random.sample(range(1, len(arrivals)), 3))
    answers = []
    for number, arrival in enumerate(arrivals):
        if number in cuts[:2]:
            rules, fill = ((it.first, 1), (it.second, 2))[cuts.index(number)]
            it.bring(rules, fill, arrival.received)
        if number == cuts[2]:
            it.delete(it.random.sample(sorted(it.records)[:4], 3), arrival.received)
        it.send(arrival, number)
        answers.append(it.answers(arrival.received))
    last = arrivals[-1].received
    answers += [it.answers(last + later) for later in (1, HOUR, DAY, 7 * DAY, 30 * DAY)]
    return answers, it.shared


@pytest.mark.parametrize("part", range(4))
def test_shared_or_not_the_answers_are_the_same(part):
    shared = 0
    for seed in range(part, 64, 4):
        with_sharing, count = story(seed, share=True)
        assert with_sharing == story(seed, share=False)[0], f"seed {seed}"
        shared += count
    assert shared > 8, "there was something to share"


def test_keys_are_those_of_the_rule_set() -> None:
    one = version(did({"gte": 3}), status="live")
    (key,) = plan([one], {"new": one}, LIMITS)["new"]
    rules, _ = rule_set([SegmentRecord(id="a", name="a", created=0, updated=0, live=one)], None, LIMITS)
    assert list(rules.by_key) == [f"{key}@1"]
    assert key == selector_key(rules.series[0].wish.selector)
