"""Operators against the plain reading of the contract in tests/reference, over values that are likely to meet."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.operators import OPERATORS, positive
from schemas.times import DAY, parse_instant
from streams.operators import predicate
from tests.reference import operators as reference

AT = parse_instant("2026-11-23T12:00:00Z") or 0
TEXTS = st.sampled_from(["", "a", "ab", "b", "true", "7", "7.0", "007", "70", "-1", "1e1", "1E-1", "+7", "7\n", "é"])
NUMBERS = st.sampled_from([0, -0.0, 7, 7.0, 7.5, 10, 0.1, -1, 70, 1e-7, 1e21])
DATES = st.sampled_from(["2026-11-22", "2026-11-23T12:00:00Z", "2026-11-23T12:00:00.001Z", "2026-11-22T12:00:00+00:00"])
ONE = TEXTS | NUMBERS | st.booleans()
FIELDS = ONE | DATES | st.none() | st.lists(ONE | st.none() | st.lists(ONE, max_size=1), max_size=3) | st.just({"a": 7})


def lists(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, min_size=1, max_size=3)


PATTERNS = st.sampled_from(["7", "^a", "[0-9]+$", "", "e"])
VALUES = {
    "is": ONE,
    "in": lists(ONE),
    "contains": TEXTS | lists(TEXTS),
    "starts_with": TEXTS | lists(TEXTS),
    "ends_with": TEXTS | lists(TEXTS),
    "matches": PATTERNS | lists(PATTERNS),
    "between": st.lists(NUMBERS, min_size=2, max_size=2).map(sorted),
    "before": DATES,
    "after": DATES,
    "within_last": st.sampled_from(["1s", "1d", "24h", "5w"]),
    "has": ONE,
    "has_all": lists(ONE),
    "has_any": lists(ONE),
} | dict.fromkeys(["gt", "gte", "lt", "lte"], NUMBERS | st.sampled_from(["7", "7.0", "1e1"]))
ASKED = st.sampled_from(sorted(OPERATORS)).flatmap(
    lambda op: st.tuples(st.just(op), VALUES.get(positive(op).name, st.none()))
)


@settings(max_examples=1_500)
@given(ASKED, FIELDS)
def test_as_the_contract_reads(question: tuple[str, Any], field: Any) -> None:
    op, written = question
    value = None if written is None else positive(op).operand.read(written)
    at = AT + (DAY if isinstance(field, str) else 0)
    for instant in (AT, at):
        assert predicate(op, value)(field, instant) is bool(reference.holds(op, field, written, instant))
