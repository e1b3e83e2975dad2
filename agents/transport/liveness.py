"""Whether commits go on: how long ago the slowest partition with a backlog last came forward.

Owns the measure only; who ends the process over it decides. Time is an argument (seconds, monotonic). Faust's own
`verify_event_path` looks at standbys too and gives false alarms (issues 175, 629), so it is silenced.
"""

from collections.abc import Hashable, Mapping


class Progress:
    """For each partition when it last came forward, or had nothing to do."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, tuple[int | None, float]] = {}

    def age(self, positions: Mapping[Hashable, tuple[int | None, bool]], now: float) -> float:
        """Seconds since the slowest came forward; `positions` are (committed offset, whether there is a backlog)."""
        seen: dict[Hashable, tuple[int | None, float]] = {}
        for partition, (committed, behind) in positions.items():
            before, since = self._seen.get(partition, (committed, now))
            seen[partition] = committed, since if behind and committed == before else now
        self._seen = seen
        return now - min((since for _, since in seen.values()), default=now)
