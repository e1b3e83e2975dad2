"""Reading an event's field by its PATH.

Owns the readers of event paths; which paths there are is the table in `schemas.paths`, and its names are the fields of
`schemas.events.Event`. What only `$visit` has, and a user's paths, are read where visits and profiles are.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from schemas.events import Event
from schemas.paths import split

Reader = Callable[[Event], object]


def event_path(path: str) -> Reader:
    """Reads a path of every event; None where it is missing."""
    head, rest = split(path)
    whole: Callable[[Event], Any] = attrgetter(head)
    if rest is None:
        return whole
    if "." not in rest:
        return lambda event: whole(event).get(rest)
    return lambda event: dig(whole(event), rest)


def dig(values: dict[str, Any], path: str) -> object:
    """The value under a dotted path, None if there is none.

    At each level a key that spells the whole rest of the path goes before a walk into the object under its first part,
    so that a property that was sent flat as `a.b` is found beside one that was sent as an object.
    """
    here: object = values
    while isinstance(here, dict):
        found = here.get(path)
        if found is not None:
            return found
        first, dot, path = path.partition(".")
        if not dot:
            return None
        here = here.get(first)
    return None
