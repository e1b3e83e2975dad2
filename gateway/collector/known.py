"""What this process lately told the topic `identity`, so that it is not told again with every event.

Owns the memory only. An entry is made once the broker has the record, and keeps where: a request that leaves a record
out for it has to wait for that place too before its joins are visible.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping

from schemas.events import IdentityRecord
from schemas.times import HOUR

LATELY = HOUR
"""After this long a fact is told again."""
MAX_KEPT = 100_000
"""Some 40 MB."""

Fact = tuple[str, str | None, str | None, bool]


class Known:
    """Facts (id, seen as, owner, share) → the offset after their record."""

    def __init__(self, kept: int = MAX_KEPT) -> None:
        self.generation = 0
        """How often all was forgotten."""
        self.trusted: Callable[[], bool] = lambda: True
        """Whether what is remembered may be used now (see `gateway.users.forgetting`)."""
        self._kept = kept
        self._facts: OrderedDict[Fact, tuple[int, int]] = OrderedDict()

    def end(self, fact: Fact, now: int) -> int | None:
        """The offset after the record that lately told this; None: tell it."""
        told = self._facts.get(fact)
        if told is None or now - told[0] > LATELY or not self.trusted():
            return None
        self._facts.move_to_end(fact)
        return told[1]

    def forget(self) -> None:
        """What was told is no longer so: somebody was erased."""
        self.generation += 1
        self._facts.clear()

    def add(self, facts: Mapping[Fact, int], now: int, generation: int = 0) -> None:
        """These have been acknowledged, up to these offsets; they were told in this generation."""
        if generation != self.generation:
            return
        for fact, end in facts.items():
            self._facts[fact] = (now, end)
            self._facts.move_to_end(fact)
        while len(self._facts) > self._kept:
            self._facts.popitem(last=False)


def fact_of(record: IdentityRecord) -> Fact | None:
    """What a record tells that stays true; None for an alias, whose order among others matters."""
    return None if record.alias is not None else (record.id, record.seen, record.owner, record.share)
