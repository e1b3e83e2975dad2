"""What is done to users over HTTP while calls come: uploads, static lists, erasing. Put in between a case's arrivals.

Owns these steps and where they stand; everything else of a case is `tests.strategies.cases`.
"""

from dataclasses import dataclass, replace

from tests.strategies import vocabulary as words
from tests.strategies.cases import Ask, Case, Define, case
from tests.strategies.choices import Rolled, drawn
from tests.strategies.histories import Arrival, Habits, some_of
from tests.strategies.rules import FIRST_PART

MODES = ("append", "append", "remove", "replace", "clear")
LISTS = ("l0", "l1")


class Managed:
    """One such step; `happen` does it to an implementation."""

    def happen(self, implementation):
        raise NotImplementedError


@dataclass(frozen=True)
class Upload(Managed):
    user: str
    traits: dict
    received: int

    def happen(self, implementation):
        implementation.upload(self.user, self.traits, self.received)


@dataclass(frozen=True)
class Put(Managed):
    segment: str
    mode: str
    users: tuple
    received: int

    def happen(self, implementation):
        implementation.put(self.segment, self.mode, list(self.users), self.received)


@dataclass(frozen=True)
class Erase(Managed):
    id: str
    received: int

    def happen(self, implementation):
        implementation.erase(self.id, self.received)


def managed_cases(language=FIRST_PART, habits=None, *, calls=(1, 12), rules=(1, 3), asks=(1, 4)):
    """Hypothesis: small cases that shrink."""
    return drawn(lambda choices: managed(choices, case(choices, language, habits or Habits(), calls, rules, asks)))


def managed_from_seed(random, language=FIRST_PART, habits=None, *, calls=(1, 12), rules=(1, 3), asks=(1, 4)):
    choices = Rolled(random)
    return managed(choices, case(choices, language, habits or Habits(), calls, rules, asks))


def managed(choices, plain):
    """A case with two static lists, rules that refer to them, and steps between its arrivals."""
    ids = [*words.ANONYMOUS, *words.USERS, "never"]
    lists = {id: {"users": choices.some(ids, 0, 3)} for id in LISTS}
    segments = {id: _referring(choices, rule) for id, rule in plain.segments.items()}
    define = next(step for step in plain.steps if isinstance(step, Define))
    steps = [replace(step, at=_first(plain)) if step is define else step for step in plain.steps]
    steps.sort(key=lambda step: (_at(step), not isinstance(step, Define), isinstance(step, Ask)))
    for _ in range(choices.whole(1, 5)):
        place = choices.whole(1, len(steps) - 1)
        steps.insert(place, _step(choices, ids, _at(steps[place - 1])))
    return Case(lists | segments, _without_echoes(steps))


def _without_echoes(steps):
    """Leaves out calls that are repeated after something was erased: whether such a call joins ids anew is open."""
    kept, before, since = [], [], []
    for step in steps:
        if isinstance(step, Erase):
            before, since = before + since, []
        elif isinstance(step, Arrival):
            if step.call in before:
                continue
            since.append(step.call)
        kept.append(step)
    return kept


def _first(plain):
    return min(_at(step) for step in plain.steps)


def _at(step):
    return step.received if isinstance(step, Arrival | Managed) else step.at


def _referring(choices, rule):
    """Sometimes the rule, sometimes together with a list."""
    listed = {"segment": choices.pick(LISTS)}
    return choices.pick([rule, rule, {"all": [rule, {"not": listed}]}, {"any": [rule, listed]}, listed])


def _step(choices, ids, at):
    kind = choices.whole(0, 4)
    if kind == 0:
        return Upload(choices.pick(ids), some_of(choices, words.TRAITS), at)
    if kind in (1, 2):
        return Put(choices.pick(LISTS), choices.pick(MODES), tuple(choices.some(ids, 0, 3)), at)
    return Erase(choices.pick(ids), at)
