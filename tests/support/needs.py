"""What some tests need beyond Python: found, or else the one line that says how to have it.

In the gate (CI=true), which installs all of it, nothing is skipped: what is missing there is a failure.
"""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_IN_GATE = os.environ.get("CI") == "true"
KAFKA_LIB = ROOT / ".kafka" / "lib"


@dataclass(frozen=True)
class Need:
    """`there` tells whether the machine has it, `how` is the line shown for a test that was skipped."""

    there: Callable[[], object]
    how: str

    @property
    def mark(self) -> pytest.MarkDecorator:
        """`@needs.JAVA.mark` over a test."""
        return pytest.mark.skipif(not (self.there() or _IN_GATE), reason=self.how)

    def check(self) -> None:
        """Skips the test that asks, from within a fixture."""
        if not self.there():
            (pytest.fail if _IN_GATE else pytest.skip)(self.how)


def _program(*names: str) -> Callable[[], object]:
    return lambda: next(filter(None, map(shutil.which, names)), None)


JAVA = Need(_program("java"), "needs Java 17 or newer: install a JRE (Debian: default-jre-headless)")
KAFKA = Need(
    lambda: JAVA.there() and any(KAFKA_LIB.glob("kafka_2.13-*.jar")),
    "needs Apache Kafka: install Java 17+ and Maven, then `make kafka`",
)
REDIS_SERVER = Need(_program("redis-server"), "needs a system Redis (Debian: redis-server)")
PROMETHEUS = Need(_program("prometheus"), "needs Prometheus (Debian: prometheus)")
CHROMIUM = Need(_program("chromium", "chromium-browser", "google-chrome"), "needs Chromium (Debian: chromium)")
