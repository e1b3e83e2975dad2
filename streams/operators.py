"""Operators at work: the table's rows turned into fast predicates, and when time alone changes what they say.

Owns how each kind of reading is carried out; the operators are the rows of `schemas.operators`. A predicate takes the
field's value (None when missing) and the instant it is asked for (an event's filter: the event's own time; a user's
condition: now), in epoch ms. It never raises, whatever the value.
"""

from collections.abc import Callable
from typing import Any

from schemas.operands import compile_pattern
from schemas.operators import Reads, positive
from schemas.rules import Value
from schemas.times import LAST_INSTANT, parse_instant
from schemas.values import is_missing, number_of, text_of
from streams.equality import EqualTable

Predicate = Callable[[object, int], bool]


def predicate(op: str, value: Value) -> Predicate:
    """The test that operator `op` makes with `value`, as the parser gave it."""
    row = positive(op)
    test = _BUILD[row.reads](row.holds, value)
    return test if row.name == op else _complement(test)


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


def _complement(test: Predicate) -> Predicate:
    return lambda field, at: not test(field, at)


def _presence(holds: Any, value: Value) -> Predicate:
    return lambda field, at: not is_missing(field)


def _same(holds: Any, value: Value) -> Predicate:
    table = EqualTable[bool]()
    table.put(value, True)
    find = table.find
    return lambda field, at: bool(find(field))


def _text(holds: Callable[[str, Value], bool], value: Value) -> Predicate:
    texts = _as_tuple(value)

    def test(field: object, at: int) -> bool:
        text = field if type(field) is str else text_of(field)
        return holds(text, texts) if text else False

    return test


def _pattern(holds: Callable[[Any], bool], value: Value) -> Predicate:
    searches = [compile_pattern(str(pattern)).search for pattern in _as_tuple(value)]

    def test(field: object, at: int) -> bool:
        text = text_of(field)
        if text is None:
            return False
        # Half a surrogate pair, which a record of another producer may hold, is text like any other here.
        encoded = text.encode("utf-8", "surrogatepass")
        return holds(search(encoded) is not None for search in searches)

    return test


def _items(holds: Callable[[Any], bool], value: Value) -> Predicate:
    wanted = [_same(None, element) for element in _as_tuple(value)]

    def test(field: object, at: int) -> bool:
        return isinstance(field, list) and holds(any(same(item, at) for item in field) for same in wanted)

    return test


def _number(holds: Callable[[float, Value], bool], value: Value) -> Predicate:
    def test(field: object, at: int) -> bool:
        number = number_of(field)
        return number is not None and holds(number, value)

    return test


def _instant(holds: Callable[[int, int | None], bool], value: Value) -> Predicate:
    bound = parse_instant(value)

    def test(field: object, at: int) -> bool:
        instant = parse_instant(field)
        return instant is not None and holds(instant, bound)

    return test


def _age(holds: Callable[[int, Value], bool], value: Value) -> Predicate:
    def test(field: object, at: int) -> bool:
        instant = parse_instant(field)
        return instant is not None and holds(at - instant, value)

    return test


def _as_tuple(value: Value) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


_BUILD: dict[Reads, Callable[[Any, Value], Predicate]] = {
    Reads.PRESENCE: _presence,
    Reads.SAME: _same,
    Reads.TEXT: _text,
    Reads.PATTERN: _pattern,
    Reads.ITEMS: _items,
    Reads.NUMBER: _number,
    Reads.INSTANT: _instant,
    Reads.AGE: _age,
}
