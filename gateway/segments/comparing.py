"""`POST /v1/segments/compare`: how segments overlap, and how many users are in an expression over them.

Owns what may be asked. All figures are of one reading of the bitmaps, so that they agree with each other. A segment
that is not live yet has nobody in it. Source: contract section 4.
"""

import asyncio
from typing import Any

from aiohttp import web

from gateway.errors import invalid, json_response, read_object
from gateway.ports import Definitions, Lookups
from gateway.segments.rulebook import refused
from schemas.rule_parser import RuleErrors, conditions, parse_rule, references
from schemas.rules import Ref, Rule
from schemas.segments import SLOT_KNOWN
from streams.overlaps import Overlaps

FEWEST, MOST = 2, 10
_KEYS = frozenset(("segments", "expression"))
_ANY_LENGTH = 1 << 62
"""Nothing in an expression has a length."""


class Comparing:
    """The handler; may raise Unavailable."""

    def __init__(self, definitions: Definitions, lookups: Lookups) -> None:
        self._definitions = definitions
        self._lookups = lookups

    async def compare(self, request: web.Request) -> web.Response:
        document = await read_object(request)
        asked, expression = self._read(document)
        found = await self._overlaps(asked, expression)
        answer: dict[str, Any] = {
            "sizes": found.sizes,
            "overlaps": [
                {"a": one, "b": other, "both": both, "jaccard": found.jaccard(one, other)}
                for (one, other), both in found.both.items()
            ],
            "all": found.all,
            "any": found.any,
        }
        return json_response(answer if expression is None else {**answer, "expression": found.expression})

    async def _overlaps(self, asked: list[str], expression: Rule | None) -> Overlaps:
        ids = list(dict.fromkeys([*asked, *sorted(references(expression) if expression is not None else ())]))
        slots = {id: live.slot for id in ids if (live := self._definitions.segments[id].live) is not None}
        partitions = await self._lookups.bitmaps([SLOT_KNOWN, *slots.values()])
        return await asyncio.to_thread(_counted, partitions, list(slots), ids, asked, expression)

    def _read(self, document: dict[str, Any]) -> tuple[list[str], Rule | None]:
        """The ids asked for and the expression. Raises Refused 422."""
        if unknown := sorted(document.keys() - _KEYS):
            raise invalid(*((key, "unknown_key", f"`{key}` is no part of a comparison") for key in unknown))
        asked = document.get("segments")
        if not isinstance(asked, list) or not all(isinstance(each, str) for each in asked):
            raise invalid(("segments", "not_a_list", "`segments` has to be a list of ids of segments"))
        if not FEWEST <= len(asked) <= MOST:
            raise invalid(("segments", "bad_number", f"{FEWEST} to {MOST} segments can be compared"))
        if mistakes := self._mistakes(asked):
            raise invalid(*mistakes)
        expression = document.get("expression")
        return asked, None if expression is None else self._read_expression(expression)

    def _mistakes(self, asked: list[str]) -> list[tuple[str, str, str]]:
        mistakes = []
        for index, id in enumerate(asked):
            if id not in self._definitions.segments:
                mistakes.append((f"segments[{index}]", "unknown_segment", f"there is no segment {id[:100]!r}"))
            elif id in asked[:index]:
                mistakes.append((f"segments[{index}]", "twice", f"{id!r} is named twice"))
        return mistakes

    def _read_expression(self, document: Any) -> Rule:
        try:
            expression = parse_rule(document, retention=_ANY_LENGTH, exists=self._definitions.segments.__contains__)
        except RuleErrors as errors:
            raise refused(errors.errors, "expression") from None
        if not all(isinstance(each, Ref) for each in conditions(expression)):
            raise invalid(("expression", "not_a_segment", "an expression is `all`, `any` and `not` over segments"))
        return expression


def _counted(
    partitions: list[list[bytes]], live: list[str], ids: list[str], asked: list[str], expression: Rule | None
) -> Overlaps:
    """Beside the loop: of ten million users it takes tens of milliseconds."""
    overlaps = Overlaps({})
    for bitmaps in partitions:
        longest = max(map(len, bitmaps))
        known, *sets = (int.from_bytes(each.ljust(longest, b"\0")) for each in bitmaps)
        members = dict.fromkeys(ids, 0) | dict(zip(live, sets, strict=True))
        overlaps.add(known, members, asked, expression)
    return overlaps
