"""`shoal simulate`: people of a small shop against a running system, for trying out.

Owns the command's flags and its end; what happens is in `cli.simulation`.
"""

import asyncio
import signal
from urllib.parse import urlsplit

import click

from cli.options import settings_options
from cli.simulation.calls import Plan
from cli.simulation.run import Target, run, wall_clock
from schemas.settings import Settings
from schemas.times import parse_duration


class _Duration(click.ParamType):
    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        duration = value if isinstance(value, int) else parse_duration(value)
        if duration is None:
            self.fail(f"expected a duration such as 90s, 30m or 14d, got {value!r}", param, ctx)
        return duration


def _address(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and not (urlsplit(text).scheme in ("http", "https") and urlsplit(text).hostname):
        raise click.BadParameter(f"expected an address such as http://127.0.0.1:8080, got {text!r}")
    return text


@click.command(short_help="Simulated visitors of a small shop, for trying out.")
@click.option(
    "--url",
    callback=_address,
    metavar="URL",
    help="address of the collector [default: http://127.0.0.1 and SHOAL_PORT]",
)
@settings_options("write_key", "secret_key")
@click.option("--rate", type=click.FloatRange(min=0.01), default=12.0, show_default=True, help="calls a second")
@click.option("--users", type=click.IntRange(min=10), default=2000, show_default=True, help="people who come back")
@click.option("--history", type=_Duration(), default="14d", show_default=True, help="length of the past, posted first")
@click.option("--duration", type=_Duration(), help="how long to go on after that [default: until stopped]")
@click.option("--seed", type=int, default=1, show_default=True, help="the same seed makes the same people")
def simulate(
    *, settings: Settings, url: str | None, rate: float, users: int, history: int, duration: int | None, seed: int
) -> None:
    """Posts the doings of a small shop's visitors, and makes six segments that move.

    First a past is posted as fast as it is taken, then each call as it happens. Ctrl-C stops.

    \b
    Example:
      shoal simulate --url http://127.0.0.1:8080 --rate 50 --history 30d
    """
    target = Target(url or f"http://127.0.0.1:{settings.port}", settings.write_key, settings.secret_key)
    plan = Plan(seed, wall_clock(), history, users, rate)
    asyncio.run(_until_stopped(plan, target, duration))


async def _until_stopped(plan: Plan, target: Target, duration: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run(plan, target, duration, stop)
