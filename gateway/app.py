"""The gateway process: its parts put together, its two listeners, its beginning and its graceful end.

Owns wiring only. `make_app` takes ports, so that tests stand in for Redis and Kafka; `run` makes the real ones.
"""

import asyncio
import gc
import logging
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import Any

import uvloop
from aiohttp import web

from gateway.answers.bulk import BulkAnswer
from gateway.answers.explain import ExplainAnswer
from gateway.answers.overview import OverviewAnswer
from gateway.budget import Budget
from gateway.collector import routes as collector
from gateway.collector.known import Known
from gateway.errors import Handler, guard
from gateway.geo import open_database
from gateway.health import add_health
from gateway.hotpath import HotPath
from gateway.metrics import MetricsAnswer
from gateway.pages.routes import Pages
from gateway.parts import Parts, make_parts
from gateway.producer import Producer
from gateway.segments.changing import LockedDefinitions
from gateway.segments.comparing import Comparing
from gateway.segments.coordinator import Coordinator
from gateway.segments.lock import Lock
from gateway.segments.routes import SegmentRoutes
from gateway.server import MakeProtocol, listening, until_told_to_stop
from gateway.stream.routes import Stream
from gateway.users import routes as users
from gateway.users.erasing import Erasing
from gateway.users.forgetting import Forgetting
from gateway.users.uploading import Uploads
from schemas.settings import Settings
from stores import keys
from stores.changes import open_changes
from stores.definitions import DefinitionLog
from stores.logs import set_up_logs
from stores.lookups import Lookups
from streams.limits import Limits
from streams.profile_view import describe_user

log = logging.getLogger("shoal.gateway")

LARGEST_BODY = 4 << 20
"""A thousand ids of 256 characters, each escaped; the collector has a cap of its own."""


def make_app(parts: Parts) -> web.Application:
    """The application of the port that everything is on, but for the collector."""
    app = web.Application(middlewares=[guard], client_max_size=LARGEST_BODY)
    segments = SegmentRoutes(parts.definitions, parts.lookups, parts.sizes, parts.lists, parts.settings.retention)
    _add_answers(app, parts)
    _add_segments(app, parts, segments)
    pages = Pages(parts, segments)
    pages.add_to(app)
    add_health(app, parts.health)
    settings = parts.settings
    limits = _limits(settings)
    coordinator = Coordinator(parts.definitions, parts.lookups, parts.lists, settings.partitions, limits)
    stream = _add_stream(app, parts)
    app.cleanup_ctx.append(_running(coordinator.run, pages.trends.run, stream.feed.run))
    return app


def make_metrics_app(parts: Parts) -> web.Application:
    """The application of the metrics port."""
    app = web.Application(middlewares=[guard])
    app.router.add_get("/metrics", MetricsAnswer(parts.sizes).metrics)
    add_health(app, parts.health)
    return app


