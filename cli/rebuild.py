"""`shoal rebuild`: Redis made anew from the tables."""

import click

from cli.options import settings_options
from schemas.settings import Settings


@click.command(short_help="Rebuilds Redis from the tables while the system runs.")
@settings_options("redis", "namespace", "partitions", needs=("redis",))
def rebuild(settings: Settings) -> None:
    """Asks the running workers to write everything that they know to Redis anew, and waits for it.

    Lookups go on meanwhile; the sizes of segments begin at 0 and grow.

    \b
    Example:
      shoal rebuild --redis redis://store:6379
    """
    from agents.rebuild import request

    request(settings, lambda done, total: click.echo(f"{done} of {total} partitions are written", err=True))
    print(f"{settings.partitions} partitions written anew")
