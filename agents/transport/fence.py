"""Which fetched records still count, when partitions are sought, handed over and taken back meanwhile.

Faust resumes source partitions while the flow is already active, then seeks, then clears the streams' queues (issues
596 and, before the fork, 625): what was fetched in between is lost or read twice. Here a record counts only if it was
fetched after its partition was sought, in the present assignment; and those of source topics wait for the gate.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from faust.types.tuples import TP


class SeekFence:
    """`stamp` each fetch under `fetching`, ask `counts` before using what it brought."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        """Open: records of source topics may be delivered, the queues of the streams are not cleared any more."""
        self._one_at_a_time = asyncio.Lock()
        self._clock = 0
        self._sought: dict[TP, int] = {}
        self._assignment = 0

    def void(self) -> None:
        """Nothing fetched so far counts, nor anything fetched before the next seek: a rebalance or the end."""
        self._assignment += 1
        self._sought.clear()
        self.gate.clear()

    @asynccontextmanager
    async def fetching(self) -> AsyncIterator[int]:
        """Gives the stamp of a fetch; no seek goes on meanwhile, so all it brings is from before or after one."""
        async with self._one_at_a_time:
            yield self._clock

    @asynccontextmanager
    async def seeking(self, partitions: Iterable[TP]) -> AsyncIterator[None]:
        """Around a seek of `partitions`. One that is overtaken by a rebalance has sought nothing."""
        async with self._one_at_a_time:
            assignment = self._assignment
            chosen = list(partitions)
            for tp in chosen:
                self._sought.pop(tp, None)
            yield
            if assignment == self._assignment:
                self._clock += 1
                self._sought.update(dict.fromkeys(chosen, self._clock))

    def open_gate(self, sources: Iterable[TP]) -> None:
        """The flow was resumed. It is resumed for recovery too, before the sources are sought: then nothing opens."""
        if all(tp in self._sought for tp in sources):
            self.gate.set()

    def counts(self, tp: TP, stamp: int) -> bool:
        """Whether records of `tp` from the fetch with this stamp are to be used."""
        sought = self._sought.get(tp)
        return sought is not None and stamp >= sought
