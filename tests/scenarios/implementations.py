"""What the scenarios are run through. `WHOLE_LANGUAGE`: those that know every rule, not only the first part."""

from tests.parity.core import Core
from tests.parity.reference import Reference

IMPLEMENTATIONS = {"reference": Reference, "core": Core}
WHOLE_LANGUAGE = {"reference"}
