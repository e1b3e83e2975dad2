"""What the handlers of one gateway share: settings, ports, and what is made of these once.

Owns no behaviour. Tests make it with stand-ins for Redis and Kafka.
"""

from dataclasses import dataclass

from gateway.answers.sizes import Sizes
from gateway.answers.users import Describe
from gateway.auth import SecretKey
from gateway.cache import LiveTable
from gateway.health import Health
from gateway.ports import Definitions, Lookups
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handlers of one process share."""

    settings: Settings
    lookups: Lookups
    definitions: Definitions
    describe: Describe
    table: LiveTable
    key: SecretKey
    sizes: Sizes
    health: Health


def make_parts(settings: Settings, lookups: Lookups, definitions: Definitions, describe: Describe) -> Parts:
    table = LiveTable()
    definitions.on_change(lambda: table.swap(definitions.segments.values()))
    return Parts(
        settings=settings,
        lookups=lookups,
        definitions=definitions,
        describe=describe,
        table=table,
        key=SecretKey(settings.secret_key),
        sizes=Sizes(lookups, table),
        health=Health(lookups, definitions, table),
    )
