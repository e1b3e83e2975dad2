"""The harness can fail: the reference agrees with itself, and each deliberate fault in it is found."""

from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings

from tests.parity.compare import compare, differences
from tests.parity.reference import Reference
from tests.reference import World, identity, operators, profile, rules, visits
from tests.strategies import FIRST_PART, WHOLE, Arrival, Define, Habits, case_from_seed, cases

SLOW = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@SLOW
@given(cases(WHOLE, Habits(equal_arrivals=True, ancient=True, alias_repeats=True)))
def test_agrees_with_itself(case):
    assert differences(case, Reference()) == []


@pytest.mark.parametrize("language", [FIRST_PART, WHOLE])
def test_a_seed_gives_the_same_case_again(language):
    assert case_from_seed(7, language) == case_from_seed(7, language)


FAULTS = {
    "a window open at the wrong end": (rules, "between", lambda a, b: lambda time: a <= time < b),
    "counts by the order of arrival": (profile, "bisect_right", lambda records, now, key: len(records)),
    "a comparison off by one": (rules, "compare", lambda asked, n, compare=rules.compare: compare(asked, n + 1)),
    "a missing field equals the empty text": (operators, "missing", lambda value: value is None),
    "the session gap is missed by a millisecond": (
        visits,
        "_begins_new",
        lambda event, visit, gap, begins=visits._begins_new: begins(event, visit, gap + 1),
    ),
    "the last userId wins": (
        identity.Users,
        "_join",
        lambda self, a, u: a == u or a in self.came_as_user or self._merge(a, u) or self._call_it(u, u),
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found(fault):
    """The faulty one answers first, from the same calls; its answers are then held against the right ones."""
    where, name, wrong = FAULTS[fault]
    for seed in range(400):
        case = case_from_seed(seed, WHOLE, calls=(3, 16), rules=(5, 10))
        with mock.patch.object(where, name, wrong):
            answers = _answers(case)
        if answers != _answers(case):
            return
    pytest.fail("not found in 400 cases")


def test_differences_are_told():
    case = case_from_seed(1, calls=(5, 5))
    late = Reference()
    late.send = lambda arrival: None
    assert any("known users" in line for line in differences(case, late))
    reference = Reference()
    reference.define({"all": {"not": {"user": "traits.x", "op": "exists"}}}, 0)
    reference.send(Arrival({"type": "track", "userId": "u", "event": "buy"}, 10))
    assert compare(reference, {"u": {"user": "u", "segments": ["all"]}}, 10) == []
    assert "is in: expected ['all'], found []" in compare(reference, {"u": {"user": "u", "segments": []}}, 10)[0]


def _answers(case):
    """All that a reference answers over a case."""
    reference, found = Reference(World()), []
    for step in case.steps:
        if isinstance(step, Arrival):
            reference.send(step)
        elif isinstance(step, Define):
            reference.define(case.segments, step.at)
        else:
            for id in case.ids:
                found.append((id, reference.user(id, step.at), reference.members(id, step.at)))
                found.append(reference.facts(id, step.at))
    return found
