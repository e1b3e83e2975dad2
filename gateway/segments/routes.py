"""`/v1/segments`: POST, GET, PUT, PATCH, DELETE, versions. Source: contract section 4.

Owns the handlers: each reads, decides by the pure functions beside it, writes, answers. Every change is made under the
definitions' lock and answered once it is read back, so that the next call sees it.
"""

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gateway.answers.sizes import Sizes
from gateway.clock import now
from gateway.errors import Refused, json_response, read_object
from gateway.ports import Definitions, Lookups
from gateway.segments import drafts, versions
from gateway.segments.fills import reports_of, under_way
from gateway.segments.rulebook import RuleBook, same_rule
from gateway.segments.shapes import Reports, past, shown
from schemas.segments import SegmentRecord


class SegmentRoutes:
    """The handlers; all may raise Unavailable."""

    def __init__(self, definitions: Definitions, lookups: Lookups, sizes: Sizes, retention: int) -> None:
        self._definitions = definitions
        self._lookups = lookups
        self._sizes = sizes
        self._retention = retention
        self._rules = RuleBook(definitions, retention)

    async def all(self, _: web.Request) -> web.Response:
        ordered = sorted(self._definitions.segments.values(), key=lambda record: (record.created, record.id))
        return json_response({"segments": await self.documents(ordered)})

    async def one(self, request: web.Request) -> web.Response:
        return await self._answer(self._found(request))

    async def versions(self, request: web.Request) -> web.Response:
        return json_response(past(self._found(request)))

    async def create(self, request: web.Request) -> web.Response:
        id, draft = drafts.read_new(await read_object(request))
        async with self._definitions.writing():
            if id in self._definitions.segments:
                raise drafts.taken(id)
            at = now()
            record = self._with_rule(versions.bare(id, draft.name or "", draft.description or "", at), draft.rule, at)
            await self._definitions.write([record])
        return await self._answer(record, 201, {"Location": f"/v1/segments/{id}"})

    async def replace(self, request: web.Request) -> web.Response:
        """Another name, description and rule; the rule is filled in anew even where it is the same."""
        draft = drafts.read_replacement(await read_object(request), request.match_info["id"])
        async with self._definitions.writing():
            at = now()
            text = versions.with_text(self._found(request), draft.name or "", draft.description or "", at)
            record = self._with_rule(text, draft.rule, at)
            await self._definitions.write([record])
        return await self._answer(record)

    async def merge(self, request: web.Request) -> web.Response:
        """What is given changes; a rule that is as it was needs no new version, unless its fill failed."""
        draft = drafts.read_merge(await read_object(request), request.match_info["id"])
        async with self._definitions.writing():
            at, before = now(), self._found(request)
            name = before.name if draft.name is None else draft.name
            description = before.description if draft.description is None else draft.description
            record = versions.with_text(before, name, description, at)
            current = versions.newest(before)
            if draft.rule is not None and (not same_rule(draft.rule, current.rule) or current.status == "failed"):
                record = self._with_rule(record, draft.rule, at)
            if record is not before:
                await self._definitions.write([record])
        return await self._answer(record)

    async def delete(self, request: web.Request) -> web.Response:
        async with self._definitions.writing():
            id = self._found(request).id
            if referring := self._rules.referring_to(id):
                raise Refused(
                    409,
                    "referenced",
                    "other segments refer to this one: " + ", ".join(referring),
                    {"segments": referring},
                )
            await self._definitions.delete(id)
        return web.Response(status=204)

    async def documents(self, records: Iterable[SegmentRecord]) -> list[dict[str, Any]]:
        """The segments as they look over HTTP."""
        snapshot = await self._sizes.now()
        reports = await self._reports()
        return [shown(record, snapshot, reports) for record in records]

    async def _answer(
        self, record: SegmentRecord, status: int = 200, headers: dict[str, str] | None = None
    ) -> web.Response:
        return json_response((await self.documents([record]))[0], status, headers)

    async def _reports(self) -> Reports:
        fill = self._definitions.fill
        if fill is None or not under_way(fill):
            return fill, ()
        return fill, reports_of(await self._lookups.fields(), fill.fill)

    def _found(self, request: web.Request) -> SegmentRecord:
        id = request.match_info["id"]
        if (record := self._definitions.segments.get(id)) is None:
            raise drafts.not_found(id)
        return record

    def _with_rule(self, record: SegmentRecord, rule: Any, at: int) -> SegmentRecord:
        self._rules.check(rule, record.id)
        return versions.with_rule(record, rule, self._next_slot(), at, self._retention)

    def _next_slot(self) -> int:
        return versions.next_slot(self._definitions.segments.values(), self._definitions.fill)
