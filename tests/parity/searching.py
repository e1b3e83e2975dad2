"""The search for differences by seeds: what each seed tries, and what is told of one that differs.

Owns the mixture: a seed decides rules, history, instants, the order in which topics and partitions are worked off, and
whether logs lag, are read again, or workers crash; in some histories there are uploads, lists and erasing. One case is
(rule, history, order, instant), asked of every user.
"""

from dataclasses import dataclass, replace
from random import Random

from tests.parity.compare import differences
from tests.parity.core import Core
from tests.parity.lagging import Lagging
from tests.parity.shrinking import smallest
from tests.strategies import WHOLE, Arrival, Ask, Habits, case_from_seed
from tests.strategies.managing import managed_from_seed
from tests.streams.crashing import Crashing

HABITS = (
    Habits(),
    Habits(equal_arrivals=True, aliases=False),
    Habits(ancient=True),
    Habits(nasty_ids=False),
)


@dataclass(frozen=True)
class Trial:
    """What one seed tries; `cases` of them at once, for a history is asked about several rules at several instants."""

    seed: int
    case: object
    system: str

    @property
    def cases(self):
        return len(self.case.segments) * sum(isinstance(step, Ask) for step in self.case.steps)

    def differences(self, case=None):
        return differences(case or self.case, SYSTEMS[self.system](self.seed))


SYSTEMS = {"in any order": Core, "lagging and read again": Lagging, "crashing": Crashing}


def trial(seed, language=WHOLE):
    """The same for the same seed."""
    kind = seed % 20
    if kind in (6, 7):
        case = managed_from_seed(Random(seed), language, calls=(3, 16), rules=(2, 6), asks=(1, 2))
        return Trial(seed, case, ("in any order", "lagging and read again")[kind - 6])
    if kind == 0:
        return Trial(seed, case_from_seed(seed, language, calls=(3, 12), rules=(3, 6), asks=(1, 1)), "crashing")
    if kind < 5:
        habits = replace(HABITS[seed // 20 % len(HABITS)], equal_arrivals=False)
        return Trial(
            seed, case_from_seed(seed, language, habits, calls=(3, 16), rules=(3, 8)), "lagging and read again"
        )
    habits = HABITS[seed % len(HABITS)]
    calls = (3, 40) if kind == 5 else (3, 16)
    return Trial(seed, case_from_seed(seed, language, habits, calls=calls, rules=(5, 10)), "in any order")


def told(tried):
    """The smallest case that differs as this one does, to be read and kept as a scenario."""
    case = smallest(tried.case, lambda smaller: _differs(tried, smaller))
    lines = [f"seed {tried.seed}, {tried.system}:"]
    lines += [f"  {id}: {rule}" for id, rule in case.segments.items()]
    lines += [
        f"  {step.received} {step.call} {_besides(step)}" if isinstance(step, Arrival) else f"  {step}"
        for step in case.steps
    ]
    return "\n".join(lines + tried.differences(case)[:5])


def _differs(tried, case):
    try:
        return bool(tried.differences(case))
    except (ValueError, KeyError, StopIteration):
        return False  # smaller than a case can be


def _besides(step):
    return {k: v for k, v in vars(step).items() if v and k not in ("call", "received")} or ""
