"""CSV in pieces: the rows of a file that comes chunk by chunk, none of which is ever held whole.

Owns cutting and decoding: RFC 4180 with commas, double quotes and UTF-8, lines ended by LF or CRLF. A row that cannot
be read is told alone, and reading goes on behind it. What a row means is `streams.uploads`'.
"""

import csv
from collections.abc import Iterator
from typing import NamedTuple

from schemas.errors import Rejected

LARGEST_ROW = 64 << 10
"""Bytes: twice what a user's traits may have. A quote that is never closed ends here."""


class Row(NamedTuple):
    """`line` is the row's first, from 1. `cells` is why there are none, where it cannot be read."""

    line: int
    cells: list[str] | Rejected


class RowReader:
    """Takes bytes by `feed`, gives rows as they end; `end` gives the last one."""

    def __init__(self) -> None:
        self._held = b""
        self._line = 0
        self._pending: list[bytes] = []
        self._size = 0
        self._open = False
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[Row]:
        *lines, self._held = (self._held + data).split(b"\n")
        for line in lines:
            yield from self._take(line)
        if len(self._held) > LARGEST_ROW:
            if not self._skipping:
                yield Row(self._line + 1, _too_large())
            self._held, self._skipping = b"", True

    def end(self) -> Iterator[Row]:
        if self._held:
            yield from self._take(self._held)
        if self._pending:
            yield from self._give_up(Rejected("bad_row", "a quote is not closed"))

    def _take(self, line: bytes) -> Iterator[Row]:
        self._line += 1
        if self._skipping:  # the rest of a line that was too long
            self._skipping = False
            return
        yield from self._join(line)

    def _join(self, line: bytes) -> Iterator[Row]:
        """A row ends with a line after which all quotes are closed."""
        self._pending.append(line)
        self._size += len(line) + 1
        self._open ^= line.count(b'"') % 2 == 1
        if self._size > LARGEST_ROW:
            yield from self._give_up(_too_large())
        elif not self._open:
            first = self._line - len(self._pending) + 1
            row = b"\n".join(self._pending)
            self._pending, self._size = [], 0
            if row.strip(b"\r"):
                yield Row(first, _cells(row))

    def _give_up(self, why: Rejected) -> Iterator[Row]:
        """The row's first line is refused; those behind it are looked at for themselves, without what quotes mean."""
        lines, self._pending, self._size, self._open = self._pending, [], 0, False
        first = self._line - len(lines) + 1
        yield Row(first, why)
        for number, line in enumerate(lines[1:], first + 1):
            if line.strip(b"\r"):
                yield Row(number, _cells(line))


def _cells(row: bytes) -> list[str] | Rejected:
    try:
        text = row.removesuffix(b"\r").decode()
    except UnicodeDecodeError:
        return Rejected("bad_encoding", "the row is not UTF-8")
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except (csv.Error, StopIteration) as error:
        return Rejected("bad_row", f"the row cannot be read: {error}")


def _too_large() -> Rejected:
    return Rejected("too_large", f"a row has at most {LARGEST_ROW >> 10} KB; is there a quote that is not closed?")
