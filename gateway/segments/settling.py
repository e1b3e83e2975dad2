"""When all that partitions sent one another has arrived: rounds of "what was sent by then has been applied".

Owns the rounds only; the offsets are what workers show in their partitions' hashes (`out:<q>`: end offset of what was
produced for partition q, `o:transfers`: next offset to be applied). What arrives may send on: hence several rounds.
"""

from collections.abc import Mapping, Sequence

ROUNDS = 2
"""Rounds beside one for each further hop that something may take (`hops`, the longest chain of joined ids)."""

Fields = Sequence[Mapping[str, str]]
"""Each partition's hash, in the partitions' order."""


def sent(fields: Fields) -> list[int]:
    """For each partition, the end offset of what any partition has sent it."""
    return [max(int(each.get(f"out:{q}", 0)) for each in fields) for q in range(len(fields))]


def arrived(fields: Fields, targets: Sequence[int]) -> bool:
    return all(int(each.get("o:transfers", 0)) >= target for each, target in zip(fields, targets, strict=True))


class Settling:
    """Counts the rounds since it was made. It keeps nothing: whoever begins anew waits all rounds again."""

    def __init__(self, fields: Fields) -> None:
        self._targets = sent(fields)
        self._left = ROUNDS + max((int(each.get("hops", 0)) for each in fields), default=0)

    def settled(self, fields: Fields) -> bool:
        """Whether every round has ended, as of these fields; a round ends where the next one's targets are taken."""
        if self._left and arrived(fields, self._targets):
            self._left -= 1
            self._targets = sent(fields)
        return self._left == 0
