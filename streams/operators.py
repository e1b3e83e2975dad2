"""Operators at work: the table's rows turned into fast predicates, and when time alone changes what they say.

Owns how each kind of reading is carried out; the operators are the rows of `schemas.operators`. A predicate takes the
field's value (None when missing) and the instant it is asked for (an event's filter: the event's own time; a user's
condition: now), in epoch ms. It never raises, whatever the value.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from schemas.equality import EqualTable
from schemas.operands import compile_pattern
from schemas.operators import Reads, positive
from schemas.rules import Value
from schemas.times import LAST_INSTANT, parse_instant
from schemas.values import is_missing, number_of, text_of

Predicate = Callable[[object, int], bool]
Read = Callable[[object, int], Any]
"""Gives None where the field cannot be read so."""


@dataclass(frozen=True, slots=True)
class Question:
    """An operator and its value, made ready: of what was read `holds(read, value) is wanted`, else `missing`."""

    reads: Reads
    holds: Callable[[Any, Any], bool]
    value: Any
    wanted: bool

    @property
    def missing(self) -> bool:
        """The answer where the field is missing or of the wrong type: no, but to a complement."""
        return not self.wanted


def question(op: str, value: Value) -> Question:
    """Operator `op` with `value` as the parser gave it."""
    row = positive(op)
    assert row.holds is not None, "a positive operator has a comparison"
    return Question(row.reads, row.holds, _READY[row.reads](value), row.name == op)


def predicate(op: str, value: Value) -> Predicate:
    """The test that operator `op` makes with `value`, as the parser gave it."""
    asked = question(op, value)
    read, holds, against, wanted = READ[asked.reads], asked.holds, asked.value, asked.wanted

    def test(field: object, at: int) -> bool:
        found = read(field, at)
        return (found is not None and holds(found, against)) is wanted

    return test


def depends_on_time(op: str) -> bool:
    """Whether `next_change` can be anything but None."""
    return positive(op).reads is Reads.AGE


def next_change(op: str, value: Value, field: object, now: int) -> int | None:
    """The first instant after `now` at which time alone changes what `op` says of an unchanged field; None: never."""
    instant = parse_instant(field)
    if instant is None or not isinstance(value, int) or not depends_on_time(op):
        return None
    test = predicate(op, value)
    held = test(field, now)
    for candidate in (instant, instant + value):
        if now < candidate <= LAST_INSTANT and test(field, candidate) is not held:
            return candidate
    return None


def _text(field: object, at: int) -> str | None:
    return (field or None) if type(field) is str else text_of(field)


def _pattern(field: object, at: int) -> bytes | None:
    text = text_of(field)
    # Half a surrogate pair, which another producer's record may hold, is no reason to raise.
    return None if text is None else text.encode("utf-8", "surrogatepass")


def _age(field: object, at: int) -> int | None:
    instant = parse_instant(field)
    return None if instant is None else at - instant


READ: dict[Reads, Read] = {
    Reads.PRESENCE: lambda field, at: None if is_missing(field) else field,
    Reads.SAME: lambda field, at: field,
    Reads.TEXT: _text,
    Reads.PATTERN: _pattern,
    Reads.ITEMS: lambda field, at: field if isinstance(field, list) else None,
    Reads.NUMBER: lambda field, at: number_of(field),
    Reads.INSTANT: lambda field, at: parse_instant(field),
    Reads.AGE: _age,
}
"""How a field is read, by kind of reading; the second argument is the instant asked for."""


def _as_tuple(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _table(value: Value) -> EqualTable[bool]:
    table = EqualTable[bool]()
    table.put(value, True)
    return table


_READY: dict[Reads, Callable[[Value], Any]] = {
    Reads.PRESENCE: lambda value: None,
    Reads.SAME: _table,
    Reads.TEXT: _as_tuple,
    Reads.PATTERN: lambda value: tuple(compile_pattern(str(pattern)) for pattern in _as_tuple(value)),
    Reads.ITEMS: lambda value: tuple(map(_table, _as_tuple(value))),
    Reads.NUMBER: lambda value: value,
    Reads.INSTANT: parse_instant,
    Reads.AGE: lambda value: value,
}
"""What a rule's value is made into once, so that asking is quick."""
