"""The table of all kinds of condition: what each is compiled to.

Owns the step from a parsed condition to its leaf and the series that it wishes for. A new measure is one small class in
`streams.measures`; a new kind of condition one class with a row here. Source: contract section 5.
"""

from collections.abc import Callable
from typing import Any

from schemas.rule_tree import Condition
from schemas.rules import Cmp, Did, Listed, Ref, Sequence, User
from streams import merged, wishes
from streams.firsts import FirstLeaf
from streams.held import held_leaf
from streams.leaf import Context, Leaf
from streams.lists import ListLeaf
from streams.measures import MEASURES
from streams.periods import PeriodsLeaf
from streams.sequences import SequenceLeaf
from streams.spans import Span, span_of
from streams.thresholds import SHOWN, accepted_counts, count_leaf
from streams.user_leaves import RefLeaf, user_leaf
from streams.visit_series import VISIT
from streams.windowed import WindowLeaf
from streams.wishes import Wish


def leaf_of(condition: Condition, context: Context) -> Leaf | None:
    """The compiled condition; None for a reference to a segment that has no version to mean."""
    return _KINDS[type(condition)](condition, context)


def _did(did: Did, context: Context) -> Leaf:
    span = span_of(did.window, context.covers_from)
    if did.measure.cmp is None:
        keeps = wishes.TIMES if did.selector.event == VISIT else wishes.FIRST
        wish = Wish(did.selector, keeps, start=context.covers_from)
        return FirstLeaf(context.series(wish), context.covers_from, span)
    if did.periods is not None:
        reach = Span(did.periods.every * did.periods.of_last, 0, 0, 0)
        key = context.series(_wish(did, reach, MEASURES[did.measure.kind].keeps))
        return PeriodsLeaf(key, did.measure.kind, did.measure.cmp, did.periods)
    return _measured(did, did.measure.cmp, span, context)


def _measured(did: Did, cmp: Cmp, span: Span, context: Context) -> Leaf:
    """A measure in a window; of what only its old end leaves out, a number of different things needs the newest few.

    A count that needs no more than are always kept one by one is a threshold.
    """
    kind, measure = did.measure.kind, MEASURES[did.measure.kind]
    # Visits are no such events: a late one may make two of them one.
    grows = cmp.op in measure.grows and did.selector.event != VISIT
    if not span.open or (did.selector.event == VISIT and kind != "count"):
        return WindowLeaf(context.series(_wish(did, span, measure.keeps)), kind, cmp, span, grows)
    need = max(accepted_counts(cmp).need, SHOWN) if measure.counts else None
    key = context.series(_wish(did, span, measure.open, need))
    if kind == "count" and need is not None and need <= context.limit - merged.chunk(0, context.limit):
        return count_leaf(key, cmp, span)
    return WindowLeaf(key, kind, cmp, span, grows)


def _wish(did: Did, span: Span, keeps: str, need: int | None = None) -> Wish:
    return Wish(did.selector, keeps, did.measure.of, need, span.last, span.start)


def _sequence(sequence: Sequence, context: Context) -> Leaf:
    span = span_of(sequence.window, context.covers_from)
    steps = (Wish(step, age=span.last, start=span.start) for step in sequence.selectors)
    grows = all(step.event != VISIT for step in sequence.selectors)
    return SequenceLeaf(tuple(map(context.series, steps)), sequence.within, span, grows)


def _user(user: User, context: Context) -> Leaf:
    return user_leaf(user) if user.held is None else held_leaf(user, user.held, context)


def _reference(reference: Ref, context: Context) -> Leaf | None:
    slot = context.slot(reference.segment)
    return None if slot is None else RefLeaf(slot)


def _listed(listed: Listed, context: Context) -> Leaf:
    return ListLeaf(listed.slot)


_KINDS: dict[type[Any], Callable[[Any, Context], Leaf | None]] = {
    Did: _did,
    Sequence: _sequence,
    User: _user,
    Ref: _reference,
    Listed: _listed,
}
