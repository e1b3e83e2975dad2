"""`shoal worker`: one worker process."""

from pathlib import Path

import click

from cli.options import LOGS, WORKER, settings_options
from schemas.settings import Settings


@click.command(short_help="Runs one worker: events in, memberships out.")
@settings_options(*WORKER, *LOGS, needs=("kafka", "redis"))
def worker(settings: Settings) -> None:
    """Runs one worker: reads the events, keeps the users' rows, tells Redis and Kafka who is in which segment.

    Workers of one namespace share the partitions. Each needs a data directory of its own.

    \b
    Example:
      shoal worker --kafka broker:9092 --redis redis://store:6379 --data-dir /var/lib/shoal
    """
    from cli.ports import require_free
    from cli.reach import require_for_worker
    from cli.rundir import lock_directory

    if settings.data_dir is not None:
        lock_directory(Path(settings.data_dir))
    if settings.metrics_port is not None:
        require_free(settings.metrics_port, "--metrics-port", settings.host)
    require_for_worker(settings)
    from agents.worker import run  # half a second of Faust: not before it is known that it can run

    run(settings)
