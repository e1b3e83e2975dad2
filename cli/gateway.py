"""`shoal gateway`: one gateway process."""

import click

from cli.options import GATEWAY, LOGS, settings_options
from schemas.settings import Settings


@click.command(short_help="Runs one gateway: collects events, answers lookups.")
@settings_options(*GATEWAY, *LOGS, needs=("kafka", "redis"))
def gateway(settings: Settings) -> None:
    """Runs one gateway: takes events over HTTP, answers lookups, serves the pages, and metrics on a port of their own.

    \b
    Example:
      shoal gateway --host 0.0.0.0 --kafka broker:9092 --redis redis://store:6379
    """
    from cli.reach import require_for_gateway

    require_for_gateway(settings)
    from gateway.app import run

    run(settings)
