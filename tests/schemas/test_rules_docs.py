"""docs/rules.md says what the tables say: operators, paths, codes, limits; and its rules read as it says they do."""

import json
import re
from pathlib import Path

from schemas.measures import MEASURES
from schemas.operands import MAX_LIST, MAX_PATTERN, MAX_PATTERNS, MAX_TEXT
from schemas.operators import OPERATORS, positive
from schemas.paths import EVENT_PATHS, USER_PATHS, VISIT_PATHS, spelled
from schemas.rule_errors import CODES
from schemas.rule_parser import parse_rule
from schemas.rule_selectors import MAX_FILTERS, MAX_PATH, SYSTEM_EVENTS
from schemas.times import DAY
from streams.sentences import sentence

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of every table row under a heading, without the tables' heads."""
    part = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in part.splitlines() if line.startswith("| ")]
    return [
        row
        for row in cells
        if not row[0].startswith("---") and row[0] not in {"operator", "path", "code", "name", "measure"}
    ]


def test_operators() -> None:
    expected = [
        [f"`{row.name}`", positive(row.name).operand.means, row.sentence.format(field="*field*", value="*value*")]
        for row in OPERATORS.values()
    ]
    assert rows("Operators") == expected


def test_measures() -> None:
    expected = [[f"`{row.kind}`", row.phrase.format(of="*field*", number="*number*")] for row in MEASURES.values()]
    assert rows("Measures") == expected


def test_paths() -> None:
    for heading, table in {"an event": (*EVENT_PATHS, *VISIT_PATHS), "a user": USER_PATHS}.items():
        expected = [[", ".join(f"`{name}`" for name in spelled([row])), row.meaning] for row in table]
        assert rows(f"Paths of {heading}") == expected


def test_codes() -> None:
    assert rows("What is refused") == [[f"`{code}`", meaning] for code, meaning in CODES.items()]


def test_system_events() -> None:
    named = re.findall(r"`(\$\w+)`", " ".join(row[0] for row in rows("Events that a selector names")))
    assert sorted(named) == sorted(SYSTEM_EVENTS)


def test_limits() -> None:
    limits = " ".join(PAGE.split("\nLimits, ")[1].split())
    for number, what in {
        MAX_FILTERS: "filters a selector",
        MAX_PATTERNS: "regular expressions a rule",
        MAX_PATTERN: "characters each",
        MAX_LIST: "values a list",
        MAX_TEXT: "characters a text",
        MAX_PATH: "a path",
    }.items():
        assert f"{number:,} {what}" in limits


def test_rules_say_what_stands_below_them() -> None:
    said = re.findall(r"```json\n(.*?)\n```\n\n> ([^\n]*)\n", PAGE, re.DOTALL)
    assert len(said) == 8
    for document, expected in said:
        rule = parse_rule(json.loads(document), retention=800 * DAY, exists=bool)
        assert sentence(rule) == expected
