"""Decoded rows kept from step to step.

Owns what may be used again; rows are opened and written in `streams.desk`.
"""

from streams.live import Live
from streams.ruleset import RuleSet


class RecentRows:
    """Decoded rows of users that came lately: decoding a row costs as much as applying an event to it.

    One is used again only for the very bytes that it was last written as, so that it needs no care but memory.
    """

    def __init__(self, most: int = 5_000) -> None:
        """`most` of a partition, some 6 KB each: users who come twice within minutes are what it is for."""
        self._rows: dict[str, tuple[bytes, Live]] = {}
        self._most = most

    def take(self, id: str, value: bytes, rules: RuleSet) -> Live | None:
        """The row that was written as `value`, if it is still here; it is the caller's then."""
        found = self._rows.pop(id, None)
        if found is None or found[0] != value or found[1].rules is not rules:
            return None
        live = found[1]
        live.totals = {}
        return live

    def put(self, id: str, value: bytes, live: Live) -> None:
        """A row as it was just written."""
        self._rows[id] = (value, live)
        if len(self._rows) > self._most:
            del self._rows[next(iter(self._rows))]
