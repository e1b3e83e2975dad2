"""The shop itself: its goods, its pages, and the places that people come from.

Owns names, prices and addresses only; what people do with them is in `visits`.
"""

from dataclasses import dataclass

HOST = "harbour-outfitters.example"
CURRENCY = "EUR"


@dataclass(frozen=True, slots=True)
class Product:
    sku: str
    name: str
    category: str
    price: float

    @property
    def path(self) -> str:
        return f"/{self.category}/{self.sku}"

    def properties(self) -> dict[str, object]:
        """As a track call tells of it."""
        return {
            "product_id": self.sku,
            "name": self.name,
            "category": self.category,
            "price": self.price,
            "currency": CURRENCY,
        }


PRODUCTS = (
    Product("oilskin-jacket", "Oilskin jacket", "jackets", 189.0),
    Product("storm-parka", "Storm parka", "jackets", 249.0),
    Product("quilted-gilet", "Quilted gilet", "jackets", 119.0),
    Product("fisherman-jumper", "Fisherman's jumper", "knitwear", 95.0),
    Product("breton-shirt", "Breton shirt", "knitwear", 49.0),
    Product("merino-beanie", "Merino beanie", "knitwear", 29.0),
    Product("deck-boots", "Deck boots", "shoes", 79.0),
    Product("canvas-sneakers", "Canvas sneakers", "shoes", 59.0),
    Product("wool-slippers", "Wool slippers", "shoes", 45.0),
    Product("waxed-duffel", "Waxed duffel bag", "bags", 139.0),
    Product("roll-top-backpack", "Roll-top backpack", "bags", 99.0),
    Product("sailcloth-tote", "Sailcloth tote", "bags", 39.0),
    Product("enamel-mug", "Enamel mug", "home", 14.0),
    Product("storm-lantern", "Storm lantern", "home", 34.0),
    Product("tide-clock", "Tide clock", "home", 64.0),
)
CATEGORIES = tuple(dict.fromkeys(product.category for product in PRODUCTS))
SEARCHES = ("jacket", "warm jumper", "waterproof bag", "gift", "boots size 42", "lantern", "sale")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a visit comes from: a referring page, a campaign, or neither (typed in, bookmarked)."""

    referrer: str = ""
    campaign: tuple[tuple[str, str], ...] = ()


def _campaign(referrer: str, name: str, source: str, medium: str) -> Origin:
    return Origin(referrer, (("name", name), ("source", source), ("medium", medium)))


DIRECT = Origin()
SEARCH = (Origin("https://www.google.com/"), Origin("https://duckduckgo.com/"), Origin("https://www.bing.com/"))
LINKS = (
    Origin("https://coastal-living.example/autumn-picks"),
    Origin("https://www.reddit.com/r/onebag/"),
    Origin("https://old-salt-blog.example/kit-list"),
)
SOCIAL = (
    _campaign("https://l.instagram.com/", "autumn-drop", "instagram", "paid_social"),
    _campaign("https://www.tiktok.com/", "deck-boots-reel", "tiktok", "paid_social"),
    _campaign("https://m.facebook.com/", "autumn-drop", "facebook", "paid_social"),
)
ADS = (
    _campaign("https://www.google.com/", "brand", "google", "cpc"),
    _campaign("https://www.google.com/", "rainwear", "google", "cpc"),
)
NEWSLETTER = (
    _campaign("", "november-letter", "newsletter", "email"),
    _campaign("", "back-in-stock", "newsletter", "email"),
)


def url(path: str, query: str = "") -> str:
    return f"https://{HOST}{path}" + (f"?{query}" if query else "")
