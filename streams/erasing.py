"""Erasing a user: all ids are closed, then all are freed, so that nothing that is still on its way can bring it back.

Owns the course of it. The gateway asks once everything that was acknowledged before has arrived. The user's home gives
up the profile and has every other id closed: from then on nothing under it counts. Each answers behind all that it had
ever sent; when all have, nothing of theirs is under way any more, and they are freed: their rows are deleted, and what
their partitions have read so far is nobody's (`Flags.born`), should it be read again. Last, the home frees itself.
Every message does nothing the second time, and is answered again. Source: contract section 3, `DELETE`.
"""

from schemas.profile import NEVER, Closing, Redirect, decode_profile_body
from schemas.topics import SOURCE_TOPICS
from schemas.transfers import Close, Closed, Erase, Erasing, Free, Freed, Moved, Transfer
from streams import identity
from streams.desk import Desk
from streams.live import Live

_EVER = 1 << 62
"""No offset reaches it."""


def take(desk: Desk, message: Erasing, offset: int) -> None:
    """Carries out a message that stands at `offset` of this partition's transfers."""
    row = desk.row(message.to)
    if isinstance(message, Erase):
        _erase(desk, message, row, offset)
    elif isinstance(message, Close):
        _close(desk, message, row, offset)
    elif isinstance(message, Free):
        _free_other(desk, message, row, offset)
    elif isinstance(row, Redirect) and row.home != message.to:
        identity.follow(desk, message, row)
    elif isinstance(row, Redirect) and row.erased is not None:
        _note(desk, message, row, row.erased, offset)


def is_void(desk: Desk, transfer: Transfer, row: Live | Redirect, offset: int) -> bool:
    """Whether a transfer is of somebody who has been erased, or is being erased; whoever moves in there is as well."""
    if isinstance(row, Live):
        return bool(row.profile.born) and offset < row.profile.born[-1]
    if row.erased is None:
        return _is_past(desk, transfer.to, offset)
    if isinstance(transfer, Moved):
        if row.home != transfer.to:
            return False
        _take_in(desk, transfer, row, row.erased)
    return True


def is_of_before(desk: Desk, id: str, row: Live | Redirect, topic: int, offset: int) -> bool:
    """Whether an event of the past, sent under this id, is of somebody who has been erased since."""
    born = row.profile.born if isinstance(row, Live) else desk.flags(id).born
    return bool(born) and offset < born[topic]


def _is_past(desk: Desk, id: str, offset: int) -> bool:
    """Whether this stood in the log before the id was freed."""
    born = desk.flags(id).born
    return bool(born) and offset < born[-1] < _EVER


def _erase(desk: Desk, message: Erase, row: Live | Redirect, offset: int) -> None:
    id = message.to
    if isinstance(row, Live):
        if is_void(desk, message, row, offset):
            return
        others = [each for each in row.profile.ids if each != id]
        row = desk.erase(row, Closing(closing=others))
    elif row.erased is None:
        if not _is_past(desk, id, offset):
            identity.follow(desk, message, row)
        return
    if row.home == id and row.erased is not None:
        _shut(desk, id)
        _go_on(desk, id, row, row.erased, offset)


def _shut(desk: Desk, id: str) -> None:
    """Whatever the partition reads of the id's identity from now on says nothing; it was never here."""
    flags = desk.flags(id)
    flags.user = flags.anonymous = flags.joined = -1
    flags.aliases = {}
    flags.born = [_EVER] * len(SOURCE_TOPICS)


def _go_on(desk: Desk, id: str, row: Redirect, at: Closing, offset: int) -> None:
    """Asks everybody for what is still missing; asks again where that was done before."""
    if not at.closing and at.closed:
        at.freeing += at.closed
        at.closed = []
    for each in at.closing:
        desk.send(Close(to=each, home=id))
    for each in at.freeing:
        desk.send(Free(to=each, home=id))
    if not at.closing and not at.freeing:
        _free(desk, id, offset)


def _take_in(desk: Desk, moved: Moved, row: Redirect, at: Closing) -> None:
    """Somebody was joined to the user meanwhile: erased with it, all ids that it had."""
    if moved.sent not in (*at.closing, *at.closed, *at.freeing):
        profile = decode_profile_body(moved.profile)
        desk.part(row.home, Live(profile, NEVER, desk.rules, desk.now))
        for id in profile.ids:
            at.closing.append(id)
            desk.send(Close(to=id, home=row.home))


def _close(desk: Desk, message: Close, row: Live | Redirect, offset: int) -> None:
    """The answer follows the way that everything before it took: those on it pass it on as long as they are closed."""
    id = message.to
    if isinstance(row, Live) or (row.erased is None and _is_past(desk, id, offset)):
        return
    if row.erased is None:
        row.erased = Closing(way=row.home)
        row.home, row.pending = message.home, None
    _shut(desk, id)
    desk.send(Closed(to=row.erased.way, sent=id))


def _note(desk: Desk, message: Closed | Freed, row: Redirect, at: Closing, offset: int) -> None:
    """An id has answered, to the user's home."""
    if isinstance(message, Closed) and message.sent in at.closing:
        at.closing.remove(message.sent)
        at.closed.append(message.sent)
    elif isinstance(message, Freed) and message.sent in at.freeing:
        at.freeing.remove(message.sent)
    if not at.closing:
        _go_on(desk, message.to, row, at, offset)


def _free_other(desk: Desk, message: Free, row: Live | Redirect, offset: int) -> None:
    id = message.to
    torn = isinstance(row, Live) and desk.flags(id).born[-1:] == [_EVER]
    if torn or (isinstance(row, Redirect) and row.erased is not None):
        _free(desk, id, offset)
    desk.send(Freed(to=message.home, sent=id))


def _free(desk: Desk, id: str, offset: int) -> None:
    """What the partition has read until here was of who is erased; what it reads from here on is of somebody new."""
    flags = desk.flags(id)
    flags.user = flags.anonymous = flags.joined = -1
    flags.aliases = {}
    flags.born = [*desk.meta.applied[:-1], offset + 1]
    desk.delete(id)
