"""Reading a rule from JSON: all of its mistakes at once, or the tree of `schemas.rules`.

Owns the grammar of rules and conditions, as contract section 5 has it. What the tree then is asked (references, cycles,
what is not evaluated yet) is in `schemas.rule_tree`, writing one back to JSON in `schemas.rule_json`. Whatever is sent
in is read in bounded time: no deeper than MAX_DEPTH, no further than MAX_CONDITIONS or MAX_ERRORS.
"""

from collections.abc import Callable

from schemas.measures import MEASURES
from schemas.operators import Reads, positive
from schemas.paths import is_user_path, split
from schemas.rule_errors import Parse, Place, RuleError, RuleErrors, shown
from schemas.rule_measures import read_held, read_measure, read_periods, read_window
from schemas.rule_selectors import MAX_PATH, read_asked, read_selector
from schemas.rule_shapes import read_kept_duration, read_list, read_object, read_text, refuse_unknown
from schemas.rule_tree import conditions, find_cycle, references, selectors
from schemas.rules import All, Any, Did, Held, Not, Ref, Rule, Selector, Sequence, User

__all__ = [
    "MAX_CONDITIONS",
    "MAX_DEPTH",
    "RuleError",
    "RuleErrors",
    "conditions",
    "find_cycle",
    "parse_rule",
    "references",
    "selectors",
]

MAX_CONDITIONS = 100
MAX_DEPTH = 10
MAX_SEGMENT = 64


def parse_rule(document: object, *, retention: int, exists: Callable[[str], bool]) -> Rule:
    """The rule that decoded JSON spells. `retention` is in ms; `exists` tells whether a segment of that id exists.

    Raises RuleErrors with every mistake (the first 100). Cycles take all segments to see: `find_cycle`.
    """
    parse = Parse(retention, exists)
    rule = _read_rule(document, Place(parse), 1)
    if rule is None or parse.errors:
        raise RuleErrors(parse.errors)
    return rule


def _read_rule(document: object, place: Place, depth: int) -> Rule | None:
    if place.full or place.parse.conditions > MAX_CONDITIONS:
        return None
    if depth > MAX_DEPTH:
        place.refuse("too_deep", f"rules may not be more than {MAX_DEPTH} deep")
        return None
    if not isinstance(document, dict):
        place.refuse("bad_type", f"must be an object, not {shown(document)}")
        return None
    kinds = [kind for kind in KINDS if kind in document]
    if len(kinds) == 1:
        return KINDS[kinds[0]](document, place, depth)
    if kinds:
        place.refuse("ambiguous_rule", f"has {' and '.join(kinds)}; a rule is one of them")
    else:
        place.refuse("unknown_rule", f"is none of {', '.join(KINDS)}")
    return None


def _read_list(document: dict[str, object], place: Place, kind: str, depth: int) -> tuple[Rule, ...] | None:
    refuse_unknown(document, place, (kind,))
    there, listed = place.key(kind), document[kind]
    # Each of them has a condition at least, so that a longer list is too many however it goes on.
    if isinstance(listed, list | tuple) and len(listed) > MAX_CONDITIONS:
        _refuse_conditions(there)
        return None
    items = read_list(listed, there, MAX_CONDITIONS) or ()
    rules = [_read_rule(item, there.item(index), depth + 1) for index, item in enumerate(items)]
    return None if not rules or None in rules else tuple(rule for rule in rules if rule is not None)


def _read_all(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    rules = _read_list(document, place, "all", depth)
    return None if rules is None else All(rules)


def _read_any(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    rules = _read_list(document, place, "any", depth)
    return None if rules is None else Any(rules)


def _read_not(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    refuse_unknown(document, place, ("not",))
    rule = _read_rule(document["not"], place.key("not"), depth + 1)
    return None if rule is None else Not(rule)


def _read_did(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    _count_condition(place)
    refuse_unknown(document, place, ("did", *MEASURES, "window", "periods"))
    selector = read_selector(document["did"], place.key("did"))
    measure = read_measure(document, place, None if selector is None else selector.event)
    window = read_window(document["window"], place.key("window")) if "window" in document else None
    periods = read_periods(document["periods"], place.key("periods")) if "periods" in document else None
    if "periods" in document:
        for other in document.keys() & {"window", "first"}:
            place.key("periods").refuse(f"periods_with_{other}", f"does not go with {other}")
    return None if selector is None or measure is None else Did(selector, measure, window, periods)


def _read_sequence(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    _count_condition(place)
    refuse_unknown(document, place, ("sequence", "within", "window"))
    steps = _read_steps(document["sequence"], place.key("sequence"))
    within = read_kept_duration(document["within"], place.key("within")) if "within" in document else None
    window = read_window(document["window"], place.key("window")) if "window" in document else None
    return None if steps is None else Sequence(steps, within, window)


def _read_steps(document: object, place: Place) -> tuple[Selector, ...] | None:
    if not isinstance(document, list | tuple):
        place.refuse("bad_type", f"must be a list, not {shown(document)}")
        return None
    if not 2 <= len(document) <= 5:
        place.refuse("sequence_length", "must have 2 to 5 selectors")
        return None
    steps = [read_selector(item, place.item(index)) for index, item in enumerate(document)]
    return None if None in steps else tuple(step for step in steps if step is not None)


def _read_user(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    _count_condition(place)
    fields = read_object(document, place, ("user", "op", "value", "for"), ("op",))
    if fields is None:
        return None
    path = read_text(fields["user"], place.key("user"), MAX_PATH)
    if path is not None and not is_user_path(path):
        place.key("user").refuse("unknown_path", f"users have no field {shown(path)}")
        path = None
    asked = read_asked(fields, place)
    held = _read_for(fields["for"], place.key("for"), path, asked and asked[0]) if "for" in fields else None
    return None if path is None or asked is None else User(path, *asked, held)


def _read_for(document: object, place: Place, path: str | None, op: str | None) -> Held | None:
    if path is not None and split(path)[0] != "traits":
        place.refuse("for_not_allowed", "is for traits only")
    if op is not None and positive(op).reads is Reads.AGE:
        place.refuse("for_not_allowed", f"does not go with {op}")
    return read_held(document, place)


def _read_segment(document: dict[str, object], place: Place, depth: int) -> Rule | None:
    _count_condition(place)
    refuse_unknown(document, place, ("segment",))
    there = place.key("segment")
    segment = document["segment"]
    if not isinstance(segment, str):
        there.refuse("bad_type", f"must be a segment's id, not {shown(segment)}")
        return None
    if len(segment) > MAX_SEGMENT or not place.parse.exists(segment):
        there.refuse("unknown_segment", f"there is no segment {shown(segment)}")
        return None
    return Ref(segment)


def _count_condition(place: Place) -> None:
    place.parse.conditions += 1
    if place.parse.conditions == MAX_CONDITIONS + 1:
        _refuse_conditions(place)


def _refuse_conditions(place: Place) -> None:
    place.refuse("too_many_conditions", f"a rule may not have more than {MAX_CONDITIONS} conditions")


KINDS: dict[str, Callable[[dict[str, object], Place, int], Rule | None]] = {
    "all": _read_all,
    "any": _read_any,
    "not": _read_not,
    "did": _read_did,
    "sequence": _read_sequence,
    "user": _read_user,
    "segment": _read_segment,
}
