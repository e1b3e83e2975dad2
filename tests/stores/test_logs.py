"""Log records: one a line, as text or as JSON, with the stack where there is one."""

import json
import logging

from schemas.times import parse_instant
from stores.logs import JsonForm, TextForm


def record(error: BaseException | None = None) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    return logging.LogRecord("shoal.gateway", logging.WARNING, "f.py", 1, "%s is away", ("Redis",), info)


def test_json_is_one_object_a_line() -> None:
    line = JsonForm().format(record(ValueError("why")))
    document = json.loads(line)
    assert "\n" not in line
    assert parse_instant(document["at"]) is not None
    assert (document["level"], document["logger"], document["message"]) == ("warning", "shoal.gateway", "Redis is away")
    assert "ValueError: why" in document["error"]


def test_text_is_for_reading() -> None:
    line = TextForm().format(record())
    at, rest = line.split(" ", 1)
    assert parse_instant(at) is not None
    assert rest == "warning shoal.gateway: Redis is away"
