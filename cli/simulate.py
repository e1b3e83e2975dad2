"""`shoal simulate`: people of a small shop against a running system, for trying out.

Owns the command's flags and its end; what happens is in `cli.simulation`.
"""

import asyncio
import signal
import sys

import click

from cli.simulation.calls import Plan
from cli.simulation.run import Target, run, tell, wall_clock
from schemas.errors import StartError
from schemas.settings import load
from schemas.times import parse_duration


class _Duration(click.ParamType):
    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        duration = value if isinstance(value, int) else parse_duration(value)
        if duration is None:
            self.fail(f"expected a duration such as 90s, 30m or 14d, got {value!r}", param, ctx)
        return duration


@click.command()
@click.option("--url", help="Address of the collector.  [default: http://127.0.0.1:PORT of the settings]")
@click.option("--write-key", help="Key that events are sent with.  [default: SHOAL_WRITE_KEY, else dev]")
@click.option("--secret-key", help="Key that segments are made with.  [default: SHOAL_SECRET_KEY, else dev-secret]")
@click.option("--rate", type=click.FloatRange(min=0.01), default=12.0, show_default=True, help="Calls a second.")
@click.option("--users", type=click.IntRange(min=10), default=2000, show_default=True, help="People who come back.")
@click.option("--history", type=_Duration(), default="14d", show_default=True, help="Length of the past posted first.")
@click.option("--duration", type=_Duration(), help="How long to go on after that.  [default: until stopped]")
@click.option("--seed", type=int, help="The same seed makes the same people.  [default: 1]", default=1)
def simulate(
    *,
    url: str | None,
    write_key: str | None,
    secret_key: str | None,
    rate: float,
    users: int,
    history: int,
    duration: int | None,
    seed: int,
) -> None:
    """Post the doings of a small shop's visitors, and make six segments that move.

    First a past is posted as fast as it is taken, then calls as they happen. Ctrl-C stops.
    """
    try:
        settings = load({"write_key": write_key, "secret_key": secret_key})
        target = Target(url or f"http://127.0.0.1:{settings.port}", settings.write_key, settings.secret_key)
        asyncio.run(_until_stopped(Plan(seed, wall_clock(), history, users, rate), target, duration))
    except StartError as error:
        tell(str(error))
        sys.exit(1)


async def _until_stopped(plan: Plan, target: Target, duration: int | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await run(plan, target, duration, stop)
