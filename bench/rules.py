"""The 20 segments that are live while the worker is measured: of every kind that rules know, over every kind of event.

Owns the rules only.
"""

from typing import Any


def _did(event: str, last: str | None = None, where: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    selector = {"event": event, **({"where": where} if where else {})}
    return {"did": selector, **more, **({"window": {"last": last}} if last else {})}


def _where(field: str, op: str, value: Any) -> list[dict[str, Any]]:
    return [{"field": field, "op": op, "value": value}]


def _user(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"user": field, "op": op, "value": value}


RULES: dict[str, dict[str, Any]] = {
    "active-now": _did("*", "5m"),
    "busy-today": _did("$page", "1d", count={"gte": 10}),
    "one-page": _did("$page", "1h", count={"eq": 1}),
    "jackets": _did("$page", "7d", _where("path", "starts_with", "/jackets"), count={"gte": 2}),
    "newsletter": _did("$page", "30d", _where("campaign.source", "is", "newsletter")),
    "paid": _did("$page", "7d", _where("campaign.source", "in", ["google", "instagram"]), count={"between": [2, 5]}),
    "clickers": _did("$click", "1h", count={"gte": 3}),
    "dear-things": _did("Product Viewed", "7d", _where("properties.price", "gt", 200), count={"gte": 2}),
    "cart-left": {"all": [_did("Product Added", "1h"), {"not": _did("Order Completed", "1h")}]},
    "buyers": _did("Order Completed"),
    "repeat-buyers": _did("Order Completed", "30d", count={"gte": 2}),
    "window-shoppers": {
        "all": [_did("Product Viewed", "7d", count={"gte": 5}), _did("Order Completed", "7d", count={"eq": 0})]
    },
    "mobile": _user("device", "is", "mobile"),
    "mobile-buyers": {"all": [_user("device", "is", "mobile"), {"segment": "buyers"}]},
    "german-speaking": _user("language", "starts_with", "de"),
    "new-today": _user("first_seen", "within_last", "1d"),
    "returning": _user("visits", "gte", 2),
    "shoes-or-bags": {
        "any": [
            _did("Product Viewed", "14d", _where("properties.category", "is", "shoes")),
            _did("Product Viewed", "14d", _where("properties.category", "is", "bags")),
        ]
    },
    "safari-abroad": {"all": [_user("browser", "is", "Safari"), {"not": _user("country", "in", ["DE", "US"])}]},
    "gone-quiet": {"all": [_did("*", "30d", count={"gte": 3}), {"not": _did("*", "7d")}]},
}
