"""All deliberate faults, by what they break."""

from tests.mutants.flow import FLOW
from tests.mutants.measures import MEASURED
from tests.mutants.rules import RULES
from tests.mutants.telling import TELLING
from tests.mutants.users import USERS

FAULTS = (*RULES, *MEASURED, *USERS, *FLOW, *TELLING)
