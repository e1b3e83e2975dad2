"""How a process writes its log: one record a line on stderr, as text or as JSON. Quiet by default.

Owns the form only; what is worth a record is decided where it happens. Gateway and workers call it once, at the start.
"""

import logging
import sys
from typing import Any

import orjson

from schemas.settings import Settings
from schemas.times import format_instant


class JsonForm(logging.Formatter):
    """`{"at","level","logger","message"}`, `error` with the stack where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        document: dict[str, Any] = {
            "at": format_instant(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            document["error"] = self.formatException(record.exc_info)
        return orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS, default=str).decode()


class TextForm(logging.Formatter):
    """`2026-11-23T17:30:00.123Z warning shoal.gateway: …`"""

    def format(self, record: logging.LogRecord) -> str:
        at = format_instant(int(record.created * 1000))
        line = f"{at} {record.levelname.lower()} {record.name}: {record.getMessage()}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def set_up_logs(settings: Settings) -> None:
    """From here on, records of `log_level` and graver are written in `log_format`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonForm() if settings.log_format == "json" else TextForm())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    if settings.log_level == "info":
        for chatty in ("aiokafka", "kafka", "faust", "mode"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
