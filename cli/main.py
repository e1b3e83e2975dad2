"""The `shoal` command: which words it knows, and where each is written.

A command's file is read when its word is typed, so that `shoal --help` and a typing error are answered at once.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, cast

import click

COMMANDS = {
    "up": "cli.up",
    "worker": "cli.worker",
    "gateway": "cli.gateway",
    "topics": "cli.topics",
    "rebuild": "cli.rebuild",
    "segment": "cli.segment",
    "simulate": "cli.simulate",
}
"""Word → module, which has the command under the same name."""


class _Commands(click.Group):
    """The commands; what cannot be understood is told in one line, with exit status 2."""

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *rest: Any, **more: Any) -> Any:
        more["standalone_mode"] = False
        try:
            sys.exit(super().main(args, prog_name, *rest, **more))
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            sys.exit(error.exit_code)
        except click.ClickException as error:
            click.echo(_line(error), err=True)
            sys.exit(error.exit_code)
        except click.Abort:
            sys.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        return cast("click.Command", getattr(import_module(COMMANDS[name]), name))


def _line(error: click.ClickException) -> str:
    context = error.ctx if isinstance(error, click.UsageError) else None
    command = context.command_path if context else "shoal"
    # What click thinks was meant is seldom it: `--host` for `--whta`.
    said = error.message if isinstance(error, click.NoSuchOption) else error.format_message()
    problem = " ".join(said.split()).rstrip(".")
    return f"{command}: {problem[:1].lower()}{problem[1:]}; see {command} --help"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="shoal")
def main() -> None:
    """Real-time user segments over an event stream.

    \b
    Examples:
      shoal up --demo          everything on this machine, with simulated visitors
      shoal up --port 9000     the same without them, on another port

    Settings come from flags, then from the environment (SHOAL_…), then from defaults: see docs/settings.md.
    """


if __name__ == "__main__":
    main()
