"""The state of one partition: a cache, on disk, of its changelog, with an index of when rows are due.

Owns the rows on disk, the changelog offset that they stand for, and the overlay of rows that are written but not yet
confirmed by the changelog. On disk is always exactly what the changelog holds up to `offset`; the overlay is lost with
the process, as it must be. Knows no clock, and of a row only its first eight bytes. One thread may use it.

    first byte   key of                                       value                              who writes it
    r            a user's row or redirect, r + id             8 bytes due, then the row          caller
    i            what an id came as, i + id                   any                                caller
    m            something about the partition, m + name      any                                caller
    c            changes to be told, c + number               any                                caller
    d            the due index, d + due + row key             empty                              store, with the row
    o            the offset and the number of rows, o         two big-endian i64                 store, with the rows

Due is the instant (ms, big-endian u64) at which the row wants to be looked at; 2**64-1: never.
"""

import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from struct import Struct
from typing import cast

from rocksdict import WriteBatch

from stores.recent import UNKNOWN, RecentValues
from stores.rocks import DamageGuard, StoreDamagedError, open_or_destroy, write_options

Rows = Mapping[bytes, bytes | None]

NEVER = b"\xff" * 8
_ROW = ord("r")
_CALLERS = (b"r", b"i", b"m", b"c")
_AFTER_ROWS = b"s"
_AFTER_DUES = b"e"
_POSITION_KEY = b"o"
_POSITION = Struct(">qq")
_ABSENT = b""
"""The header of a key that is not on disk; a row has eight bytes."""

_NOT_INDEXED = (_ABSENT, NEVER)

_MOST_HEADERS = 1 << 18
"""Some 45 MB, for as long as the recovery of an empty store takes."""

RECENT_BYTES = 4 << 20
"""Of a partition, twice."""


