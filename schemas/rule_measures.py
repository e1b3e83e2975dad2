"""Reading what a condition makes of its events: measures, windows, periods; and how long one has held, `for`.

Owns their grammar, as contract section 5 has it. Every reader takes the JSON and its place, tells the place what is
wrong and then gives None.
"""

from schemas.measures import MEASURES
from schemas.rule_errors import Place, shown
from schemas.rule_selectors import read_event_path
from schemas.rule_shapes import (
    COMPARISONS,
    is_kept,
    read_comparison,
    read_duration,
    read_instant,
    read_kept_duration,
    read_object,
    read_whole,
)
from schemas.rules import Cmp, Fixed, Held, Measure, MeasureKind, Periods, Rolling, Window

AT_LEAST_ONCE = Measure("count", Cmp("gte", 1))


def read_measure(fields: dict[str, object], place: Place, event: str | None) -> Measure | None:
    """The measure among a Did's fields; where there is none, that it happened at all."""
    given = [kind for kind in MEASURES if kind in fields]
    if len(given) > 1:
        place.refuse("two_measures", f"has {' and '.join(given)}; a condition has one measure")
    measures = [_read_measure(kind, fields[kind], place.key(kind), event) for kind in given]
    if not measures:
        return AT_LEAST_ONCE
    return measures[0] if len(measures) == 1 else None


def _read_measure(kind: MeasureKind, document: object, place: Place, event: str | None) -> Measure | None:
    row = MEASURES[kind]
    if not row.takes_number:
        if document is True:
            return Measure(kind, None)
        place.refuse("bad_type", f"must be true, not {shown(document)}")
        return None
    needed = ("of",) if row.takes_field else ()
    fields = read_object(document, place, (*needed, *COMPARISONS), needed)
    if fields is None:
        return None
    comparison = read_comparison(fields, place)
    of = read_event_path(fields["of"], place.key("of"), event) if needed else None
    if comparison is None or (needed and of is None):
        return None
    return Measure(kind, comparison, of)


def read_window(document: object, place: Place) -> Window:
    """The window; None where it could not be read, and the place was told so."""
    fields = read_object(document, place, ("last", "until", "from", "to"))
    if fields is None:
        return None
    rolling, fixed = fields.keys() & {"last", "until"}, fields.keys() & {"from", "to"}
    if rolling and fixed:
        place.refuse("mixed_window", "has both a rolling and a fixed bound")
    elif rolling:
        return _read_rolling(fields, place)
    elif fixed:
        return _read_fixed(fields, place)
    elif document == {}:
        place.refuse("empty_window", "has no bound; leave the window away for ever")
    return None


def _read_rolling(fields: dict[str, object], place: Place) -> Rolling | None:
    if "last" not in fields:
        place.key("last").refuse("missing_key", "last is missing")
        return None
    last = read_kept_duration(fields["last"], place.key("last"))
    if "until" not in fields:
        return None if last is None else Rolling(last)
    until = read_duration(fields["until"], place.key("until"))
    if last is None or until is None:
        return None
    if until >= last:
        place.key("until").refuse("until_not_before_last", "must be shorter than last")
        return None
    return Rolling(last, until)


def _read_fixed(fields: dict[str, object], place: Place) -> Fixed | None:
    ends = {name: read_instant(fields[name], place.key(name)) for name in ("from", "to") if name in fields}
    if None in ends.values():
        return None
    start, end = ends.get("from"), ends.get("to")
    if start is not None and end is not None:
        if start > end:
            place.refuse("from_after_to", "ends before it begins")
            return None
        if not is_kept(end - start, place):
            return None
    return Fixed(start, end)


def read_periods(document: object, place: Place) -> Periods | None:
    names = ("every", "of_last", "at_least")
    fields = read_object(document, place, names, names)
    if fields is None:
        return None
    every = read_duration(fields["every"], place.key("every"))
    of_last = read_whole(fields["of_last"], place.key("of_last"))
    at_least = read_whole(fields["at_least"], place.key("at_least"))
    if of_last == 0:
        place.key("of_last").refuse("zero_periods", "must be at least 1")
    elif at_least is not None and of_last is not None and at_least > of_last:
        place.key("at_least").refuse("at_least_over_of_last", "must not be over of_last")
    elif every is not None and of_last is not None and is_kept(every * of_last, place) and at_least is not None:
        return Periods(every, of_last, at_least)
    return None


def read_held(document: object, place: Place) -> Held | None:
    fields = read_object(document, place, ("gte", "lt"))
    if fields is None:
        return None
    if len(fields) != 1:
        code = "two_comparisons" if fields else "missing_comparison"
        place.refuse(code, "needs one of gte, lt")
        return None
    op = "gte" if "gte" in fields else "lt"
    duration = read_duration(fields[op], place.key(op))
    return None if duration is None else Held("gte" if op == "gte" else "lt", duration)
