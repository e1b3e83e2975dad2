"""What was lately read or written, by key, so that it need not be read again.

Owns a cache of two generations, bounded by bytes: when the young one is full it becomes the old one, and the old one
goes. A value that is asked for in time becomes young again.
"""

from enum import Enum


class Unknown(Enum):
    """The answer for a key that the cache knows nothing about; None says: known not to be there."""

    UNKNOWN = 0


UNKNOWN = Unknown.UNKNOWN
_ENTRY = 150
"""What an entry weighs beside its value, about."""


class RecentValues:
    """Up to twice `generation_bytes` of values."""

    def __init__(self, generation_bytes: int) -> None:
        self._generation_bytes = generation_bytes
        self._young: dict[bytes, bytes | None] = {}
        self._old: dict[bytes, bytes | None] = {}
        self._weight = 0

    def get(self, key: bytes) -> bytes | Unknown | None:
        value = self._young.get(key, UNKNOWN)
        if value is UNKNOWN and (value := self._old.get(key, UNKNOWN)) is not UNKNOWN:
            self.put(key, value)
        return value

    def put(self, key: bytes, value: bytes | None) -> None:
        """What is there under `key` from now on."""
        self._young[key] = value
        self._weight += _ENTRY + (0 if value is None else len(value))
        if self._weight > self._generation_bytes:
            self._old, self._young, self._weight = self._young, {}, 0

    def clear(self) -> None:
        self._young.clear()
        self._old.clear()
        self._weight = 0
