"""Reading selectors: which events, and what their fields must meet; and the operator and value of any condition.

Owns the grammar of Selector and Filter, as contract section 5 has it. Every reader takes the JSON and its place, tells
the place what is wrong and then gives None.
"""

from schemas.operands import MAX_TEXT, NOTHING
from schemas.operators import OPERATORS, positive
from schemas.paths import is_event_path, is_visit_path
from schemas.rule_errors import Place, shown
from schemas.rule_shapes import read_list, read_object, read_operand, read_text
from schemas.rules import Filter, Selector, Value

VISIT = "$visit"
SYSTEM_EVENTS = ("$page", "$click", "$experience", "$identify", VISIT)
MAX_FILTERS = 100
MAX_PATH = 1_024


def read_selector(document: object, place: Place) -> Selector | None:
    fields = read_object(document, place, ("event", "where"), ("event",))
    if fields is None:
        return None
    event = _read_event(fields["event"], place.key("event"))
    filters = _read_filters(fields.get("where", []), place.key("where"), event)
    return None if event is None or filters is None else Selector(event, filters)


def read_event_path(document: object, place: Place, event: str | None) -> str | None:
    """A PATH of this event; of an event that could not be read, None, any event's path will do."""
    path = read_text(document, place, MAX_PATH)
    if path is None or is_event_path(path):
        return path
    if not is_visit_path(path):
        place.refuse("unknown_path", f"events have no field {shown(path)}")
    elif event not in {VISIT, None}:
        place.refuse("unknown_path", f"only {VISIT} has {path}")
    else:
        return path
    return None


def read_asked(fields: dict[str, object], place: Place) -> tuple[str, Value] | None:
    """`op` and `value` of a condition's fields, when the one takes the other."""
    op = fields["op"]
    if not isinstance(op, str) or op not in OPERATORS:
        place.key("op").refuse("unknown_operator", f"there is no operator {shown(op)}")
        return None
    operand = positive(op).operand
    if "value" in fields:
        value = read_operand(operand, fields["value"], place.key("value"))
        return None if value is None else (op, value[0])
    if operand is NOTHING:
        return op, None
    place.key("value").refuse("missing_value", f"{op} takes {operand.means}")
    return None


def _read_event(document: object, place: Place) -> str | None:
    event = read_text(document, place, MAX_TEXT)
    if event is not None and event.startswith("$") and event not in SYSTEM_EVENTS:
        place.refuse("unknown_event", f"{shown(event)} is none of {', '.join(SYSTEM_EVENTS)}")
        return None
    return event


def _read_filters(document: object, place: Place, event: str | None) -> tuple[Filter, ...] | None:
    if document in ([], ()):
        return ()
    listed = read_list(document, place, MAX_FILTERS)
    filters = [_read_filter(item, place.item(index), event) for index, item in enumerate(listed or ())]
    complete = tuple(filter for filter in filters if filter is not None)
    return complete if complete and len(complete) == len(filters) else None


def _read_filter(document: object, place: Place, event: str | None) -> Filter | None:
    fields = read_object(document, place, ("field", "op", "value"), ("field", "op"))
    if fields is None:
        return None
    path = read_event_path(fields["field"], place.key("field"), event)
    asked = read_asked(fields, place)
    return None if path is None or asked is None else Filter(path, *asked)
