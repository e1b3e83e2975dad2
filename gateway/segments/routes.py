"""`/v1/segments`: POST, GET, PUT, PATCH, DELETE, versions. Source: contract section 4.

Owns the handlers: each reads, decides by the pure functions beside it, writes, answers. Every change is made under the
definitions' lock and answered once it is read back, so that the next call sees it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from gateway.answers.sizes import Sizes
from gateway.clock import now
from gateway.errors import Refused, json_response, read_object
from gateway.ports import Definitions, Lookups
from gateway.segments import drafts, versions
from gateway.segments.fills import reports_of, under_way
from gateway.segments.listed import Change, read_change
from gateway.segments.lists import Lists
from gateway.segments.rulebook import RuleBook, same_rule
from gateway.segments.shapes import Reports, past, shown
from schemas.segments import SegmentRecord
from schemas.views import unpack_counts


class SegmentRoutes:
    """The handlers; all may raise Unavailable."""

    def __init__(self, definitions: Definitions, lookups: Lookups, sizes: Sizes, lists: Lists, retention: int) -> None:
        self._definitions = definitions
        self._lookups = lookups
        self._sizes = sizes
        self._lists = lists
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
            record = versions.bare(id, draft.name or "", draft.description or "", at)
            if draft.static:
                version = await self._lists.make(record, draft.users or ())
            else:
                await self._definitions.write([record := self._with_rule(record, draft.rule, at)])
        if draft.static:
            return await self._changed(id, await self._lists.fill(id, version, draft.users or ()), 201)
        return await self._answer(record, 201, {"Location": f"/v1/segments/{id}"})

    async def replace(self, request: web.Request) -> web.Response:
        """Another name, description and rule; the rule is filled in anew even where it is the same."""
        draft = drafts.read_replacement(await read_object(request), request.match_info["id"])
        async with self._definitions.writing():
            at, before = now(), self._found(request)
            static = versions.newest(before).static
            drafts.require_kind(draft, static)
            record = versions.with_text(before, draft.name or "", draft.description or "", at)
            record = record if static else self._with_rule(record, draft.rule, at)
            await self._definitions.write([record])
        return await self._listing(record, draft)

    async def merge(self, request: web.Request) -> web.Response:
        """What is given changes; a rule that is as it was needs no new version, unless its fill failed."""
        draft = drafts.read_merge(await read_object(request), request.match_info["id"])
        async with self._definitions.writing():
            at, before = now(), self._found(request)
            drafts.require_kind(draft, versions.newest(before).static)
            name = before.name if draft.name is None else draft.name
            description = before.description if draft.description is None else draft.description
            record = versions.with_text(before, name, description, at)
            current = versions.newest(before)
            if draft.rule is not None and (not same_rule(draft.rule, current.rule) or current.status == "failed"):
                record = self._with_rule(record, draft.rule, at)
            if record is not before:
                await self._definitions.write([record])
        return await self._listing(record, draft)

    async def users(self, request: web.Request) -> web.Response:
        """Who is on a static list: put on it, taken off, or all of them."""
        id = self._found(request).id
        change = read_change(await read_object(request))
        return await self._changed(id, await self._lists.put(id, change))

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

    async def _listing(self, record: SegmentRecord, draft: drafts.Draft) -> web.Response:
        """The answer, once the users are the list's where the body names some."""
        if draft.users is None:
            return await self._answer(record)
        return await self._changed(record.id, await self._lists.put(record.id, Change("replace", draft.users)))

    async def _changed(self, id: str, position: str, status: int = 200) -> web.Response:
        """The answer to a change of a list: the segment, and up to where the change reaches."""
        if (record := self._definitions.segments.get(id)) is None:
            raise drafts.not_found(id)
        self._sizes.forget()
        document = (await self.documents([record]))[0]
        headers = {"Location": f"/v1/segments/{id}"} if status == 201 else None
        return json_response({**document, "position": position}, status, headers)

    async def documents(self, records: Iterable[SegmentRecord]) -> list[dict[str, Any]]:
        """The segments as they look over HTTP."""
        snapshot = await self._sizes.now()
        reports = await self._reports()
        records = list(records)
        listed = await self._listed() if any(versions.newest(record).static for record in records) else {}
        return [shown(record, snapshot, reports, listed) for record in records]

    async def _listed(self) -> dict[int, int]:
        """Slot of a static list → how many ids are on it, over all partitions."""
        listed: Counter[int] = Counter()
        for each in await self._lookups.fields():
            listed.update(unpack_counts(each.get("listed", "")))
        return listed

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
