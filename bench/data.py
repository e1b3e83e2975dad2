"""The events that everything is measured with: people of a shop, as the collector writes them to the topics.

Owns their making, not their sending (`bench.load`). The same numbers give the same events.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from schemas.events import Event, IdentityRecord, encode
from schemas.topics import Topic

Record = tuple[Topic, str, bytes]
"""(topic, id that is the key, value)."""

_AGENTS = (
    ("desktop", "Windows", "10", "Chrome", "141.0", "1920x1080"),
    ("desktop", "macOS", "10.15", "Safari", "18.6", "1512x982"),
    ("mobile", "Android", "10", "Chrome", "141.0", "412x915"),
    ("mobile", "iOS", "18.6", "Safari", "18.6", "390x844"),
    ("desktop", "Linux", None, "Firefox", "143.0", "1920x1200"),
)
_COUNTRIES = (("DE", "de-DE"), ("FR", "fr-FR"), ("US", "en-US"), ("GB", "en-GB"), ("NL", "nl-NL"))
_SOURCES = (None, None, None, "google", "newsletter", "instagram")
CATEGORIES = ("jackets", "knitwear", "shoes", "bags", "home")
_NAMES = ("$page", "Product Viewed", "$click", "Product Added", "Order Completed")
_WEIGHTS = (60, 20, 10, 7, 3)


@dataclass(frozen=True, slots=True)
class Made:
    """`events` of `users` drawn at random, evenly from `start` to `end` (ms). `prefix` begins their ids."""

    users: int
    events: int
    start: int
    end: int
    prefix: str = "u"
    seed: int = 1


def identities(made: Made) -> Iterator[Record]:
    """What the collector also writes, once for each user: that the id is there."""
    for number in range(made.users):
        id = f"{made.prefix}{number}"
        yield Topic.IDENTITY, id, encode(IdentityRecord(id=id, seen="anonymous", received=made.start))


def events(made: Made) -> Iterator[Record]:
    """Every user has one before any has a second."""
    rng = Random(made.seed)
    step = (made.end - made.start) / max(made.events, 1)
    for number in range(made.events):
        user = number if number < made.users else rng.randrange(made.users)
        yield event(
            rng, f"{made.prefix}{user}", user, int(made.start + number * step), f"{made.prefix}-{made.seed}-{number}"
        )


def event(rng: Random, id: str, user: int, at: int, message_id: str) -> Record:
    """One event; what lasts (device, country) follows from the user's number."""
    name = rng.choices(_NAMES, _WEIGHTS)[0]
    category = rng.choice(CATEGORIES)
    path = f"/{category}/{rng.randrange(100)}"
    device, os, os_version, browser, browser_version, screen = _AGENTS[user % len(_AGENTS)]
    country, language = _COUNTRIES[user % len(_COUNTRIES)]
    source = _SOURCES[rng.randrange(len(_SOURCES))] if name == "$page" else None
    made = Event(
        id=id,
        type="page" if name == "$page" else "track",
        name=name,
        time=at,
        received=at,
        message_id=message_id,
        anonymous_id=id,
        url=f"https://shop.example{path}",
        path=path,
        host="shop.example",
        title="A fine thing to have",
        referrer="https://shop.example/",
        referrer_host="shop.example",
        campaign={"source": source, "medium": "cpc", "name": "autumn"} if source else {},
        device=device,
        os=os,
        os_version=os_version,
        browser=browser,
        browser_version=browser_version,
        screen=screen,
        language=language,
        country=country,
        properties={} if name == "$page" else {"category": category, "price": rng.randrange(10, 300)},
    )
    return _topic(name), id, encode(made)


def _topic(name: str) -> Topic:
    return {"$page": Topic.PAGE_VIEWS, "$click": Topic.CLICKS}.get(name, Topic.EVENTS)


TOPICS = (Topic.PAGE_VIEWS, Topic.CLICKS, Topic.EVENTS)
"""Those that the events are in."""
