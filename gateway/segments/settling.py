"""When all that partitions sent one another has arrived: rounds of "what was sent by then has been applied".

Owns the rounds only; how far partitions are is read in `gateway.position`. What arrives may be sent on, along a chain
of joined ids: hence several rounds.
"""

from collections.abc import Mapping, Sequence

from gateway.position import reached, transfers_sent

ROUNDS = 2
"""Rounds beside one for each further hop that something may take (`hops`, the longest chain of joined ids)."""

Fields = Sequence[Mapping[str, str]]
"""Each partition's hash, in the partitions' order."""


class Settling:
    """Counts the rounds since it was made. It keeps nothing: whoever begins anew waits all rounds again."""

    def __init__(self, fields: Fields) -> None:
        self._targets = transfers_sent(fields)
        self._left = ROUNDS + max((int(each.get("hops", 0)) for each in fields), default=0)

    def settled(self, fields: Fields) -> bool:
        """Whether every round has ended, as of these fields; a round ends where the next one's targets are taken."""
        if self._left and reached(self._targets, fields):
            self._left -= 1
            self._targets = transfers_sent(fields)
        return self._left == 0
