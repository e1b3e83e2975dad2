"""The settings that change what events mean. A rule set carries them, so that a row and its rules always agree."""

from dataclasses import dataclass

from schemas.times import DAY, MINUTE


@dataclass(frozen=True, slots=True)
class Limits:
    """Milliseconds, and the number of events of a user and condition that are kept exactly."""

    retention: int = 800 * DAY
    session_gap: int = 30 * MINUTE
    exact: int = 10_000


DEFAULTS = Limits()
