"""`shoal up`: the whole system on this machine, in the foreground.

Owns the command's words. What it starts, and in which order, is in `cli.system`.
"""

import click

from cli.options import GATEWAY, LOGS, WORKER, settings_options
from schemas.settings import Settings

_UP = tuple(dict.fromkeys((*GATEWAY, "workers", "broker", "kafka_lib", *WORKER)))


@click.command(short_help="Runs the whole system on this machine.")
@settings_options(*_UP, *LOGS)
@click.option("--demo", is_flag=True, help="also simulates visitors of a small shop")
def up(settings: Settings, demo: bool) -> None:
    """Runs the whole system in the foreground: broker, store, workers, gateway. Ctrl-C ends it.

    Prints `ready http://127.0.0.1:PORT` when events that are posted there come through to lookups. The embedded broker
    is in memory; with Apache Kafka (`make kafka`) and a data directory everything is there again at the next start.

    \b
    Examples:
      shoal up --demo
      shoal up --port 9000 --workers 2
      shoal up --broker kafka --data-dir ./data
      shoal up --kafka broker:9092 --redis redis://store:6379
    """
    from cli.system import run

    run(settings, demo)
