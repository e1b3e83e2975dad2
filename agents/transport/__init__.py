"""The transport `shoal://host:port[;host:port…]`: Faust with whole batches of records instead of single events.

Topics declared with `BatchSchema` give their agent one event a batch; an agent calls `event.message.finish()` once all
that the batch causes is durable, and nothing else lets it be committed. Tables are `agents.table.ProfileTable`s.
"""

from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers.aiokafka import Transport as KafkaTransport

from agents.transport.consumer import BatchConsumer, UnfinishedError
from agents.transport.message import BatchMessage, BatchSchema

__all__ = ["SCHEME", "BatchConsumer", "BatchMessage", "BatchSchema", "Transport", "UnfinishedError", "register"]

SCHEME = "shoal"


class Transport(KafkaTransport):
    """Faust's Kafka transport with the consumer of batches."""

    Consumer = BatchConsumer
    driver_version = KafkaTransport.driver_version


def register() -> None:
    """Makes the scheme known to Faust; to be called before an app is made."""
    TRANSPORTS.aliases[SCHEME] = f"{__name__}:{Transport.__name__}"
