"""Who a call is about: its ids as text, and what it tells of them.

Owns what an id is and which identity records a call leaves; whom an id belongs to is decided in the id's partition.
Source: contract section 2, "Ids" and "Identity".
"""

from typing import Any, NamedTuple

from schemas.calls import MAX_ID_LENGTH, CallType
from schemas.errors import Rejected
from schemas.events import IdentityRecord
from streams.normalise_text import number_text


class Ids(NamedTuple):
    """Ids of one call. At least one of `user` and `anonymous` is there; `previous` only in an alias."""

    user: str | None
    anonymous: str | None
    previous: str | None = None

    @property
    def key(self) -> str:
        """The id that an event is sent under."""
        return self.user or self.anonymous or ""


def read_ids(call: dict[str, Any], kind: CallType) -> Ids:
    """The ids of a call. An empty text beside an id is as absent: some SDKs send one. Raises Rejected.

    An alias needs `userId`, and `previousId` or `anonymousId`.
    """
    alias = kind == "alias"
    names = ("userId", "anonymousId", "previousId") if alias else ("userId", "anonymousId")
    ids = Ids(*(read_id(name, call.get(name)) for name in names))
    enough = ids.user and (ids.previous or ids.anonymous) if alias else ids.user or ids.anonymous
    if not enough:
        if any(call.get(name) == "" for name in names):
            raise Rejected("bad_id", "an id has at least one character")
        raise Rejected("missing_id", "an alias needs userId and previousId" if alias else "needs userId or anonymousId")
    return ids


def read_id(name: str, value: object) -> str | None:
    """An id as text; None where there is none. Raises Rejected `bad_id`."""
    if value is None or value == "":
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = number_text(value)
    if not isinstance(value, str):
        raise Rejected("bad_id", f"{name} is neither text nor a number")
    if len(value) > MAX_ID_LENGTH:
        raise Rejected("bad_id", f"{name} has over {MAX_ID_LENGTH} characters")
    if "\0" in value or not (value.isascii() or _encodable(value)):
        raise Rejected("bad_id", f"{name} has a NUL or half a character")
    return value


def _encodable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def identity_records(
    ids: Ids, received: int, share: bool = True, arrival: int = 0, message: str | None = None
) -> tuple[IdentityRecord, ...]:
    """What the call tells of its ids, in order: the userId first, so that who is joined to it finds it there.

    `arrival` tells the order of aliases, and `message` their repetitions, as they do of events. Nothing else that is
    told of ids changes anything when it is told again.
    """
    user, anonymous, previous = ids
    if user is None:
        return (IdentityRecord(id=ids.key, seen="anonymous", received=received, share=share),)
    records: tuple[IdentityRecord, ...] = (IdentityRecord(id=user, seen="user", received=received, share=share),)
    if anonymous is not None:
        owner = None if anonymous == user else user
        records += (IdentityRecord(id=anonymous, seen="anonymous", owner=owner, received=received, share=share),)
    if previous is not None and previous != user:
        alias = IdentityRecord(
            id=previous, alias=user, arrival=arrival, message=message, received=received, share=share
        )
        records += (alias,)
    return records
