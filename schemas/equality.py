"""Equality as rules mean it, for any number of values at once: one look-up in a table.

Owns the comparison of `is`, `in` and `has…`: as numbers where at least one side is a JSON number and the other a number
or numeral, else as text. Source: contract section 5.
"""

from collections.abc import Iterable
from typing import Generic, TypeVar

from schemas.rules import Value
from schemas.values import number_of, read_numeral, text_of

Entry = TypeVar("Entry")
Key = TypeVar("Key")


class EqualTable(Generic[Entry]):
    """Entries by the values that a field may equal. `find` gives an entry once, however many of its values fit."""

    def __init__(self) -> None:
        self._by_text: dict[str, tuple[Entry, ...]] = {}
        self._by_numeral: dict[int | float, tuple[Entry, ...]] = {}
        self._by_number: dict[int | float, tuple[Entry, ...]] = {}

    def put(self, values: Value, entry: Entry) -> None:
        """A number is found by numbers and numerals; a text by itself, and where it is a numeral by numbers."""
        listed = values if isinstance(values, tuple) else (values,)
        numbers = {value for value in listed if isinstance(value, int | float) and not isinstance(value, bool)}
        texts = {text for value in listed if value not in numbers and (text := text_of(value)) is not None}
        texts = {text for text in texts if read_numeral(text) not in numbers}
        numerals = {number for text in texts if (number := read_numeral(text)) is not None}
        _add(self._by_text, texts, entry)
        _add(self._by_numeral, numbers, entry)
        _add(self._by_number, numbers | numerals, entry)

    def find(self, field: object) -> tuple[Entry, ...]:
        """The entries that a field equals; () for a missing one, a list and whatever else is no scalar."""
        if isinstance(field, str):
            found = self._by_text.get(field, ())
            if self._by_numeral and (number := read_numeral(field)) is not None:
                return found + self._by_numeral.get(number, ())
            return found
        if field is None:
            return ()
        if isinstance(field, bool):
            return self._by_text.get("true" if field else "false", ())
        number = number_of(field)
        return () if number is None else self._by_number.get(number, ())


def _add(table: dict[Key, tuple[Entry, ...]], keys: Iterable[Key], entry: Entry) -> None:
    for key in keys:
        table[key] = (*table.get(key, ()), entry)
