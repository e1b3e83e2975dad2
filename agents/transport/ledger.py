"""How far a partition may be committed: which batches were delivered, which of them are finished.

Owns the arithmetic only, for one partition; knows neither Kafka nor Faust. Faust's own (`Consumer._new_offset`) passes
a message that is still in flight when nothing was committed yet or when exactly one is missing: issue 606.
"""

from collections import deque
from dataclasses import dataclass, field


@dataclass(slots=True)
class _Delivered:
    first: int
    last: int
    finished: bool = False


@dataclass(slots=True)
class Ledger:
    """Batches of one partition in the order of their offsets.

    An epoch lasts until what is not committed is going to be read again; what belongs to an older one no longer counts.
    """

    epoch: int = 0
    _open: deque[_Delivered] = field(default_factory=deque)
    _upto: int | None = None

    def deliver(self, first: int, last: int) -> None:
        """Notes a batch of the offsets `first` … `last`. Raises ValueError if it is not after the one before."""
        if first > last or (self._open and first <= self._open[-1].last):
            raise ValueError(f"batch {first}…{last} after {self._open[-1].last if self._open else None}")
        self._open.append(_Delivered(first, last))

    def finish(self, last: int, epoch: int) -> bool:
        """The batch that ends at `last` has had all its effects; False if it is of an older epoch or unknown."""
        if epoch != self.epoch:
            return False
        for batch in self._open:
            if batch.last == last:
                batch.finished = True
                self._advance()
                return True
        return False

    def committable(self) -> int | None:
        """The offset to go on from after a crash, None while the first batch of this epoch is in flight."""
        return self._upto

    def forget(self) -> None:
        """All that is not committed will be read again, here or elsewhere: late finishes must not count."""
        self.epoch += 1
        self._open.clear()
        self._upto = None

    def batches(self) -> int:
        """How many are delivered and not yet below the committable offset."""
        return len(self._open)

    def records(self) -> int:
        """How many records these have, counted by their offsets."""
        return sum(batch.last - batch.first + 1 for batch in self._open)

    def _advance(self) -> None:
        while self._open and self._open[0].finished:
            self._upto = self._open.popleft().last + 1
