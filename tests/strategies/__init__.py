"""Random cases: histories of posted calls, rules, instants; by hypothesis (shrinking) or by a seed (long runs)."""

from tests.strategies.cases import Ask, Case, Define, case_from_seed, cases, family_of, live_case
from tests.strategies.histories import Arrival, Habits
from tests.strategies.rules import FIRST_PART, WHOLE, Language

__all__ = [
    "FIRST_PART",
    "WHOLE",
    "Arrival",
    "Ask",
    "Case",
    "Define",
    "Habits",
    "Language",
    "case_from_seed",
    "cases",
    "family_of",
    "live_case",
]
