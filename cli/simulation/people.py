"""Who the people are: their devices, home, account and habits, each drawn once from a seed and a number.

Owns a person's lasting facts and what they carry from visit to visit. The same seed and number give the same ids in
every run, so that a second run against the same system shows people who return.
"""

from dataclasses import dataclass, field
from random import Random
from uuid import UUID

from cli.simulation.shop import Product


@dataclass(frozen=True, slots=True)
class Machine:
    """A kind of device: its user agent and screen."""

    user_agent: str
    width: int
    height: int


_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)"
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"

PHONES = (
    Machine(f"{_IPHONE} {_APPLE} Version/18.6 Mobile/15E148 Safari/604.1", 390, 844),
    Machine(f"{_IPHONE} {_APPLE} CriOS/141.0.7390.41 Mobile/15E148 Safari/604.1", 430, 932),
    Machine(f"{_ANDROID} {_BLINK} Chrome/141.0.0.0 Mobile Safari/537.36", 412, 915),
    Machine(f"{_ANDROID} {_BLINK} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36", 384, 854),
    Machine("Mozilla/5.0 (Android 14; Mobile; rv:143.0) Gecko/143.0 Firefox/143.0", 360, 800),
)
TABLETS = (
    Machine(
        f"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) {_APPLE} Version/17.7 Mobile/15E148 Safari/604.1", 820, 1180
    ),
)
DESKTOPS = (
    Machine(f"{_WINDOWS} {_BLINK} Chrome/141.0.0.0 Safari/537.36", 1920, 1080),
    Machine(f"{_WINDOWS} {_BLINK} Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0", 1536, 864),
    Machine("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0", 1920, 1200),
    Machine(f"{_MAC} {_APPLE} Version/18.6 Safari/605.1.15", 1512, 982),
    Machine(f"{_MAC} {_BLINK} Chrome/141.0.0.0 Safari/537.36", 1440, 900),
    Machine(f"Mozilla/5.0 (X11; Linux x86_64) {_BLINK} Chrome/140.0.0.0 Safari/537.36", 1920, 1080),
    Machine(f"{_WINDOWS} {_BLINK} Chrome/139.0.0.0 Safari/537.36 OPR/122.0.0.0", 2560, 1440),
)
CRAWLER = Machine("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 1024, 1024)

HOMES = (
    ("DE", "BE", "de-DE"),
    ("DE", "HH", "de-DE"),
    ("FR", "IDF", "fr-FR"),
    ("NL", "NH", "nl-NL"),
    ("GB", "ENG", "en-GB"),
    ("GB", "SCT", "en-GB"),
    ("IE", "D", "en-IE"),
    ("DK", "84", "da-DK"),
    ("US", "CA", "en-US"),
    ("US", "NY", "en-US"),
)
FIRST_NAMES = (
    "Ada",
    "Ben",
    "Clara",
    "David",
    "Elif",
    "Finn",
    "Greta",
    "Hugo",
    "Ines",
    "Jonas",
    "Kaja",
    "Liam",
    "Mara",
    "Nils",
    "Orla",
)
LAST_NAMES = (
    "Adler",
    "Brandt",
    "Costa",
    "Dubois",
    "Evans",
    "Fischer",
    "Garcia",
    "Hansen",
    "Ivanov",
    "Jansen",
    "Keller",
    "Lund",
)


@dataclass(frozen=True, slots=True)
class Habit:
    """How a kind of person behaves; `returns` weighs how often they come back, the rest are chances."""

    name: str
    share: int
    returns: float
    pages: float
    adds: float
    buys: float
    account: float
    gold: float = 0.0


HABITS = (
    Habit("passer-by", 50, 0.15, 2.0, 0.06, 0.1, 0.05),
    Habit("browser", 24, 0.6, 4.0, 0.2, 0.25, 0.25),
    Habit("bargain hunter", 12, 0.8, 5.0, 0.6, 0.25, 0.5, 0.05),
    Habit("regular", 13, 1.0, 4.0, 0.55, 0.75, 0.95, 0.35),
    Habit("crawler", 1, 1.0, 8.0, 0.0, 0.0, 0.0),
)


@dataclass(slots=True)
class Device:
    anonymous_id: str
    machine: Machine
    signed_in: bool = False


@dataclass(slots=True)
class Person:
    """`user_id` None: never makes an account. `analytics` False: refused to be measured."""

    habit: Habit
    devices: list[Device]
    home: tuple[str, str, str]
    user_id: str | None
    traits: dict[str, object]
    analytics: bool
    cart: list[Product] = field(default_factory=list)
    visits: int = 0
    away_since: int = 0


def born(seed: int, number: int) -> Person:
    """Person `number` of the shop that `seed` makes."""
    rng = Random(f"{seed}/{number}")
    habit = rng.choices(HABITS, [habit.share for habit in HABITS])[0]
    return Person(
        habit=habit,
        devices=_devices(rng, habit),
        home=rng.choice(HOMES),
        user_id=f"user-{seed}-{number}" if rng.random() < habit.account else None,
        traits=_traits(rng, habit, number),
        analytics=rng.random() > 0.02,
    )


def _devices(rng: Random, habit: Habit) -> list[Device]:
    if habit.name == "crawler":
        machines = [CRAWLER]
    else:
        machines = [rng.choice(rng.choices((PHONES, TABLETS, DESKTOPS), (55, 5, 40))[0])]
        if rng.random() < 0.3:
            machines.append(rng.choice(DESKTOPS if machines[0] in PHONES else PHONES))
    return [Device(str(UUID(int=rng.getrandbits(128), version=4)), machine) for machine in machines]


def _traits(rng: Random, habit: Habit, number: int) -> dict[str, object]:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    tier = "gold" if rng.random() < habit.gold else rng.choice(("silver", "standard", "standard"))
    return {
        "name": f"{first} {last}",
        "email": f"{first}.{last}.{number}@mail.example".lower(),
        "tier": tier,
        "newsletter": rng.random() < 0.4,
    }
