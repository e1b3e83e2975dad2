"""Reading the plain shapes that rules are made of: objects with known keys, lists, durations, instants, numbers.

Owns nothing of the rule language itself. Every reader takes the JSON and its place, tells the place what is wrong and
then gives None.
"""

from collections.abc import Collection
from itertools import islice

from schemas.operands import MAX_PATTERNS, PATTERNS, Misfit, Operand, finite, number_pair_reversed
from schemas.rule_errors import MAX_ERRORS, Place, shown
from schemas.rules import Cmp, CmpOp, Value
from schemas.times import parse_duration, parse_instant

COMPARISONS: tuple[CmpOp, ...] = ("eq", "ne", "gt", "gte", "lt", "lte", "between")


def refuse_unknown(document: dict[str, object], place: Place, known: Collection[str]) -> None:
    """Tells every key that does not belong in the object."""
    for key in islice((key for key in document if key not in known), MAX_ERRORS):
        place.key(str(key)).refuse("unknown_key", f"unknown key; here may be {', '.join(known)}")


def read_object(
    document: object, place: Place, known: Collection[str], needed: Collection[str] = ()
) -> dict[str, object] | None:
    """The object without its unknown keys, which are told, when it is one and has the needed keys."""
    if not isinstance(document, dict):
        place.refuse("bad_type", f"must be an object, not {shown(document)}")
        return None
    refuse_unknown(document, place, known)
    missing = [key for key in needed if key not in document]
    for key in missing:
        place.key(key).refuse("missing_key", f"{key} is missing")
    return None if missing else {key: document[key] for key in known if key in document}


def read_list(document: object, place: Place, most: int) -> list[object] | None:
    """The list, when it has at least one element and at most so many."""
    if not isinstance(document, list | tuple):
        place.refuse("bad_type", f"must be a list, not {shown(document)}")
    elif not document:
        place.refuse("empty_list", "must not be empty")
    elif len(document) > most:
        place.refuse("too_long", f"must not have more than {most} elements")
    else:
        return list(document)
    return None


def read_text(document: object, place: Place, most: int) -> str | None:
    """The text, when it is not empty nor longer than so many characters."""
    if not isinstance(document, str) or not document:
        place.refuse("bad_type", f"must be a text, not {shown(document)}")
    elif len(document) > most:
        place.refuse("too_long", f"must not be longer than {most} characters")
    else:
        return document
    return None


def read_duration(document: object, place: Place) -> int | None:
    duration = parse_duration(document)
    if duration is None:
        place.refuse("bad_duration", f"must be a duration such as 90s or 7d, not {shown(document)}")
    elif duration == 0:
        place.refuse("zero_duration", "must be more than zero")
    return duration or None


def read_kept_duration(document: object, place: Place) -> int | None:
    """A duration that events are kept for."""
    duration = read_duration(document, place)
    return duration if duration is not None and is_kept(duration, place) else None


def is_kept(duration: int, place: Place) -> bool:
    if duration > place.parse.retention:
        place.refuse("over_retention", "reaches further back than events are kept")
        return False
    return True


def read_instant(document: object, place: Place) -> int | None:
    instant = parse_instant(document)
    if instant is None:
        place.refuse("bad_instant", f"must be an ISO 8601 date or time, not {shown(document)}")
    return instant


def read_number(document: object, place: Place) -> int | float | None:
    number = finite(document)
    if number is None:
        place.refuse("bad_number", f"must be a number, not {shown(document)}")
    return number


def read_whole(document: object, place: Place) -> int | None:
    if isinstance(document, bool) or not isinstance(document, int) or document < 0:
        place.refuse("bad_number", f"must be a whole number, not {shown(document)}")
        return None
    return document


def read_comparison(fields: dict[str, object], place: Place) -> Cmp | None:
    """The one comparison among an object's fields."""
    given = [op for op in COMPARISONS if op in fields]
    if len(given) != 1:
        code, problem = ("two_comparisons", "more than one") if given else ("missing_comparison", "no")
        place.refuse(code, f"has {problem} comparison; it needs one of {', '.join(COMPARISONS)}")
        return None
    op, bound = given[0], fields[given[0]]
    if op != "between":
        number = read_number(bound, place.key(op))
        return None if number is None else Cmp(op, number)
    if not isinstance(bound, list | tuple) or len(bound) != 2:
        place.key(op).refuse("bad_number", "must be a list of two numbers")
        return None
    low, high = (read_number(end, place.key(op).item(index)) for index, end in enumerate(bound))
    if low is None or high is None:
        return None
    if number_pair_reversed(low, high):
        place.key(op).refuse("wrong_order", "must have the lower number first")
        return None
    return Cmp(op, low, high)


def read_operand(operand: Operand, document: object, place: Place) -> tuple[Value] | None:
    """The value that an operator takes, in a tuple of one, as a value may itself be None."""
    if operand is PATTERNS and not _count_patterns(document, place):
        return None
    try:
        return (operand.read(document),)
    except Misfit as misfit:
        there = place if misfit.at is None else place.item(misfit.at)
        there.refuse(misfit.code, f"{misfit.message}; the operator takes {operand.means}")
        return None


def _count_patterns(document: object, place: Place) -> bool:
    """Whether the rule may have these too; they take milliseconds each to compile, so that is asked before."""
    place.parse.patterns += len(document) if isinstance(document, list | tuple) else 1
    if place.parse.patterns <= MAX_PATTERNS:
        return True
    place.refuse("too_many_patterns", f"a rule may not have more than {MAX_PATTERNS} regular expressions")
    return False
