"""One user's findings in words: what was found by a rule, what is missing, and until when it stays so.

Owns what follows a rule's own sentence where it is told of a user, one row a kind of rule. The words of a measure stand
in its row of `schemas.measures`. What was found comes as explanations show it, ready for JSON.
"""

from collections.abc import Callable
from typing import Any as Json
from typing import NamedTuple

from schemas.measures import MEASURES
from schemas.rules import All, Any, Did, Listed, Not, Ref, Rule, Sequence, User
from schemas.times import format_instant
from schemas.values import text_of
from streams import words
from streams.sentences import sentence
from streams.thresholds import accepted_counts

_NOTHING = "there is none"
_MERGED = ", and older ones that are not kept one by one"


class Finding(NamedTuple):
    """A rule and a user: `next_change` in ms; `parts`: which of a composite's children hold."""

    rule: Rule
    holds: bool
    next_change: int | None
    found: Json = None
    approximate: bool = False
    parts: tuple[bool, ...] = ()


def told(it: Finding) -> str:
    """The finding's sentence: `Users who viewed a page at least 3 times – no: once, needs 2 more`."""
    answer = "yes" if it.holds else "no"
    if it.next_change is not None:
        at = format_instant(it.next_change)
        answer += f", until {at}" if it.holds else f", but from {at} on"
        answer += " if nothing happens before"
    what = _KINDS[type(it.rule)](it)
    return f"{sentence(it.rule)} – {answer}" + (f": {what}" if what else "")


def ready(rule: Rule, found: Json) -> Json:
    """What a condition was decided by, as JSON has it: instants as text."""
    if isinstance(found, list) and isinstance(rule, Sequence):
        return list(map(format_instant, found))
    if isinstance(rule, Did) and MEASURES[rule.measure.kind].instant and found is not None:
        return format_instant(found)
    return found


def unknown(rule: Rule, why: str) -> str:
    """A rule's sentence while nobody can say whom it holds for."""
    return f"{sentence(rule)} – not known: {why}"


def _joint(it: Finding) -> str:
    return f"{sum(it.parts)} of {len(it.parts)} hold"


def _did(it: Finding) -> str:
    did = it.rule
    assert isinstance(did, Did)
    if it.found is None:
        return MEASURES[did.measure.kind].none or _NOTHING
    if did.periods is not None:
        missing = did.periods.at_least - it.found
        amount, rest = f"{it.found} of them", f", needs {missing} more" if missing > 0 else ""
    else:
        amount, rest = _amount(did, it.found), _missing(did, it.found)
    return amount + (_MERGED if it.approximate else "") + rest


def _amount(did: Did, found: Json) -> str:
    row = MEASURES[did.measure.kind]
    if row.instant:
        return row.found.format(number=found)
    word = {1: row.one, 0: row.none}.get(found)
    return word or row.found.format(number=words.number(found))


def _missing(did: Did, found: Json) -> str:
    """How far a number is from what is asked, where that helps."""
    row, cmp = MEASURES[did.measure.kind], did.measure.cmp
    if cmp is None:
        return ""
    low: float = cmp.value if cmp.op in ("eq", "gte", "between") else found
    high: float = found
    if row.whole:
        low, high, others = accepted_counts(cmp)
        if others or low > high:
            return ""
    if row.short and found < low:
        return ", " + row.short.format(number=words.number(low - found))
    return ", " + row.over.format(number=words.number(found - high)) if row.over and found > high else ""


def _sequence(it: Finding) -> str:
    assert isinstance(it.rule, Sequence)
    done = it.found or ()
    return "done at " + ", ".join(done) if it.holds else f"{len(done)} of {len(it.rule.selectors)} steps"


def _user(it: Finding) -> str:
    return _NOTHING if text_of(it.found) is None and not it.found else f"it is {words.value(it.found)}"


_KINDS: dict[type, Callable[[Finding], str]] = {
    All: _joint,
    Any: _joint,
    Not: lambda it: "",
    Did: _did,
    Sequence: _sequence,
    User: _user,
    Listed: lambda it: "as " + " and ".join(map(words.quoted, it.found)) if it.found else "",
    Ref: lambda it: "a member" if it.found else "no member",
}
