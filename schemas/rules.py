"""The rule tree: what a parsed rule is. Durations and instants are milliseconds; every node is frozen and hashable.

Owns the shapes only: reading a rule from JSON, with every refusal, is `schemas.rule_parser`.
Source: contract section 5.
"""

from dataclasses import dataclass
from typing import Literal

CmpOp = Literal["eq", "ne", "gt", "gte", "lt", "lte", "between"]
MeasureKind = Literal["count", "sum", "avg", "min", "max", "distinct", "first"]
Scalar = str | int | float | bool
Value = Scalar | tuple[Scalar, ...] | None


@dataclass(frozen=True, slots=True)
class Filter:
    """`field` `op` `value` on an event; None for `exists` and `not_exists`, a duration in ms for `within_last`."""

    field: str
    op: str
    value: Value


@dataclass(frozen=True, slots=True)
class Selector:
    """Events by name (`*`: every track, page and screen call) that meet every filter."""

    event: str
    where: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Cmp:
    """A comparison with a number; `high` only for `between`, where both ends are included."""

    op: CmpOp
    value: int | float
    high: int | float | None = None


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured over the matching events; `of` is a PATH for all but `count` and `first`."""

    kind: MeasureKind
    cmp: Cmp | None
    of: str | None = None


@dataclass(frozen=True, slots=True)
class Rolling:
    """(t - last, t - until]."""

    last: int
    until: int = 0


@dataclass(frozen=True, slots=True)
class Fixed:
    """[start, end], both included; None is open."""

    start: int | None
    end: int | None


Window = Rolling | Fixed | None


@dataclass(frozen=True, slots=True)
class Periods:
    every: int
    of_last: int
    at_least: int


@dataclass(frozen=True, slots=True)
class Did:
    selector: Selector
    measure: Measure
    window: Window = None
    periods: Periods | None = None


@dataclass(frozen=True, slots=True)
class Sequence:
    selectors: tuple[Selector, ...]
    within: int | None = None
    window: Window = None


@dataclass(frozen=True, slots=True)
class Held:
    """`for`: the condition has held at least (`gte`) or less than (`lt`) this long."""

    op: Literal["gte", "lt"]
    duration: int


@dataclass(frozen=True, slots=True)
class User:
    """`field` `op` `value` on the user; `held` is the rule's `for`."""

    field: str
    op: str
    value: Value
    held: Held | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """Membership of another segment."""

    segment: str


@dataclass(frozen=True, slots=True)
class All:
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Any:
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class Not:
    rule: "Rule"


@dataclass(frozen=True, slots=True)
class Listed:
    """Being on the static list in this slot: all that the rule of a static segment is; nobody can post it."""

    slot: int


Rule = All | Any | Not | Did | Sequence | User | Ref | Listed
