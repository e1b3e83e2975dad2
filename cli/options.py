"""The settings as flags of commands: every flag is a line of the table in `schemas.settings`.

Owns which words a command takes and how its errors are shown; what a setting means is not decided here.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from schemas.errors import EndedError, StartError
from schemas.settings import TABLE, Settings, load

CONNECTIONS = ("kafka", "redis", "namespace")
TOPICS = ("partitions", "replication", "retention")
LOGS = ("log_level", "log_format")
RULES = ("exact_limit", "session_gap")
WORKER = (
    *CONNECTIONS,
    *TOPICS,
    "data_dir",
    "host",
    "metrics_port",
    *RULES,
    "standbys",
    "epoch",
    "session_timeout",
    "rebalance_timeout",
)
GATEWAY = (
    "host",
    "port",
    "metrics_port",
    "write_key",
    "secret_key",
    *CONNECTIONS,
    *TOPICS,
    *RULES,
    "gpc",
    "bots",
    "rate_limit",
    "geo_database",
)

_ROWS = {row.name: row for row in TABLE}


def settings_options(*names: str, needs: tuple[str, ...] = ()) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Gives a command the flags of these settings, and hands it `settings`; a StartError ends it with one line.

    It does not run without the settings that it `needs`.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**arguments: Any) -> None:
            flags = {name: arguments.pop(name) for name in names}
            with_one_line(lambda: command(settings=_complete(load(flags), needs), **arguments))

        for name in reversed(names):
            row = _ROWS[name]
            default = "needed" if name in needs else f"default: {row.default}"
            shown = f"{row.meaning} [{row.env}; {default}]"
            run = click.option(row.flag, name, default=None, metavar=name.upper(), help=shown)(run)
        return run

    return decorate


def with_one_line(command: Callable[[], None]) -> None:
    """Runs a command; what is wrong with its start, or has ended it, is told in one line, with exit status 1."""
    try:
        command()
    except (StartError, EndedError) as error:
        print(f"shoal: {error}", file=sys.stderr)
        sys.exit(1)


def _complete(settings: Settings, needs: tuple[str, ...]) -> Settings:
    for name in needs:
        if getattr(settings, name) is None:
            row = _ROWS[name]
            raise StartError(f"{row.flag} or {row.env} is needed: {row.meaning}")
    return settings
