"""Users as they are uploaded: one becomes a record that sets traits at the time of receipt and makes known.

Owns what is rejected and how a row of CSV is read: every cell is text, an empty one is missing. It is no event: no
sighting, no visit, no part of `$identify`. Source: contract sections 2 and 3, `POST /v1/users`.
"""

from collections.abc import Mapping
from typing import Any

from schemas.errors import Rejected
from schemas.events import Event
from streams.normalise_ids import read_id
from streams.normalise_text import fitting

NAME = "$upload"
ID = "user_id"


def uploaded(user: object, received: int, arrival: int, message_id: str) -> Event:
    """The record of one entry of a JSON upload. Raises Rejected."""
    if not isinstance(user, dict):
        raise Rejected("not_object", "a user has to be a JSON object with `user_id` and `traits`")
    fit = fitting(user)
    id = _required_id(user.get(ID))  # as sent: an id is refused where a text is mended
    traits = fit.get("traits")
    if traits is not None and not isinstance(traits, dict):
        raise Rejected("bad_traits", "`traits` has to be a JSON object")
    return _event(id, traits or {}, received, arrival, message_id)


def uploaded_row(cells: Mapping[str, str], received: int, arrival: int, message_id: str) -> Event:
    """The record of one row of CSV, by the header's names. Raises Rejected."""
    traits = {name: cell for name, cell in cells.items() if cell and name != ID}
    return _event(_required_id(cells.get(ID)), fitting(traits), received, arrival, message_id)


def _required_id(value: object) -> str:
    id = read_id(ID, value)
    if id is None:
        raise Rejected("missing_id", f"`{ID}` is missing")
    return id


def _event(id: str, traits: dict[str, Any], received: int, arrival: int, message_id: str) -> Event:
    return Event(
        id=id,
        type="upload",
        name=NAME,
        time=received,
        received=received,
        arrival=arrival,
        message_id=message_id,
        traits={name: value for name, value in traits.items() if value is not None},
    )