class PartitionStore:
    """Rows by key. `stage` shows rows to `get`, `confirm` puts them on disk when the changelog has them."""

    def __init__(self, path: Path) -> None:
        """Raises StoreInUseError; a damaged store is emptied, its `offset` is then None."""
        self.path = path
        self._guard = DamageGuard(path)
        self._db = open_or_destroy(path)
        self._closed = False
        self._write_options = write_options()
        self._staged: dict[bytes, bytes | None] = {}
        self._staged_by: dict[bytes, int] = {}
        self._tickets: deque[tuple[int, Rows]] = deque()
        self._last_ticket = 0
        # Of what is on disk. A worker reads a row just before it writes it, and most users come again soon.
        self._recent = RecentValues(RECENT_BYTES)
        # While an empty store is recovered: the headers of all rows on disk, so that not one has to be read.
        self._all_headers: dict[bytes, bytes] | None = None
        # No index entry is below it: the walk of the index starts here and so past the entries deleted since.
        self._due_floor = b"d"
        position = self._position()
        self.offset: int | None = None
        """The last changelog offset that is contained, None if none is."""
        self._count = 0
        if position is not None:
            self.offset, self._count = _POSITION.unpack(position)
        else:
            self._all_headers = {}

    def get(self, key: bytes) -> bytes | None:
        """The newest value, staged or on disk."""
        if key in self._staged:
            return self._staged[key]
        return self._read(key)

    def stage(self, rows: Rows) -> int:
        """Shows `rows` (None deletes) to `get` from now on; the ticket is for `confirm`. Not to be changed after.

        Raises ValueError if a key is not of a caller's kind or a row has no header.
        """
        for key, value in rows.items():
            _check(key, value)
        self._all_headers = None
        self._last_ticket = ticket = self._last_ticket + 1
        self._staged.update(rows)
        self._staged_by.update(dict.fromkeys(rows, ticket))
        self._tickets.append((ticket, rows))
        return ticket

    def confirm(self, ticket: int, changelog_offset: int) -> None:
        """Puts the rows of the oldest open ticket on disk: the changelog has them, and all before, up to this offset.

        Raises ValueError if an older ticket is open.
        """
        if not self._tickets or self._tickets[0][0] != ticket:
            raise ValueError(f"ticket {ticket} is not the oldest open one")
        rows = self._tickets[0][1]
        self._write(rows, changelog_offset)
        self._tickets.popleft()
        for key, value in rows.items():
            self._recent.put(key, value)
            if self._staged_by[key] == ticket:
                del self._staged[key], self._staged_by[key]

    def apply(self, records: Sequence[tuple[bytes, bytes | None]], changelog_offset: int) -> None:
        """Puts records read from the changelog on disk, in their order; the last of them has this offset."""
        rows = dict(records)
        for key, value in rows.items():
            _check(key, value)
        headers = self._write(rows, changelog_offset)
        self._recent.clear()
        if self._all_headers is not None:
            self._all_headers.update(headers)
            if len(self._all_headers) > _MOST_HEADERS:
                self._all_headers = None

    def due(self, until_ms: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` (due, row key) with due ≤ `until_ms`, earliest first.

        As the confirmed rows have it; a row that is staged with another due is left out until it is confirmed.
        """
        found: list[tuple[int, bytes]] = []
        floor = _AFTER_DUES
        for entry, _ in self._walk(self._due_floor, _AFTER_DUES):
            floor = min(floor, entry)
            header, key = entry[1:9], entry[9:]
            due = int.from_bytes(header, "big")
            if due > until_ms or len(found) == limit:
                break
            if key not in self._staged or (self._staged[key] or _ABSENT)[:8] == header:
                found.append((due, key))
        self._due_floor = floor
        return found

    def scan(self, after: bytes | None, limit: int) -> list[tuple[bytes, bytes]]:
        """Up to `limit` rows (only rows: kind `r`), ordered by key, those after key `after`; staged ones as staged."""
        start = b"r" if after is None else max(b"r", after + b"\0")
        rows: list[tuple[bytes, bytes]] = []
        end = _AFTER_ROWS
        for key, value in self._walk(start, _AFTER_ROWS):
            if key not in self._staged:
                rows.append((key, value))
                if len(rows) == limit:
                    end = key
                    break
        rows += [(k, v) for k, v in self._staged.items() if v is not None and start <= k < end]
        rows.sort()
        return rows[:limit]

    def waiting(self) -> list[tuple[bytes, bytes]]:
        """All of kind `c` that is on disk, ordered by key: for who has just been given the partition."""
        return list(self._walk(b"c", b"d"))

    def count(self) -> int:
        """How many rows (kind `r`: users and redirects) are on disk."""
        return self._count

    def flush(self) -> None:
        """Writes out what is in memory, so that a crash from here on needs only the changelog after `offset`.

        To be called every few hours even when little comes: the changelog keeps a deletion only for so long.
        """
        self._db.flush()

    def close(self) -> None:
        """Writes out what is confirmed and lets go of the files; what is staged is lost. A second call does nothing."""
        if self._closed:
            return
        self._closed = True
        try:
            with self._guard:
                self._db.flush()
        finally:
            self._db.close()

    def destroy(self) -> None:
        """Closes the store and deletes its files."""
        if not self._closed:
            self._closed = True
            self._db.close()
        shutil.rmtree(self.path, ignore_errors=True)

    def _position(self) -> bytes | None:
        """The first read: it finds most kinds of damage, and then the store is begun anew."""
        try:
            return self._read(_POSITION_KEY)
        except StoreDamagedError:
            self._db.close()
            self._db = open_or_destroy(self.path)
            return None

    def _read(self, key: bytes) -> bytes | None:
        """What is on disk."""
        value = self._recent.get(key)
        if value is UNKNOWN:
            with self._guard:
                value = cast("bytes | None", self._db.get(key))
            self._recent.put(key, value)
        return value

    def _walk(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """What is on disk from `start` on, before `end`. Not by `items()`, which takes damage for the end."""
        entries = self._db.iter()
        with self._guard:
            entries.seek(start)
            while entries.valid():
                key: bytes = entries.key()
                if key >= end:
                    return
                yield key, entries.value()
                entries.next()
            entries.status()

    def _write(self, rows: Rows, offset: int) -> dict[bytes, bytes]:
        """Rows, index, offset and count in one batch; gives the headers that the rows now have on disk."""
        batch = WriteBatch(raw_mode=True)
        put, delete = batch.put, batch.delete
        headers: dict[bytes, bytes] = {}
        count, floor = self._count, self._due_floor
        for key, value in rows.items():
            if key[0] == _ROW:
                old = self._header(key)
                new = headers[key] = _ABSENT if value is None else value[:8]
                if old != new:
                    count += (new != _ABSENT) - (old != _ABSENT)
                    if old not in _NOT_INDEXED:
                        delete(b"d" + old + key)
                    if new not in _NOT_INDEXED:
                        put(entry := b"d" + new + key, b"")
                        floor = min(floor, entry)
            if value is None:
                delete(key)
            else:
                put(key, value)
        put(_POSITION_KEY, _POSITION.pack(offset, count))
        with self._guard:
            self._db.write(batch, self._write_options)
        self.offset, self._count, self._due_floor = offset, count, floor
        return headers

    def _header(self, key: bytes) -> bytes:
        """The header of the row on disk, or `_ABSENT`."""
        if self._all_headers is not None:
            return self._all_headers.get(key, _ABSENT)
        return (self._read(key) or _ABSENT)[:8]


def _check(key: bytes, value: bytes | None) -> None:
    if key[:1] not in _CALLERS:
        raise ValueError(f"key of no known kind: {key[:80]!r}")
    if value is not None and key[0] == _ROW and len(value) < 8:
        raise ValueError(f"row without a header: {key[:80]!r}")
