"""Any number of segments of mixed kinds, over the events of `bench.data`: what a busy site has after a year.

Half of the conditions count, the others are of every other kind that rules know; a fifth is negated, one in ten refers
to another segment. The same number gives the same rules.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from bench.data import CATEGORIES

Document = dict[str, Any]

_NAMES = ("$page", "Product Viewed", "$click", "Product Added", "Order Completed")
_WEIGHTS = (35, 25, 10, 15, 15)
_LASTS = ("1h", "6h", "1d", "7d", "14d", "30d", "90d")
_PRICE = "properties.price"


def mixed(count: int, seed: int = 3) -> dict[str, Document]:
    """id → rule of so many segments."""
    rng = Random(seed)
    made: dict[str, Document] = {}
    for number in range(count):
        parts = [_condition(rng) for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        if made and rng.random() < 0.1:
            parts.append({"segment": rng.choice(tuple(made))})
        parts = [{"not": part} if rng.random() < 0.2 else part for part in parts]
        made[f"mixed-{number}"] = parts[0] if len(parts) == 1 else {rng.choice(("all", "any")): parts}
    return made


def _condition(rng: Random) -> Document:
    return rng.choices(tuple(_KINDS), tuple(_KINDS.values()))[0](rng)


def _selector(rng: Random, name: str | None = None) -> Document:
    event = name or rng.choices(_NAMES, _WEIGHTS)[0]
    asked: list[Document] = [
        {"field": "path", "op": "starts_with", "value": f"/{rng.choice(CATEGORIES)}/{rng.randrange(10)}"},
        {"field": "path", "op": "is", "value": f"/{rng.choice(CATEGORIES)}/{rng.randrange(100)}"},
        {"field": "device", "op": "is", "value": rng.choice(("desktop", "mobile"))},
        {"field": "country", "op": "in", "value": rng.sample(("DE", "FR", "US", "GB", "NL"), 2)},
    ]
    if event == "$page":
        asked.append({"field": "campaign.source", "op": "is", "value": rng.choice(("google", "newsletter"))})
    else:
        asked.append({"field": _PRICE, "op": "gte", "value": rng.randrange(50, 250)})
        asked.append({"field": "properties.category", "op": "is", "value": rng.choice(CATEGORIES)})
    where = rng.sample(asked, rng.choice((0, 1, 1, 2)))
    return {"event": event, **({"where": where} if where else {})}


def _window(rng: Random) -> Document:
    chosen = rng.random()
    if chosen < 0.1:
        return {}
    if chosen < 0.2:
        return {"window": {"last": "30d", "until": rng.choice(("1d", "7d"))}}
    return {"window": {"last": rng.choice(_LASTS)}}


def _count(rng: Random) -> Document:
    compared = rng.choice(({"gte": rng.randint(1, 20)}, {"eq": rng.randint(0, 3)}, {"between": [2, 9]}))
    return {"did": _selector(rng), "count": compared, **_window(rng)}


def _sum(rng: Random) -> Document:
    kind, least = rng.choice((("sum", 900), ("avg", 150), ("min", 20), ("max", 280)))
    return {"did": _selector(rng, "Product Viewed"), kind: {"of": _PRICE, "gte": least}, **_window(rng)}


def _distinct(rng: Random) -> Document:
    return {"did": _selector(rng, "$page"), "distinct": {"of": "path", "gte": rng.randint(2, 20)}, **_window(rng)}


def _first(rng: Random) -> Document:
    return {"did": _selector(rng), "first": True, "window": {"last": rng.choice(_LASTS)}}


def _periods(rng: Random) -> Document:
    periods = {"every": "1d", "of_last": rng.randint(3, 14), "at_least": rng.randint(1, 3)}
    return {"did": _selector(rng), "count": {"gte": rng.randint(1, 3)}, "periods": periods}


def _sequence(rng: Random) -> Document:
    steps = [_selector(rng, name) for name in ("Product Viewed", "Product Added", "Order Completed")]
    return {"sequence": steps[: rng.choice((2, 3))], "within": rng.choice(("1h", "1d")), "window": {"last": "30d"}}


def _user(rng: Random) -> Document:
    return rng.choice(
        (
            {"user": "browser", "op": "is", "value": rng.choice(("Chrome", "Safari", "Firefox"))},
            {"user": "visits", "op": "gte", "value": rng.randint(2, 5)},
            {"user": "last_seen", "op": "within_last", "value": rng.choice(_LASTS)},
            {"user": "first_campaign.source", "op": "is", "value": "google"},
        )
    )


_KINDS: dict[Callable[[Random], Document], int] = {
    _count: 50,
    _sum: 14,
    _distinct: 7,
    _first: 6,
    _periods: 6,
    _sequence: 7,
    _user: 10,
}
