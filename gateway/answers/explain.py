"""Why a user is a member of a segment or not: `GET /v1/users/{id}/explain/{segment}`.

Owns which version is explained, and what is said of one that nobody can be in yet; every judgement is
`streams.explaining`'s, over the row that Redis has of the user. Source: contract section 3.
"""

import asyncio
from typing import Any

from aiohttp import web

from gateway.cache import LiveTable
from gateway.clock import now
from gateway.errors import Refused, json_response
from gateway.ports import Definitions, Lookups
from gateway.segments.drafts import not_found
from gateway.segments.rulebook import sentence_of
from gateway.segments.versions import newest
from schemas.profile import Profile, decode_row, due_of
from schemas.rule_parser import RuleErrors
from schemas.segments import SegmentRecord, SegmentVersion
from schemas.times import SECOND, format_instant
from streams.compiled import spec_of
from streams.explained import not_known
from streams.explaining import Explainer, Explanation
from streams.limits import Limits
from streams.ruleset import SegmentSpec

MOST_KEPT = 64
"""Segments whose compiled rule is kept; the largest take a megabyte."""

PATIENCE = 1 * SECOND
"""How long the next changes are looked for: usually a millisecond, but a rule may be made to flap for ever."""


class ExplainAnswer:
    """The handler; may raise Unavailable. What is compiled is kept until any definition changes."""

    def __init__(self, definitions: Definitions, lookups: Lookups, table: LiveTable, limits: Limits) -> None:
        self._definitions = definitions
        self._lookups = lookups
        self._table = table
        self._limits = limits
        self._compiled: dict[str, Explainer] = {}
        self._turn = asyncio.Lock()
        definitions.on_change(self._forget)

    def _forget(self) -> None:
        self._compiled = {}

    async def explain(self, request: web.Request) -> web.Response:
        """404 for an unknown segment or user."""
        self._table.require()
        id = request.match_info["segment"]
        if (record := self._definitions.segments.get(id)) is None:
            raise not_found(id)
        value = await self._lookups.row(request.match_info["id"])
        row = None if value is None else decode_row(value)
        if value is None or not isinstance(row, Profile):
            raise Refused(404, "unknown_user", "no user is known by this id")
        user = row.canonical
        # One at a time and beside the loop: a hostile rule may take a second, and lookups go on meanwhile.
        async with self._turn:
            told = await asyncio.to_thread(self._told, record, row, due_of(value), self._compiled)
        change = None if told.next_change is None else format_instant(told.next_change)
        body = {"user": user, "segment": id, "member": told.member, "next_change": change, "rule": told.rule}
        return json_response(body)

    def _told(self, record: SegmentRecord, row: Profile, due: int, compiled: dict[str, Explainer]) -> Explanation:
        if record.live is None:
            return _nobody(newest(record))
        if record.id not in compiled:
            while len(compiled) >= MOST_KEPT:
                del compiled[next(iter(compiled))]
            try:
                compiled[record.id] = self._compile(record.id, record.live)
            except RuleErrors:
                return _unreadable(record.live)
        at = now()
        return compiled[record.id].explain(row, due, at, lambda: now() < at + PATIENCE)

    def _compile(self, id: str, version: SegmentVersion) -> Explainer:
        fill = self._definitions.fill
        document = _document(version)
        return Explainer(document, spec_of(id, version), self._live, self._limits, fill.fill if fill else 0)

    def _live(self, id: str) -> SegmentSpec | None:
        """The live version of a segment that a rule refers to."""
        record = self._definitions.segments.get(id)
        try:
            return None if record is None or record.live is None else spec_of(id, record.live)
        except RuleErrors:
            return None


def _document(version: SegmentVersion) -> dict[str, Any]:
    """What a version was posted as; a static one has no rule."""
    return {"static": True} if version.static else version.rule


def _nobody(version: SegmentVersion) -> Explanation:
    """Of a segment that has no live version: nobody is in it, and what its rule would say is not known."""
    filling = version.status == "backfilling"
    why = "the segment is being filled in" if filling else f"it could not be filled in: {version.error}"
    try:
        return Explanation(False, None, not_known(_document(version), spec_of("", version).rule, why))
    except RuleErrors:
        return _unreadable(version)


def _unreadable(version: SegmentVersion) -> Explanation:
    """Of a rule that somebody else wrote into the topic: nobody is in it."""
    return Explanation(
        False, None, {**version.rule, "holds": False, "next_change": None, "sentence": sentence_of(version)}
    )
