"""The few words that cases are made of: few, so that rules meet events and times meet windows to the millisecond."""

from tests.reference.times import DAY, HOUR, MINUTE, SECOND, instant, iso
from tests.reference.user_agents import USER_AGENTS

BASE = instant("2026-11-20T00:00:00Z")

# Lengths of windows, as a rule says them. 30m is the session gap too.
LENGTHS = ["1d", "1h", "7d", "1d", "30m", "2d", "7d", "90s", "30d"]

# Steps of the clock and distances between events: the lengths above, a millisecond around each, and small ones.
DISTANCES = sorted(
    {0, 1, 2, SECOND, 5 * MINUTE}
    | {length + around for length in (90 * SECOND, 30 * MINUTE, HOUR, DAY, 2 * DAY, 7 * DAY) for around in (-1, 0, 1)}
)

ANONYMOUS = ["a1", "a2"]
USERS = ["u1", "u2"]

TRACKS = ["buy", "view", "buy", "$click", "$experience", "Buy"]
HOSTS = ["shop.example", "www.shop.example"]
URLS = [
    "https://shop.example/",
    "https://shop.example/cart",
    "https://shop.example/cart?size=m&size=l#top",
    "https://shop.example/p/1?q=red+shoes%21",
    "https://www.shop.example/blog/a?utm_source=news&utm_medium=mail&utm_campaign=may",
    "https://shop.example/?utm_source=ads&utm_medium=cpc&utm_term=shoes&utm_content=b",
    "https://shop.example/sale?utm_source=ads",
]
REFERRERS = [
    None,
    "https://shop.example/cart",
    "https://www.google.com/search?q=shoes",
    "https://t.example/x",
    "https://www.shop.example/blog/a",
    "",
]
CAMPAIGNS = [None, {"source": "ads", "medium": "cpc"}, {"source": "news", "medium": "mail", "name": "may"}]
AGENTS = [None, *USER_AGENTS]
LOCALES = [None, "de-CH", "en-US", "en"]
PLACES = [None, {"country": "CH", "region": "BE"}, {"country": "DE"}]
SCREENS = [None, {"width": 1920, "height": 1080}, {"width": 390, "height": 844}]
TITLES = [None, "Cart", "Your cart (3)"]

DATES = [
    iso(BASE),
    "2026-11-20",
    "2026-11-21T00:00:00.001Z",
    "2026-11-20T02:00:00+02:00",
    "2026-11-27T00:00:00Z",
    "2026-11-26T23:59:59.999Z",
    "2026-10-21",
    "2026-12-24",
]
NUMBERS = [
    0,
    1,
    2,
    3,
    7,
    10,
    0.5,
    2.5,
    -1,
    0.1,
    0.2,
    0.7,
]  # the last ones are no sums of halves: their order must not matter
NUMERALS = ["7", "7.0", "-1", "1e1", "0.5", "007"]
WORDS = ["red", "Red", "blue", "red shoes", "x", "true", "é"]
ODD = ["", None, "", True, False, [], {}, ["red", 7], {"x": 1}]
LISTS = [[], ["red"], ["red", "blue"], [7, "7.0", True], ["1", 2.5]]

# Properties and traits: what values each may have. Everything may be odd now and then.
PROPERTIES = {
    "n": NUMBERS + NUMERALS,
    "word": [*WORDS, "7", 7, 7.0, True],
    "tags": LISTS,
    "when": [*DATES, 1700000000],
    "cart": [{"total": 7}, {"total": 10.0, "word": "red"}, {"total": "7"}, {}],
}
TRAITS = {
    "plan": ["free", "pro", "Pro"],
    "age": [*NUMBERS, "7", "40"],
    "tags": LISTS,
    "renews": DATES,
    "address": [{"city": "Bern"}, {"city": "Basel", "zip": 4000}, {}],
}
EXPERIENCES = [{"experience": "hero", "variant": "a"}, {"experience": "hero", "variant": "b"}]
GROUPS = ["g1", "g2", 7]
PATTERNS = ["red", "^r", "d$", "^(red|blue)$", "(?i)^RED", r"\d+", "[a-z]{3}", "shop.*cart", "^$", "e|o"]
