"""What a person does on one visit, as the calls that a tracking tag would make.

Owns the script of a visit and the shape of its calls; who comes and when is in `calls`. Shapes: contract section 2.
"""

import math
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlencode

from cli.simulation import shop
from cli.simulation.people import PHONES, Device, Person
from cli.simulation.shop import Origin, Product
from schemas.times import SECOND

Body = dict[str, Any]


class Visit:
    """The calls of one visit in the order they are made, `at` being the instant of the next one."""

    def __init__(self, rng: Random, person: Person, device: Device, at: int) -> None:
        self.rng, self.person, self.device, self.at = rng, person, device, at
        self.calls: list[tuple[int, Body]] = []
        self.origin = shop.DIRECT
        self._page: Body = {}

    def linger(self, median: float = 18.0) -> None:
        """Time on a page: mostly seconds, sometimes minutes, never a gap that would end the visit."""
        seconds = self.rng.lognormvariate(math.log(median), 0.8)
        self.at += int(min(max(seconds, 1.5), 240.0) * SECOND)

    def page(self, path: str, title: str, origin: Origin = shop.DIRECT) -> None:
        """`origin` is for the landing page; the others are referred by the page before."""
        self.origin = origin
        query = urlencode([(f"utm_{'campaign' if key == 'name' else key}", value) for key, value in origin.campaign])
        referrer = self._page["url"] if self._page else origin.referrer
        self._page = {"url": shop.url(path, query), "path": path, "title": title, "referrer": referrer}
        self._call("page", name=title, properties=dict(self._page))

    def track(self, event: str, **properties: object) -> None:
        self._call("track", event=event, properties=properties)

    def sign_in(self) -> None:
        """From here on this device names its user; the anonymous calls before are joined by the identify."""
        if self.person.user_id is not None and not self.device.signed_in:
            self.device.signed_in = True
            self._call("identify", traits=dict(self.person.traits))

    def _call(self, type: str, **fields: object) -> None:
        body: Body = {"type": type, "anonymousId": self.device.anonymous_id, **fields, "context": self._context()}
        if self.device.signed_in:
            body["userId"] = self.person.user_id
        self.calls.append((self.at, body))
        self.at += self.rng.randint(80, 400)

    def _context(self) -> Body:
        country, region, locale = self.person.home
        context: Body = {
            "library": {"name": "shoal-simulate", "version": "1"},
            "userAgent": self.device.machine.user_agent,
            "screen": {"width": self.device.machine.width, "height": self.device.machine.height},
            "locale": locale,
            "location": {"country": country, "region": region},
            "page": dict(self._page),
        }
        if self.origin.campaign:
            context["campaign"] = dict(self.origin.campaign)
        if not self.person.analytics:
            context["consent"] = {"categoryPreferences": {"analytics": False}}
        return context


def visit(rng: Random, person: Person, at: int) -> list[tuple[int, Body]]:
    """The calls of a visit that begins at `at`, by time; what the person carries (cart, sign-in) moves on with it."""
    made = Visit(rng, person, _device(rng, person), at)
    _land(made)
    if person.user_id is not None and rng.random() < (0.5 if person.visits else 0.1):
        made.sign_in()
    for _ in range(_pages(rng, person)):
        made.linger()
        _look(made)
    if person.cart and rng.random() < person.habit.buys:
        _buy(made)
    person.visits += 1
    person.away_since = made.at
    return made.calls


def _device(rng: Random, person: Person) -> Device:
    return person.devices[0] if rng.random() < 0.7 else rng.choice(person.devices)


def _pages(rng: Random, person: Person) -> int:
    return min(int(rng.expovariate(1.0 / person.habit.pages)), 25)


def _land(made: Visit) -> None:
    origin = _origin(made)
    product = made.rng.choice(shop.PRODUCTS)
    if made.rng.random() < (0.6 if origin.campaign else 0.25):
        made.page(product.path, product.name, origin)
        made.track("Product Viewed", **product.properties())
    elif made.rng.random() < 0.3:
        made.page(f"/{product.category}", product.category.capitalize(), origin)
    else:
        made.page("/", "Harbour Outfitters", origin)


def _origin(made: Visit) -> Origin:
    """Phones come from social campaigns, subscribers from the newsletter, those who know the shop directly."""
    rng, person = made.rng, made.person
    if person.habit.name == "crawler":
        return shop.DIRECT
    if made.device.signed_in and person.traits["newsletter"] and rng.random() < 0.5:
        return rng.choice(shop.NEWSLETTER)
    if person.visits and rng.random() < 0.6:
        return shop.DIRECT
    social = 45 if made.device.machine in PHONES else 8
    places = ((shop.DIRECT,), shop.SEARCH, shop.LINKS, shop.SOCIAL, shop.ADS)
    return rng.choice(rng.choices(places, (20, 35, 8, social, 15))[0])


def _look(made: Visit) -> None:
    draw = made.rng.random()
    if draw < 0.12:
        made.page("/search", "Search")
        made.track("Products Searched", query=made.rng.choice(shop.SEARCHES))
    elif draw < 0.35:
        category = made.rng.choice(shop.CATEGORIES)
        made.page(f"/{category}", category.capitalize())
    else:
        _consider(made, made.rng.choice(shop.PRODUCTS))


def _consider(made: Visit, product: Product) -> None:
    made.page(product.path, product.name)
    made.track("Product Viewed", **product.properties())
    if made.rng.random() < made.person.habit.adds and len(made.person.cart) < 5:
        made.linger(9.0)
        made.track("$click", label="Add to cart", path=product.path)
        made.track("Product Added", **product.properties(), quantity=1)
        made.person.cart.append(product)


def _buy(made: Visit) -> None:
    steps: tuple[tuple[Callable[[], None], float], ...] = (
        (lambda: made.page("/cart", "Your cart"), 12.0),
        (lambda: made.track("Checkout Started", value=_value(made), items=len(made.person.cart)), 30.0),
        (made.sign_in, 25.0),
    )
    for step, median in steps:
        step()
        made.linger(median)
    if made.rng.random() < 0.8:
        made.page("/thank-you", "Thank you")
        made.track("Order Completed", **_order(made))
        made.person.cart.clear()


def _value(made: Visit) -> float:
    return round(sum(product.price for product in made.person.cart), 2)


def _order(made: Visit) -> dict[str, object]:
    cart = made.person.cart
    return {
        "order_id": f"{made.rng.getrandbits(40):010x}",
        "revenue": _value(made),
        "currency": shop.CURRENCY,
        "items": len(cart),
        "products": [product.properties() for product in cart],
        "coupon": "AUTUMN10" if made.rng.random() < 0.2 else None,
    }
