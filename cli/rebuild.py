"""`shoal rebuild`: Redis made anew from the tables."""

import click

from cli.options import CONNECTIONS, TOPICS, settings_options
from schemas.settings import Settings


@click.command(short_help="Rebuilds Redis from the tables while the system runs.")
@settings_options(*CONNECTIONS, *TOPICS, needs=("kafka", "redis"))
def rebuild(settings: Settings) -> None:
    """Asks the running workers to write everything that they know to Redis again. Lookups go on meanwhile.

    \b
    Example:
      shoal rebuild --kafka broker:9092 --redis redis://store:6379
    """
    from agents.rebuild import request

    request(settings)
