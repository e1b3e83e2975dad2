"""Settings: precedence, mistyped values, and the table in the docs."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import COMMANDS, main
from schemas.errors import StartError
from schemas.settings import TABLE, Settings, as_environment, load
from schemas.times import DAY
from schemas.topics import TOPICS

DOC = Path(__file__).parents[2] / "docs" / "settings.md"


def test_flags_go_before_environment_before_defaults() -> None:
    assert load({}, {}) == Settings()
    assert load({}, {"SHOAL_WORKERS": "3"}).workers == 3
    assert load({"workers": "2"}, {"SHOAL_WORKERS": "3"}).workers == 2
    assert load({"workers": None}, {"SHOAL_WORKERS": ""}).workers == 1


def test_every_setting_survives_the_way_to_a_child() -> None:
    settings = load(
        {
            "kafka": "a:1, b:2",
            "redis": "store:6379",
            "data_dir": "data",
            "metrics_port": "0",
            "retention": "90s",
            "geo_database": "~/geo.mmdb",
            "kafka_lib": "/lib",
        },
        {},
    )
    assert (settings.kafka, settings.redis, settings.retention) == ("a:1,b:2", "redis://store:6379", 90_000)
    assert load({}, as_environment(settings)) == settings


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("port", "x"),
        ("port", "65536"),
        ("port", "-1"),
        ("workers", "0"),
        ("workers", "1.5"),
        ("retention", "800"),
        ("retention", "0d"),
        ("kafka", "broker"),
        ("kafka", "broker:x"),
        ("kafka", "a:1,"),
        ("redis", "http://store:1"),
        ("redis", "redis://store:99999"),
        ("redis", "store"),
        ("namespace", "a.b"),
        ("namespace", ""),
        ("broker", "Kafka"),
        ("gpc", "drop "),
        ("secret_key", "a b"),
    ],
)
def test_a_mistyped_value_is_named(name: str, text: str) -> None:
    row = next(row for row in TABLE if row.name == name)
    with pytest.raises(StartError) as told:
        load({name: text}, {})
    assert str(told.value) == f"{row.flag}: expected {row.expects}, got {text!r}"
    if text:
        with pytest.raises(StartError, match=f"{row.env}: expected"):
            load({}, {row.env: text})


def test_the_command_ends_with_one_line() -> None:
    done = CliRunner().invoke(main, ["worker", "--partitions", "none"])
    assert done.exit_code == 1
    assert done.stderr == "shoal: --partitions: expected a whole number from 1 to 1024, got 'none'\n"


def test_what_a_command_needs() -> None:
    done = CliRunner().invoke(main, ["gateway"], env={"SHOAL_KAFKA": "a:1"})
    assert (done.exit_code, done.stderr.split(":")[1]) == (1, " --redis or SHOAL_REDIS is needed")


def test_every_setting_is_a_flag_of_some_command() -> None:
    help_of_up = CliRunner().invoke(main, ["up", "--help"]).output
    assert [row.flag for row in TABLE if row.flag not in help_of_up] == []


@pytest.mark.parametrize("command", [*COMMANDS, "topics create", "segment test", ""])
def test_every_command_has_help_with_an_example(command: str) -> None:
    done = CliRunner().invoke(main, [*command.split(), "--help"])
    assert done.exit_code == 0, done.output
    assert re.search(r"Examples?:\n +shoal " + command, done.output), done.output


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("nothing", "shoal: no such command 'nothing'; see shoal --help"),
        ("--nope", "shoal: no such option: --nope; see shoal --help"),
        ("up --nope", "shoal up: no such option: --nope; see shoal up --help"),
        ("up 7", "shoal up: got unexpected extra argument (7); see shoal up --help"),
        ("up --port", "shoal: option '--port' requires an argument; see shoal --help"),
        ("worker --demo", "shoal worker: no such option: --demo; see shoal worker --help"),
        ("topics make", "shoal topics: no such command 'make'; see shoal topics --help"),
        ("segment test", "shoal segment test: missing argument 'RULE.json'; see shoal segment test --help"),
        ("simulate --rate x", "invalid value for '--rate': 'x' is not a valid float range; see shoal simulate --help"),
        ("simulate --url nope", "expected an address such as http://127.0.0.1:8080, got 'nope'; see"),
        ("simulate --history x", "expected a duration such as 90s, 30m or 14d, got 'x'; see shoal simulate --help"),
    ],
)
def test_wrong_words_are_told_in_one_line(words: str, told: str) -> None:
    done = CliRunner().invoke(main, words.split(), prog_name="shoal")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert told in done.stderr


def test_without_words_there_is_help() -> None:
    for words in ([], ["topics"], ["segment"]):
        done = CliRunner().invoke(main, words, prog_name="shoal")
        assert done.exit_code == 2
        assert done.stderr.startswith("Usage: shoal")


def test_the_documented_table_is_the_real_one() -> None:
    lines = DOC.read_text().splitlines()
    assert [line for line in lines if line.startswith("| `")] == [
        f"| `{row.name}` | `{row.env}` | `{row.flag}` | {row.default} | {row.expects} | {row.meaning} |"
        for row in TABLE
    ]
    assert len(TABLE) == len(fields(Settings))


def test_the_documented_topics_are_the_real_ones() -> None:
    told = {}
    for line in (DOC.parent / "running.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[1] in ("`partitions`", "1"):
            told |= dict.fromkeys(cells[0].replace("`", "").split(), (cells[1], cells[2]))
    real = {}
    for spec in TOPICS:
        kept = "compacted" if spec.compacted else "`retention`"
        if spec.retention is not None and not spec.compacted:
            kept = "for ever" if spec.retention == -1 else f"{spec.retention // DAY} d"
        real[spec.topic.value] = ("`partitions`" if spec.partitioned else "1", kept)
    assert told == real
