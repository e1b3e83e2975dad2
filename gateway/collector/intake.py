"""A tracking request from its body to its answer: every call judged, everything written at once, then told.

Owns the order of these steps. Answers only once the broker has all of the request's records, dead letters included.
"""

import asyncio
import time
from typing import Any, Protocol

from aiohttp import web

from gateway.budget import Budget
from gateway.collector import body
from gateway.collector.bundle import Bundle
from gateway.collector.known import Known
from gateway.collector.rate import RateLimit
from gateway.collector.write_key import WriteKey
from gateway.errors import Refused, json_response
from gateway.position import Ends, encode_position
from gateway.producer import Lanes
from schemas.calls import MAX_EVENTS, CallContext, CallType, Ignored, Policy
from schemas.errors import Rejected
from schemas.times import parse_instant
from stores.telemetry import counter, histogram
from streams.normalise import normalise
from streams.normalise_body import read_body
from streams.normalise_text import fitting, record

_SLICE = 100
"""Calls judged before other requests get a turn: some 3 ms."""


class Writer(Protocol):
    """What the collector needs of `gateway.producer.Producer`."""

    async def write(self, lanes: Lanes) -> Ends: ...


class Intake:
    """Takes requests of the tracking API."""

    def __init__(
        self,
        key: WriteKey,
        writer: Writer,
        budget: Budget,
        rate: RateLimit,
        policy: Policy,
        partitions: int,
        known: Known,
    ) -> None:
        self._key = key
        self._rate = rate
        self._writer = writer
        self._budget = budget
        self._policy = policy
        self._partitions = partitions
        self._known = known
        self._arrival = 0
        self._refusals = counter("shoal_dead_letters_total")
        self._seconds = histogram("shoal_collect_seconds")

    async def single(self, request: web.Request, kind: CallType) -> web.Response:
        """One call; its type is the path's."""
        started = time.perf_counter()
        call = await self._read(request)
        context = self._context(request, 1, kind, {})
        return await self._take([call], context, started)

    async def batch(self, request: web.Request) -> web.Response:
        started = time.perf_counter()
        document = await self._read(request)
        calls = document.get("batch") if isinstance(document, dict) else None
        if not (isinstance(document, dict) and isinstance(calls, list)):
            raise Refused(400, "bad_batch", "the body has to be an object with a list `batch`")
        if len(calls) > MAX_EVENTS:
            raise Refused(400, "too_many", f"a batch has at most {MAX_EVENTS} events, not {len(calls)}")
        return await self._take(calls, self._context(request, len(calls), None, document), started)

    async def _read(self, request: web.Request) -> Any:
        """The body as JSON, of someone with the key."""
        with_header = self._key.require_header(request)
        raw = await body.read(request, self._budget)
        try:
            document = read_body(raw)
        except Rejected as broken:
            if with_header or "writeKey" in request.query:
                self._key.require(request)
            raise Refused(400, broken.code, broken.message) from None
        self._key.require(request, document)
        return document

    def _context(self, request: web.Request, calls: int, kind: CallType | None, batch: dict[str, Any]) -> CallContext:
        now = time.time_ns() // 1000
        first = max(self._arrival + 1, now)
        self._arrival = first + calls
        browser = "Origin" in request.headers
        return CallContext(
            received=now // 1000,
            arrival=first,
            type=kind,
            sent_at=parse_instant(batch.get("sentAt")),
            context=_batch_context(batch),
            agent=request.headers.get("User-Agent") if browser else None,
            address=request.remote if browser else None,
            gpc=request.headers.get("Sec-GPC") == "1",
        )

    async def _take(self, calls: list[Any], context: CallContext, started: float) -> web.Response:
        self._rate.take(len(calls))
        bundle = Bundle(self._known, self._partitions, context.received)
        rejected, reasons = [], []
        for index, call in enumerate(calls):
            if index % _SLICE == _SLICE - 1:
                await asyncio.sleep(0)
            result = normalise(call, context, self._policy, index)
            if isinstance(result, Rejected):
                bundle.reject(call, index, result)
                rejected.append({"index": index, "code": result.code, "message": result.message})
                reasons.append(result.code)
            elif isinstance(result, Ignored):
                reasons.append(result.reason)
            else:
                bundle.accept(result)
        written = await self._writer.write(bundle.lanes)
        bundle.acknowledged(written)
        for reason in reasons:
            self._refusals.labels(reason).inc()
        answer: dict[str, Any] = {"success": True, "position": encode_position(bundle.ends(written))}
        if rejected:
            answer["rejected"] = rejected
        self._seconds.observe(time.perf_counter() - started)
        return json_response(answer)


def _batch_context(batch: dict[str, Any]) -> dict[str, Any]:
    """The context that a batch's calls share. Raises Refused 400 where it is larger or deeper than an event may be."""
    try:
        return fitting(record(batch.get("context")))
    except Rejected as refused:
        raise Refused(400, refused.code, f"the batch's context: {refused.message}") from None
