"""The six segments that the shop keeps an eye on, as posted to `/v1/segments`.

Owns their names and rules. Each uses something else that rules can say, and most change by time alone, so that sizes
move within the first minute.
"""

from typing import Any

from cli.simulation.shop import HOST


def _did(event: str, last: str | None = None, **more: object) -> dict[str, Any]:
    rule: dict[str, Any] = {"did": {"event": event}, **more}
    return rule | {"window": {"last": last}} if last else rule


SEGMENTS: tuple[dict[str, Any], ...] = (
    {
        "id": "in-the-shop-now",
        "name": "In the shop right now",
        "description": "Did something on the shop's pages in the last minute.",
        "rule": {
            "did": {"event": "*", "where": [{"field": "host", "op": "is", "value": HOST}]},
            "window": {"last": "60s"},
        },
    },
    {
        "id": "left-their-cart",
        "name": "Left their cart",
        "description": "Something in the cart within the last half hour, no order, and quiet for 3 minutes.",
        "rule": {
            "all": [
                _did("Product Added", "30m"),
                _did("Order Completed", "30m", count={"eq": 0}),
                {"not": _did("*", "3m")},
            ]
        },
    },
    {
        "id": "fresh-from-social",
        "name": "Fresh from social",
        "description": "First seen within a day, on a phone, through a paid post on Instagram, TikTok or Facebook.",
        "rule": {
            "all": [
                {"user": "first_seen", "op": "within_last", "value": "1d"},
                {"user": "device", "op": "is", "value": "mobile"},
                {"user": "first_campaign.source", "op": "in", "value": ["instagram", "tiktok", "facebook"]},
            ]
        },
    },
    {
        "id": "repeat-buyers",
        "name": "Repeat buyers",
        "description": "Ordered at least twice in the last 30 days.",
        "rule": _did("Order Completed", "30d", count={"gte": 2}),
    },
    {
        "id": "win-back",
        "name": "Win back",
        "description": "Looked at jackets or knitwear within the last month, but has not been here for a week.",
        "rule": {
            "all": [
                {
                    "did": {
                        "event": "Product Viewed",
                        "where": [{"field": "properties.category", "op": "in", "value": ["jackets", "knitwear"]}],
                    },
                    "window": {"last": "30d"},
                },
                _did("*", "7d", count={"eq": 0}),
            ]
        },
    },
    {
        "id": "gold-in-the-shop",
        "name": "Gold members in the shop",
        "description": "Gold members and repeat buyers among those who are here right now.",
        "rule": {
            "all": [
                {"segment": "in-the-shop-now"},
                {"any": [{"user": "traits.tier", "op": "is", "value": "gold"}, {"segment": "repeat-buyers"}]},
            ]
        },
    },
)
"""A segment stands after those that it refers to."""
