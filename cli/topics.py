"""`shoal topics`: making the topics."""

import click

from cli.options import TOPICS, settings_options
from schemas.settings import Settings


@click.group(short_help="Makes the Kafka topics.")
def topics() -> None:
    """The Kafka topics of a namespace.

    \b
    Example:
      shoal topics create --kafka broker:9092
    """


@topics.command(short_help="Makes the topics that are not there yet.")
@settings_options("kafka", "namespace", *TOPICS, needs=("kafka",))
def create(settings: Settings) -> None:
    """Makes the topics that are not there yet, with their partitions, retention and compaction.

    Those that are there get the configuration that the settings say.
    One that is there with another number of partitions is refused: users would be looked for in the wrong place.

    \b
    Example:
      shoal topics create --kafka broker:9092 --partitions 16 --replication 3
    """
    from stores.topics import create_topics

    changes = create_topics(settings)
    for what, names in (("made", changes.made), ("configured anew", changes.changed)):
        if names:
            print(f"{what}: {', '.join(names)}")
    if not (changes.made or changes.changed):
        print("all topics are there")
