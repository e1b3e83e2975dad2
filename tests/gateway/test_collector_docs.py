"""docs/events.md says what the code does: the schema field by field, every reason, every limit."""

import re
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from gateway import budget, producer
from gateway.collector import body
from schemas import calls
from schemas.dead_letters import MAX_KEPT, DeadLetter
from schemas.events import Event
from schemas.topics import EVENT_TOPICS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
TYPES = {str: "text", int: "integer", bool: "boolean", dict[str, str]: "object of text", dict[str, Any]: "object"}
DEFAULTS = {msgspec.NODEFAULT: "", None: "none", False: "false"}


def section(title: str) -> str:
    return re.split(r"\n#+ ", PAGE.split(f"# {title}\n", 1)[1])[0]


def table(title: str) -> list[list[str]]:
    rows = [line.split("|")[1:-1] for line in section(title).splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in row] for row in rows]


def type_name(type: Any) -> str:
    if type not in TYPES:
        type = next(each for each in get_args(type) if each is not None)
    return "text" if isinstance(type, str) else TYPES[type]


def default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return "{}"
    return DEFAULTS.get(field.default, str(field.default)) if field.default != 0 or field.default is False else "0"


@pytest.mark.parametrize(("title", "struct"), [("An event", Event), ("A dead letter", DeadLetter)])
def test_the_schema_is_documented_field_by_field(title: str, struct: type[msgspec.Struct]) -> None:
    hints = get_type_hints(struct)
    expected = [
        [f"`{each.name}`", type_name(hints[each.name]), default(each)] for each in msgspec.structs.fields(struct)
    ]
    assert [row[:3] for row in table(title)] == expected


def test_the_types_of_an_event() -> None:
    named = re.findall(r"`(\w+)`", next(row[-1] for row in table("An event") if row[0] == "`type`"))
    assert named == list(get_args(get_type_hints(Event)["type"]))
    assert get_origin(get_type_hints(Event)["query"]) is dict


def test_every_reason() -> None:
    sources = [*(ROOT / "streams").glob("normalise*.py"), *(ROOT / "streams").glob("enrich*.py")]
    raised = {code for path in sources for code in re.findall(r'Rejected\("(\w+)"', path.read_text())}
    assert {row[0].strip("`") for row in table("Rejected, ignored")} == raised - {"bad_json"}
    for reason in ("consent", "gpc", "bot"):
        assert f"`{reason}`" in section("Rejected, ignored")


def test_every_code_of_a_refused_request() -> None:
    sources = (ROOT / "gateway" / "collector").glob("*.py")
    codes = {code for path in sources for code in re.findall(r'Refused\(\s*400, "(\w+)"', path.read_text())}
    missing = {code for code in codes if f"`{code}`" not in PAGE}
    assert missing - {"bad_position"} == set()


@pytest.mark.parametrize(
    "limit",
    [
        f"500 KB ({calls.MAX_BODY_BYTES:,} bytes)",
        f"| {calls.MAX_EVENTS:,} |",
        f"32 KB ({calls.MAX_EVENT_BYTES:,} bytes)",
        f"| {calls.MAX_DEPTH} |",
        f"| {calls.MAX_ID_LENGTH} characters",
        f"| {body.SLOWEST:.0f} |",
        f"| {budget.LIMIT >> 20} MB |",
        f"| {producer.PATIENCE:.0f} |",
        f"at most {MAX_KEPT:,} characters",
    ],
)
def test_every_limit(limit: str) -> None:
    assert limit in PAGE


def test_every_topic_of_events() -> None:
    listed = [row[0].strip("`") for row in table("The topics")]
    assert listed == [*(topic.value for topic in EVENT_TOPICS), "dead-letters", "membership-changes"]
