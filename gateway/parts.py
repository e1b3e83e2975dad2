"""What the handlers of one gateway share: settings, ports, and what is made of these once.

Owns no behaviour. Tests make it with stand-ins for Redis and Kafka.
"""

from dataclasses import dataclass

from gateway.answers.sizes import Sizes
from gateway.answers.users import Describe, UserAnswers
from gateway.auth import SecretKey
from gateway.cache import LiveTable
from gateway.collector.intake import Writer
from gateway.health import Health
from gateway.ports import Definitions, Lookups
from gateway.segments.lists import Lists
from schemas.settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handlers of one process share."""

    settings: Settings
    lookups: Lookups
    definitions: Definitions
    table: LiveTable
    key: SecretKey
    users: UserAnswers
    sizes: Sizes
    health: Health
    lists: Lists


def make_parts(
    settings: Settings, lookups: Lookups, definitions: Definitions, describe: Describe, writer: Writer
) -> Parts:
    table, key = LiveTable(), SecretKey(settings.secret_key)
    definitions.on_change(lambda: table.swap(definitions.segments.values()))
    return Parts(
        settings=settings,
        lookups=lookups,
        definitions=definitions,
        table=table,
        key=key,
        users=UserAnswers(key, lookups, table, describe),
        sizes=Sizes(lookups, table),
        health=Health(lookups, definitions, table),
        lists=Lists(definitions, lookups, writer, settings.partitions),
    )
