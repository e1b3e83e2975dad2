"""What the scenarios are run through."""

from tests.parity.core import Core
from tests.parity.reference import Reference

IMPLEMENTATIONS = {"reference": Reference, "core": Core}
