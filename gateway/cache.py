"""Which segments a lookup's slots are: the live ones, swapped as a whole, with the answers' lists ready as bytes.

Owns the step from slots to segment ids. Every version of a rule has a slot of its own and only live versions are in
the table: so going live, an edit and a delete change all answers at one instant.
"""

from collections.abc import Iterable

import orjson

from schemas.errors import Unavailable
from schemas.segments import SegmentRecord
from schemas.views import split_lookup, unpack_slots

_LISTS_KEPT = 200_000
"""Different combinations of segments whose encoded list is kept; above it, all are forgotten and made anew."""


class LiveTable:
    """Slot → segment id. `generation` grows with each swap; 0: the definitions have not been read yet."""

    def __init__(self) -> None:
        self.generation = 0
        self.ids: dict[int, str] = {}
        self._tails: dict[bytes, bytes] = {}

    def swap(self, segments: Iterable[SegmentRecord]) -> None:
        """From here on, these segments' live versions answer. The lists of ids are in the ids' order."""
        live = sorted((record.id, record.live.slot) for record in segments if record.live is not None)
        self.ids = {slot: id for id, slot in live}
        self._tails = {}
        self.generation += 1

    def require(self) -> None:
        """Raises Unavailable while the definitions have not been read."""
        if not self.generation:
            raise Unavailable("segment definitions are still being read")

    def segments(self, slots: bytes) -> list[str]:
        """Ids of the live segments among packed slots."""
        return sorted(self.ids[slot] for slot in unpack_slots(slots) if slot in self.ids)

    def answer(self, asked: str, value: bytes | None) -> bytes:
        """`{"user":…,"segments":[…]}` of a lookup's value; an unknown id is told as asked, in no segment."""
        if value is None:
            return b'{"user":%b,"segments":[]}' % orjson.dumps(asked)
        canonical, slots = split_lookup(value)
        tail = self._tails.get(slots) or self._tail(slots)
        return b'{"user":' + orjson.dumps(canonical.decode()) + tail

    def _tail(self, slots: bytes) -> bytes:
        if len(self._tails) >= _LISTS_KEPT:
            self._tails = {}
        tail = b',"segments":' + orjson.dumps(self.segments(slots)) + b"}"
        self._tails[slots] = tail
        return tail
