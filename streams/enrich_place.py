"""Where and how a user looks: country and region, language, screen.

Owns reading `context.location`, `context.locale`, `context.screen`; the geo database comes as a function.
"""

from typing import Any, TypeGuard

from schemas.calls import Place, Policy
from streams.normalise_text import number_text, record, text

NOWHERE = Place(None, None)


def place_of(context: dict[str, Any], address: str | None, policy: Policy) -> Place:
    """`context.location` as sent, else what the geo database says of `context.ip`, else of the browser's address."""
    location = record(context.get("location"))
    sent = Place(text(location.get("country")), text(location.get("region")))
    if sent != NOWHERE or policy.locate is None:
        return sent
    address = text(context.get("ip")) or address
    return (policy.locate(address) if address else None) or NOWHERE


def language_of(context: dict[str, Any]) -> str | None:
    return text(context.get("locale"))


def screen_of(context: dict[str, Any]) -> str | None:
    """`1920x1080`; None unless both sides are numbers over 0."""
    screen = record(context.get("screen"))
    width, height = screen.get("width"), screen.get("height")
    return f"{number_text(width)}x{number_text(height)}" if _side(width) and _side(height) else None


def _side(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
