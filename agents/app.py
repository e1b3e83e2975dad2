"""The Faust app of a process: made with the settings that our transport, table and brokers want, run and ended.

Owns Faust's settings, its logging and the life of the process. What the app does is declared on it elsewhere.
"""

import asyncio
import logging
import os
import signal
from pathlib import Path
from typing import Any

import faust
import uvloop
from yarl import URL

from agents import transport
from agents.table import Tables
from agents.transport.consumer import BatchConsumer
from schemas.errors import EndedError
from schemas.settings import Settings

MAX_BATCH = 4 << 20
"""Bytes of a record batch that we write; the topics take twice that (`stores.topics.MAX_RECORD`)."""

ENDING = 4.5
"""Seconds that a process may take to finish what is begun, to commit and to leave its group."""

LEAVING = 3.0
"""Seconds that a crashed process may take to leave its consumer group."""

log = logging.getLogger("shoal.worker")

_NOISY = ("faust", "mode", "aiokafka")


def make_app(settings: Settings, role: str, directory: Path) -> faust.App:
    """The app of consumer group `<namespace>.<role>`; nothing is connected before `run`.

    `directory` is this process's own. Topics must be there: Faust makes none, it would configure them its own way.
    """
    transport.register()
    brokers = [URL(f"{transport.SCHEME}://{address}") for address in str(settings.kafka).split(",")]
    return faust.App(
        f"{settings.namespace}.{role}",
        broker=brokers,
        datadir=directory,
        # Faust keys what it knows of members by it.
        canonical_url=URL(f"http://{os.uname().nodename}:{os.getpid()}"),
        TableManager=Tables,
        topic_partitions=settings.partitions,
        table_standby_replicas=settings.standbys,
        **_timing(settings),
        **_fixed(),
    )


def _timing(settings: Settings) -> dict[str, Any]:
    """Seconds. aiokafka wants heartbeats well within the session, and requests to outlast both timeouts."""
    session = settings.session_timeout / 1000
    rebalance = settings.rebalance_timeout / 1000
    return {
        "broker_session_timeout": session,
        "broker_heartbeat_interval": min(3.0, session / 4),
        "broker_rebalance_timeout": rebalance,
        "broker_request_timeout": max(90.0, 1.5 * rebalance, 1.5 * session),
        "broker_commit_interval": 1.0,
        "consumer_metadata_max_age_ms": 30_000,
    }


def _fixed() -> dict[str, Any]:
    return {
        "processing_guarantee": "at_least_once",
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": 2 << 20,
        "producer_acks": -1,
        "producer_linger": 0.0,
        "producer_max_batch_size": MAX_BATCH,
        "producer_max_request_size": 2 * MAX_BATCH,
        "producer_request_timeout": 30.0,  # Faust: 20 minutes
        "stream_wait_empty": True,
        "recovery_consistency_check": True,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "web_enabled": False,
        "web_tables_enabled": False,  # it would show rows to anyone
        "worker_redirect_stdouts": False,
    }


def consumer_of(app: faust.App) -> BatchConsumer:
    """The app's consumer, which it makes when first asked for."""
    consumer = app.consumer
    assert isinstance(consumer, BatchConsumer)
    return consumer


def quiet(level: int = logging.WARNING) -> None:
    """Faust logs its course at INFO and builds DEBUG records even when nobody reads them (up to 40 % of the time)."""
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(level, logging.INFO))
    for handler in logging.getLogger().handlers:
        handler.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Faust logs whatever ends a part of it, with the stack: an expected end is told in one line by who runs this."""
    args = record.args if isinstance(record.args, tuple) else ()
    return not any(isinstance(each, EndedError | asyncio.CancelledError) for each in args)


def run(app: faust.App) -> None:
    """Runs the app until SIGTERM or SIGINT: begun batches are finished and committed. Raises what crashed it.

    In place of Faust's own worker, which takes over logging and stdout, opens a debugger on SIGUSR2, and takes two
    seconds more to end.
    """
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(_live(app))
    finally:
        loop.run_until_complete(_sweep())


async def _sweep() -> None:
    """Cancels what is left. Not by asyncio's runner: it waits for ever for a task of Faust that swallows the cancel."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=0.5)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # it would list them when the interpreter ends


async def _live(app: faust.App) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app.in_worker = True
    started = asyncio.ensure_future(app.start())
    waits = [asyncio.ensure_future(each) for each in (stop.wait(), app._crashed.wait())]
    try:
        await asyncio.wait([started, *waits], return_when=asyncio.FIRST_COMPLETED)
        if not started.done() or started.exception() is None:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (started, *waits):
            each.cancel()
        await (_abandon(app) if app.crashed else _stop(app))
    if app.crash_reason is not None:
        raise app.crash_reason
    await asyncio.gather(started, return_exceptions=not started.done())


async def _stop(app: faust.App) -> None:
    done, _ = await asyncio.wait([asyncio.ensure_future(app.stop())], timeout=ENDING)
    if not done:
        log.warning("not ended after %s s, is the broker away? What is not committed will be read again", ENDING)


async def _abandon(app: faust.App) -> None:
    """A crash ends the consumer's thread by itself, so no orderly stop is left: only that it leaves the group.

    Whoever takes over would otherwise wait for the session to time out. What is still to be written goes before.
    """
    if (producer := getattr(app._producer, "_producer", None)) is not None:
        await asyncio.wait([asyncio.ensure_future(producer.stop())], timeout=LEAVING / 3)
    thread = consumer_of(app)._thread._thread
    if thread is not None:
        await asyncio.to_thread(thread.join, LEAVING)
