"""Hypothesis strategies: valid rules as JSON, over the whole grammar, and any JSON at all."""

from typing import Any

from hypothesis import strategies as st

from schemas.operators import OPERATORS, positive
from schemas.paths import EVENT_PATHS, USER_PATHS, VISIT_PATHS, Path

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(10**30), 10**30) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = TEXTS | NUMBERS | st.booleans()
DURATIONS = st.builds("{}{}".format, st.integers(1, 100), st.sampled_from("smhd"))
INSTANTS = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
PATTERNS = st.sampled_from(["", "a", "^/p/[0-9]+$", r"(?i)\d{2,}", "[^x]|y"])
PAIRS = st.lists(NUMBERS, min_size=2, max_size=2).map(sorted)
EVENTS = st.sampled_from(["*", "$page", "$click", "$experience", "$identify", "purchase", "a b"])

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=6), children, max_size=4),
    max_leaves=12,
)


def lists(of: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of, min_size=1, max_size=4)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    "a text, number or boolean": SCALARS,
    "a list of texts, numbers or booleans": lists(SCALARS),
    "a text, or a list of texts of which any will do": TEXTS | lists(TEXTS),
    "an RE2 expression, or a list of which any will do": PATTERNS | lists(PATTERNS),
    "a number": NUMBERS,
    "a list of two numbers, the lower first": PAIRS,
    "an ISO 8601 date or time": INSTANTS,
    "a duration": DURATIONS,
}


def paths(rows: tuple[Path, ...]) -> st.SearchStrategy[str]:
    names = [
        row.name if row.keys is None else f"{row.name}.{key}"
        for row in rows
        for key in ([""] if row.keys is None else row.keys or ("a", "a.b"))
    ]
    return st.sampled_from(names)


@st.composite
def asked(draw: st.DrawFn, ops: list[str]) -> dict[str, Any]:
    op = draw(st.sampled_from(ops))
    means = positive(op).operand.means
    return {"op": op} | ({"value": draw(VALUES[means])} if means in VALUES else {})


@st.composite
def selectors(draw: st.DrawFn) -> dict[str, Any]:
    event = draw(EVENTS | st.just("$visit"))
    fields = paths(EVENT_PATHS + (VISIT_PATHS if event == "$visit" else ()))
    where = draw(
        st.lists(st.builds(lambda field, rest: {"field": field} | rest, fields, asked(list(OPERATORS))), max_size=3)
    )
    return {"event": event} | ({"where": where} if where else {})


COMPARISONS = st.one_of(
    *(NUMBERS.map(lambda number, op=op: {op: number}) for op in ("eq", "ne", "gt", "gte", "lt", "lte")),
    PAIRS.map(lambda pair: {"between": pair}),
)
MEASURES = st.one_of(
    st.just({}),
    COMPARISONS.map(lambda comparison: {"count": comparison}),
    st.just({"first": True}),
    st.builds(
        lambda kind, of, comparison: {kind: {"of": of} | comparison},
        st.sampled_from(["sum", "avg", "min", "max", "distinct"]),
        paths(EVENT_PATHS),
        COMPARISONS,
    ),
)
WINDOWS = st.one_of(
    DURATIONS.map(lambda last: {"last": last}),
    st.builds(lambda last, until: {"last": f"{last}d", "until": f"{until}h"}, st.integers(5, 700), st.integers(1, 119)),
    INSTANTS.map(lambda end: {"to": end}),
    INSTANTS.map(lambda start: {"from": start}),
    st.just({"from": "2026-01-01", "to": "2026-03-01T12:30:00+09:00"}),
)
WINDOW = st.just({}) | WINDOWS.map(lambda window: {"window": window})
PERIODS = st.builds(
    lambda every, of_last, less: {"periods": {"every": every, "of_last": of_last, "at_least": max(of_last - less, 0)}},
    st.builds("{}{}".format, st.integers(1, 70), st.sampled_from("smhd")),
    st.integers(1, 10),
    st.integers(0, 10),
)


@st.composite
def dids(draw: st.DrawFn) -> dict[str, Any]:
    measure = draw(MEASURES)
    in_time = draw(WINDOW if "first" in measure else WINDOW | PERIODS)
    return {"did": draw(selectors())} | measure | in_time


@st.composite
def users(draw: st.DrawFn) -> dict[str, Any]:
    field = draw(paths(USER_PATHS))
    rest = draw(asked(list(OPERATORS)))
    may_hold = field.startswith("traits.") and not rest["op"].endswith("within_last")
    held = draw(
        st.just({}) | st.builds(lambda op, span: {"for": {op: span}}, st.sampled_from(["gte", "lt"]), DURATIONS)
    )
    return {"user": field} | rest | (held if may_hold else {})


SEQUENCES = st.builds(
    lambda steps, within, window: {"sequence": steps} | within | window,
    st.lists(selectors(), min_size=2, max_size=5),
    st.just({}) | DURATIONS.map(lambda within: {"within": within}),
    WINDOW,
)
CONDITIONS = st.one_of(dids(), users(), SEQUENCES, st.just({"segment": "vip"}))
RULES = st.recursive(
    CONDITIONS,
    lambda rules: st.one_of(
        st.lists(rules, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(rules, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        rules.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
