"""Every scenario through every implementation that can run here."""

import pytest

from tests.scenarios.implementations import IMPLEMENTATIONS
from tests.scenarios.runner import moment, run, scenarios

SCENARIOS = {scenario["name"]: scenario for scenario in scenarios()}
RUNS = [
    pytest.param(name, implementation, id=f"{implementation}: {name}")
    for name in SCENARIOS
    for implementation in IMPLEMENTATIONS
]


@pytest.mark.parametrize(("name", "implementation"), RUNS)
def test_scenario(name, implementation):
    assert run(SCENARIOS[name], IMPLEMENTATIONS[implementation]()) == []


def test_names_are_unique():
    assert len(SCENARIOS) == len(scenarios())


@pytest.mark.parametrize(
    ("text", "expected"),
    [(0, 0), ("90s", 90_000), ("7d - 1ms", 604_799_999), ("0 - 1ms", -1), ("1h + 10m - 1ms", 4_199_999)],
)
def test_instants_of_steps(text, expected):
    assert moment(text) == expected


def test_what_is_no_instant_is_told():
    with pytest.raises(ValueError, match="no instant"):
        moment("7 days")


class Idle:
    """An implementation that does nothing."""

    def define(self, segments, at): ...

    def send(self, arrival): ...

    def members(self, id, now):
        return set()

    def users(self, now):
        return []

    def user(self, id, now):
        return id

    def next_change(self, segment, id, now):
        return None

    def facts(self, id, now):
        return None


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_scenario_can_fail(name):
    assert run(SCENARIOS[name], Idle())
