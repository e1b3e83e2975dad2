"""Which selectors an event meets: all of them asked at once, per event name.

Owns the matcher. For each event name there is a plan: selectors without filters meet at once; those with an equality
filter (`is`, `in`) are found by one look-up a field, however many there are; of the others each field is read once.
`$visit` selectors are matched where visits are; `event_test` is for those of their filters that ask an event.
Source: design point 5; contract section 5 for what a name selects.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

from schemas.equality import EqualTable
from schemas.events import Event
from schemas.operators import OPERATORS, Reads
from schemas.rules import Filter, Selector
from streams.operators import READ, Read, predicate, question
from streams.paths import Reader, event_path

Test = Callable[[Event], bool]
Numbered = tuple[int, Selector]
Entry = tuple[int, Test | None]
"""A selector, and what it asks of an event beside the filter that it was found by."""

Ask = tuple[Callable[[Any, Any], bool], Any, bool, int, Test | None]
Hits = Callable[[Any], Sequence[Entry]]
Scan = tuple[Reader, Read, Hits, list[Entry]]

REMEMBERED, REMEMBERED_LENGTH = 1024, 256
"""Texts a field and event name, and their characters: a quarter of a megabyte at most. A look-up takes 0.1 µs, an
expression of RE2 1 to 2."""

SYSTEM_TRACKS = ("$click", "$experience")
"""The only track calls with a system name; any other `$` name of a track call is met by `*` alone."""


class Matcher:
    """`match` gives the indices of the selectors that an event meets, each once, in no order."""

    def __init__(self, selectors: Sequence[Selector]) -> None:
        named: dict[str, list[Numbered]] = {}
        for index, selector in enumerate(selectors):
            named.setdefault(selector.event, []).append((index, selector))
        every = named.get("*", [])
        self._pages = _plan(named.get("$page", []) + every)
        self._identifies = _plan(named.get("$identify", []))
        self._others = _plan(every)
        tracks = [name for name in named if name != "*" and (name in SYSTEM_TRACKS or not name.startswith("$"))]
        self._tracks = {name: _plan(named[name] + every) for name in tracks}

    def match(self, event: Event) -> list[int]:
        kind = event.type
        if kind == "track":
            return self._tracks.get(event.name, self._others)(event)
        if kind in {"page", "screen"}:
            return self._pages(event)
        return self._identifies(event) if kind == "identify" else []


def event_test(where: Iterable[Filter]) -> Test:
    """Whether an event meets all of these filters."""
    tests = [(event_path(each.field), predicate(each.op, each.value)) for each in where]
    if len(tests) == 1:
        read, test = tests[0]
        return lambda event: test(read(event), event.time)
    return lambda event: all(test(read(event), event.time) for read, test in tests)


def _plan(selectors: list[Numbered]) -> Callable[[Event], list[int]]:
    """The matcher of one event name."""
    always = [index for index, selector in selectors if not selector.where]
    tables, scans = _tables(selectors), _scans(selectors)
    if not tables and not scans:
        return lambda event: always.copy()

    def match(event: Event) -> list[int]:
        found = always.copy()
        for field, find in tables:
            for index, rest in find(field(event)):
                if rest is None or rest(event):
                    found.append(index)
        for field, read, hits, complements in scans:
            seen = read(field(event), event.time)
            for index, rest in complements if seen is None else hits(seen):
                if rest is None or rest(event):
                    found.append(index)
        return found

    return match


def _tables(selectors: list[Numbered]) -> list[tuple[Reader, Callable[[object], tuple[Entry, ...]]]]:
    """For each field that equality filters ask, its reader and the look-up of the selectors behind it."""
    keyed = [(index, selector) for index, selector in selectors if any(map(_is_equality, selector.where))]
    asked = [each.field for _, selector in keyed for each in selector.where if _is_equality(each)]
    tables: dict[str, EqualTable[Entry]] = {}
    for index, selector in keyed:
        # The field that most selectors of this name ask: the fewer tables, the fewer look-ups an event.
        key = max(filter(_is_equality, selector.where), key=lambda each: (asked.count(each.field), each.field))
        tables.setdefault(key.field, EqualTable()).put(key.value, (index, _rest(selector, key)))
    return [(event_path(field), table.find) for field, table in tables.items()]


def _scans(selectors: list[Numbered]) -> list[Scan]:
    """The other selectors by what their first filter asks: a field is read once, then compared with each value."""
    scans: dict[tuple[str, Reads], tuple[list[Ask], list[Entry]]] = {}
    for index, selector in selectors:
        if selector.where and not any(map(_is_equality, selector.where)):
            first = selector.where[0]
            asked, rest = question(first.op, first.value), _rest(selector, first)
            asks, complements = scans.setdefault((first.field, asked.reads), ([], []))
            asks.append((asked.holds, asked.value, asked.wanted, index, rest))
            if asked.missing:
                complements.append((index, rest))
    return [
        (event_path(field), READ[reads], _hits(reads, asks), complements)
        for (field, reads), (asks, complements) in scans.items()
    ]


def _hits(reads: Reads, asks: list[Ask]) -> Hits:
    """Of what was read, the selectors whose first filter holds; remembered for texts, as sites use few of them."""

    def hits(seen: Any) -> Sequence[Entry]:
        return [(index, rest) for holds, value, wanted, index, rest in asks if holds(seen, value) is wanted]

    if reads not in {Reads.TEXT, Reads.PATTERN}:
        return hits
    remembered = lru_cache(maxsize=REMEMBERED)(hits)
    return lambda seen: remembered(seen) if len(seen) <= REMEMBERED_LENGTH else hits(seen)


def _rest(selector: Selector, first: Filter) -> Test | None:
    rest = [each for each in selector.where if each is not first]
    return event_test(rest) if rest else None


def _is_equality(each: Filter) -> bool:
    row = OPERATORS[each.op]
    return row.reads is Reads.SAME and row.negates is None