def run(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Raises StartError for what keeps it from starting."""
    set_up_logs(settings)
    uvloop.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    lookups = Lookups(str(settings.redis), settings.namespace, settings.partitions)
    read = DefinitionLog(str(settings.kafka), settings.namespace)
    producer = Producer(settings, budget := Budget())
    definitions = LockedDefinitions(
        read,
        Lock(lookups.redis, keys.lock(settings.namespace)),
        lambda id: Lock(lookups.redis, keys.list_lock(settings.namespace, id)),
    )
    parts = make_parts(settings, lookups, definitions, describe_user, producer)
    app = make_app(parts)
    _add_collector(app, parts, producer, budget)
    async with AsyncExitStack() as opened:
        for close in (lookups.close, read.stop, producer.stop):
            opened.push_async_callback(close)
        reading = asyncio.create_task(read.start())
        opened.callback(reading.cancel)
        await producer.start()
        await opened.enter_async_context(listening(app, settings.host, settings.port, partial(_front, parts)))
        await opened.enter_async_context(listening(make_metrics_app(parts), settings.host, settings.metrics))
        # What was made until here stays: the garbage collector need not look at it again.
        gc.freeze()
        await until_told_to_stop()


def _front(parts: Parts, rest: MakeProtocol) -> HotPath:
    return HotPath(parts.key, parts.users.body, rest)


def _add_collector(app: web.Application, parts: Parts, producer: Producer, budget: Budget) -> None:
    settings = parts.settings
    app[collector.SETTINGS] = settings
    app[collector.BUDGET] = budget
    app[collector.WRITER] = producer
    app[collector.PROGRESS] = parts.lookups
    if settings.geo_database is not None:
        app[collector.LOCATE] = open_database(settings.geo_database)
    known = app[collector.KNOWN] = Known()
    collector.add_routes(app)
    forgetting = Forgetting(parts.lookups, known.forget)
    known.trusted = forgetting.trusted
    uploads = Uploads(producer, budget, settings.partitions)
    users.add_routes(app, parts.key, uploads, Erasing(producer, parts.lookups, forgetting, settings.partitions))
    app.cleanup_ctx.append(_running(forgetting.run))


def _limits(settings: Settings) -> Limits:
    return Limits(settings.retention, settings.session_gap, settings.exact_limit)


def _add_stream(app: web.Application, parts: Parts) -> Stream:
    settings = parts.settings
    stream = Stream(
        partial(open_changes, str(settings.kafka), settings.namespace, settings.partitions), settings.partitions
    )
    app.router.add_get("/v1/stream", parts.key.guarding(stream.stream))
    app.on_shutdown.append(stream.end_all)
    return stream


def _add_answers(app: web.Application, parts: Parts) -> None:
    answers = parts.users
    explaining = ExplainAnswer(parts.definitions, parts.lookups, parts.table, _limits(parts.settings))
    guarding = parts.key.guarding
    app.router.add_get(f"{users.USER}/segments", answers.segments)
    app.router.add_get(users.USER, guarding(answers.profile))
    app.router.add_get(users.USER + "/explain/{segment}", guarding(explaining.explain))
    app.router.add_post("/v1/users/segments", guarding(BulkAnswer(parts.lookups, parts.table).segments))
    app.router.add_get("/v1/overview", guarding(OverviewAnswer(parts.sizes, parts.definitions).overview))


def _add_segments(app: web.Application, parts: Parts, segments: SegmentRoutes) -> None:
    def with_key(handler: Handler) -> Handler:
        """For requests with the key, once the definitions have been read."""

        async def ready(request: web.Request) -> web.StreamResponse:
            parts.table.require()
            return await handler(request)

        return parts.key.guarding(ready)

    app.router.add_get("/v1/segments", with_key(segments.all))
    app.router.add_post("/v1/segments", with_key(segments.create))
    app.router.add_get("/v1/segments/{id}", with_key(segments.one))
    app.router.add_put("/v1/segments/{id}", with_key(segments.replace))
    app.router.add_patch("/v1/segments/{id}", with_key(segments.merge))
    app.router.add_delete("/v1/segments/{id}", with_key(segments.delete))
    app.router.add_get("/v1/segments/{id}/versions", with_key(segments.versions))
    app.router.add_put("/v1/segments/{id}/users", with_key(segments.users))
    app.router.add_post("/v1/segments/compare", with_key(Comparing(parts.definitions, parts.lookups).compare))


def _running(*tasks: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[web.Application], AsyncIterator[None]]:
    """These tasks run as long as the application; one that breaks is a bug that ends the process."""

    async def context(_: web.Application) -> AsyncIterator[None]:
        running = [asyncio.create_task(task()) for task in tasks]
        for each in running:
            each.add_done_callback(_ended)
        yield
        for each in running:
            each.cancel()
        for each in running:
            with suppress(asyncio.CancelledError):
                await each

    return context


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical("a task of the gateway broke", exc_info=error)
        signal.raise_signal(signal.SIGTERM)
