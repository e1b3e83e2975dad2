"""`shoal segment test`: a rule judged over a file of events, with no server.

Owns the files, the lines that are printed and the exit status; everything that is decided is in `streams.trial`.
"""

import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.options import settings_options
from schemas.settings import Settings
from schemas.times import format_instant, parse_instant

if TYPE_CHECKING:
    from streams.trial import Trial

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
REFUSED = 2
"""Exit status for a rule that is refused."""


@click.group(short_help="Tries segments' rules.")
def segment() -> None:
    """Segments and their rules, away from a running system.

    \b
    Example:
      shoal segment test rule.json --events events.jsonl
    """


def _instant(context: click.Context, parameter: click.Parameter, text: str | None) -> int:
    if text is None:
        return time.time_ns() // 1_000_000
    instant = parse_instant(text)
    if instant is None:
        raise click.BadParameter(f"expected ISO 8601, such as {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}, got {text!r}")
    return instant


@segment.command(short_help="Judges a rule over a file of events.")
@click.argument("rule", type=_FILE, metavar="RULE.json")
@click.option("--events", type=_FILE, required=True, metavar="FILE.jsonl", help="events as posted, one a line")
@click.option("--at", callback=_instant, metavar="ISO", help="the instant to judge at [default: now]")
@click.option("--segments", type=_DIRECTORY, metavar="DIR", help="segments that the rule refers to: ID.json, as posted")
@settings_options("retention", "session_gap", "exact_limit", "bots")
def test(settings: Settings, rule: Path, events: Path, at: int, segments: Path | None) -> None:
    """Prints one JSON line a user known at the instant, by canonical id: `{"user","member","next_change"}`.

    A line of FILE.jsonl is an event as it stands in a batch, or a whole batch. It counts as received at its
    `receivedAt`, else at the instant of --at; one received later is left out. Events that the collector would reject
    are told on stderr and left out. The rule is taken as made at the instant of --at.

    A refused rule: its errors on stderr, one line each (path, code, message), and exit status 2.

    \b
    Example:
      shoal segment test rule.json --events events.jsonl --at 2026-11-23T00:00:00Z
    """
    from schemas.calls import Policy
    from schemas.rule_errors import RuleErrors
    from streams.limits import Limits
    from streams.trial import Trial
    from streams.trial_rules import read_rules

    posted = {path.stem: path.read_bytes() for path in segments.glob("*.json")} if segments else {}
    try:
        tried = read_rules(rule.read_bytes(), posted, settings.retention)
    except RuleErrors as refused:
        for error in refused.errors:
            click.echo(f"{error.path or 'rule'} {error.code} {error.message}", err=True)
        sys.exit(REFUSED)
    limits = Limits(settings.retention, settings.session_gap, settings.exact_limit)
    trial = Trial(tried, limits, Policy(new_id=lambda: uuid.uuid4().hex, bots=settings.bots), at)
    with events.open("rb") as lines:
        trial.take(lines)
    _print(trial)


def _print(trial: "Trial") -> None:
    import orjson

    for refusal in trial.refusals:
        click.echo(f"{refusal.where}: {refusal.code} {refusal.message}", err=True)
    if trial.later:
        click.echo(f"lines received after the instant asked about, left out: {trial.later}", err=True)
    for user, member, change in trial.judged():
        next_change = None if change is None else format_instant(change)
        click.echo(orjson.dumps({"user": user, "member": member, "next_change": next_change}))
