"""How the text of a setting becomes its value: numbers in a range, durations, choices, addresses, paths.

Owns one reader a kind. Which setting has which is in `schemas.settings`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from schemas.times import format_duration, parse_duration


@dataclass(frozen=True, slots=True)
class Reader:
    """`expects` says in words what `parse` takes; `parse` raises ValueError for all else; `show` is its reverse."""

    expects: str
    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str

    def read(self, given: str) -> Any:
        return self.parse(given)

    def write(self, value: Any) -> str | None:
        return None if value is None else self.show(value)


def number(low: int, high: int) -> Reader:
    def parse(given: str) -> int:
        if re.fullmatch(r"[0-9]{1,10}", given, re.ASCII) is None or not low <= int(given) <= high:
            raise ValueError(given)
        return int(given)

    return Reader(f"a whole number from {low} to {high}", parse)


def text(expects: str, pattern: str) -> Reader:
    def parse(given: str) -> str:
        if re.fullmatch(pattern, given) is None:
            raise ValueError(given)
        return given

    return Reader(expects, parse)


def choice(*options: str) -> Reader:
    return text(" or ".join(options), "|".join(options))


def _duration(given: str) -> int:
    duration = parse_duration(given)
    if not duration:
        raise ValueError(given)
    return duration


def _address(given: str) -> str:
    host, colon, port = given.strip().rpartition(":")
    if not (colon and re.fullmatch(r"[^\s:/]+|\[[0-9A-Fa-f:]+\]", host)):
        raise ValueError(given)
    return f"{host}:{PORT.read(port)}"


def _addresses(given: str) -> str:
    return ",".join(_address(each) for each in given.split(","))


def _redis(given: str) -> str:
    if "://" not in given:
        return f"redis://{_address(given)}"
    parts = urlsplit(given)
    if parts.scheme not in ("redis", "rediss", "unix") or not (parts.hostname or parts.path):
        raise ValueError(given)
    if parts.port == 0:  # reading .port raises ValueError for one that is out of range
        raise ValueError(given)
    return given


def _path(given: str) -> str:
    return str(Path(given).expanduser().absolute())


PORT = number(0, 65535)
DURATION = Reader("a duration such as 90s, 30m or 7d", _duration, format_duration)
ADDRESSES = Reader("HOST:PORT, several with commas", _addresses)
REDIS_URL = Reader("redis://HOST:PORT, or HOST:PORT", _redis)
PATH = Reader("a path", _path)
