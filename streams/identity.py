"""Which ids are one user: joins decided in the partition of the id that is joined, carried out by transfers.

Owns the rules of contract section 2, "Identity". An id that joins another becomes a redirect for ever; its profile goes
to the other as one message, and so does whatever still comes under it. Users joined by alias move to the home whose id
sorts first, and a row that others may move into moves nowhere else, so that no circle of redirects can arise; what they
are called is the alias's word (`Profile.name`).
"""

from hashlib import blake2b
from operator import itemgetter

from schemas.events import IdentityRecord
from schemas.profile import Flags, Redirect, decode_profile_body
from schemas.times import HOUR
from schemas.topics import SOURCE_TOPICS, Topic
from schemas.transfers import Absorb, Join, JoinFrom, Listing, Moved, Transfer, Unshare
from streams import lists
from streams.desk import Desk
from streams.fences import KEPT_HOURS
from streams.live import Live
from streams.merge import absorb

_IDENTITY = SOURCE_TOPICS.index(Topic.IDENTITY)
MOST_ALIASES = 1000
"""Alias calls that are remembered of a previousId; one that comes in more a day has its oldest forgotten."""
MOST_HOPS = 16
"""Redirects in a row that a transfer follows. Two collectors would have to race each other to make a circle."""


def take(desk: Desk, record: IdentityRecord, offset: int) -> None:
    """Takes note of what an id came as, and joins it where that is due.

    A record that is read again after a crash decides as it did: by what the id had come as at its offset.
    """
    flags = desk.flags(record.id)
    if flags.born and offset < flags.born[_IDENTITY]:
        return  # of somebody who has been erased since
    was_user, was_anonymous = 0 <= flags.user < offset, 0 <= flags.anonymous < offset
    if not record.share:
        _unshare(desk, Unshare(to=record.id))
    if record.owner is not None and record.owner != record.id and not was_user:
        _join_anonymous(desk, flags, record.id, record.owner, offset)
    if record.alias is not None and record.alias != record.id and not _is_repeated(flags, record, offset):
        if not was_user:
            _join_anonymous(desk, flags, record.id, record.alias, offset)
        elif was_anonymous:
            at = record.arrival or record.received * 1000
            _ask_to_join(desk, JoinFrom(to=record.id, name=record.alias, at=at))
    if record.seen == "user" and not was_user:
        flags.user = offset
        _identify(desk, record.id)
    elif record.seen == "anonymous" and not was_anonymous:
        flags.anonymous = offset


def _is_repeated(flags: Flags, record: IdentityRecord, offset: int) -> bool:
    """Whether this very alias call came before: it must not call the user again what a later alias has changed.

    The first one that is read again after a crash is still the first.
    """
    if record.message is None:
        return False
    name = f"{record.alias}\0{record.message}".encode()
    digest = int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
    oldest = record.received - KEPT_HOURS * HOUR
    first, at = flags.aliases.get(digest, (offset, record.received))
    if first < offset and at >= oldest:
        return True
    if first <= offset:
        kept = sorted(((key, seen) for key, seen in flags.aliases.items() if seen[1] >= oldest), key=itemgetter(1))
        flags.aliases = dict(kept[-MOST_ALIASES + 1 :]) | {digest: (offset, record.received)}
    return False


def _identify(desk: Desk, id: str) -> None:
    """An id that was anonymous so far has come as a userId; a redirect leads to a user that has one already."""
    row = desk.row(id) if desk.exists(id) else None
    if isinstance(row, Live) and not row.profile.identified:
        row.profile.identified = True
        row.ask_group("user_id", desk.now)


def _join_anonymous(desk: Desk, flags: Flags, id: str, owner: str, offset: int) -> None:
    """An anonymousId belongs to the first userId that it was joined with.

    Aliases of later calls may have been worked off before, where this partition lags: then its user has moved, or
    others move in here. It is joined as by an alias in that case, but for one that changes no name.
    """
    first = not 0 <= flags.joined < offset
    if first:
        flags.joined = offset
    row = desk.row(id)
    if isinstance(row, Live) and not row.profile.offered:
        _move(desk, row, owner)
    elif first and (isinstance(row, Live) or row.home != owner):
        _ask_to_join(desk, JoinFrom(to=id, name=owner, at=0))
    elif isinstance(row, Redirect):
        resend(desk, id, row)


def _move(desk: Desk, live: Live, home: str) -> None:
    id = live.profile.home
    desk.leave(live, home)
    row = desk.row(id)
    assert isinstance(row, Redirect)
    resend(desk, id, row)


def resend(desk: Desk, id: str, row: Redirect) -> None:
    """Sends the profile that a redirect still holds; what comes under the id must follow it, never overtake it."""
    if row.pending is not None and id not in desk.outcome.settled:
        desk.send(Moved(to=row.home, sent=id, profile=row.pending, since=desk.rules.as_of))
        desk.outcome.settled.append(id)


def follow(desk: Desk, transfer: Transfer, row: Redirect) -> bool:
    """Sends a transfer on to where the id belongs; False when it has gone in circles."""
    if transfer.hops >= MOST_HOPS:
        return False
    resend(desk, transfer.to, row)
    transfer.to = row.home
    transfer.hops += 1
    desk.send(transfer)
    return True


def arrive(desk: Desk, transfer: Moved | Join | JoinFrom | Absorb | Unshare | Listing, live: Live) -> None:
    """Carries out a transfer, other than a forwarded event, that has come to the user's home."""
    if isinstance(transfer, Moved):
        if transfer.sent not in live.profile.ids:
            other = decode_profile_body(transfer.profile)
            desk.count_listed(live.profile.home, lists.join(live.profile, other))
            absorb(live, other, desk.now)
    elif isinstance(transfer, JoinFrom):
        _ask_to_join(desk, transfer)
    elif isinstance(transfer, Unshare):
        live.profile.share = False
    elif isinstance(transfer, Listing):
        _list(desk, transfer, live)
    elif isinstance(transfer, Join):
        _answer(desk, transfer, live)
    else:
        _settle_in(desk, transfer, live)


def _list(desk: Desk, listing: Listing, live: Live) -> None:
    slot = listing.slot
    more = lists.put(live.profile, slot, listing.sent, listing.stamp, listing.on)
    desk.count_listed(live.profile.home, {slot: more})
    live.ask_group(lists.group_of(slot), desk.now)


def _ask_to_join(desk: Desk, ask: JoinFrom) -> None:
    """From the home of the aliased id's user: find the home of the user that the alias named."""
    row = desk.row(ask.to)
    if isinstance(row, Redirect):
        follow(desk, ask, row)
    else:
        row.profile.offered = True
        desk.send(Join(to=ask.name, origin=ask.to, name=ask.name, at=ask.at))


def _unshare(desk: Desk, mark: Unshare) -> None:
    row = desk.row(mark.to)
    if isinstance(row, Redirect):
        follow(desk, mark, row)
    else:
        row.profile.share = False


def _answer(desk: Desk, join: Join, live: Live) -> None:
    home = live.profile.home
    if home == join.origin:
        _call(desk, live, join.name, join.at)
    elif join.origin < home:
        _call(desk, live, join.name, join.at)
        _move(desk, live, join.origin)
    else:
        live.profile.offered = True
        desk.send(Absorb(to=join.origin, into=home, name=join.name, at=join.at))


def _settle_in(desk: Desk, order: Absorb, live: Live) -> None:
    home = live.profile.home
    if order.into < home:
        _call(desk, live, order.name, order.at)
        _move(desk, live, order.into)
    elif order.into == home:
        _call(desk, live, order.name, order.at)
    else:
        live.profile.offered = True
        desk.send(Join(to=order.into, origin=home, name=order.name, at=order.at))


def _call(desk: Desk, live: Live, name: str, at: int) -> None:
    """The user is known by the userId that the alias named last; conditions on `user_id` see it."""
    live.profile.identified = True
    if live.rename(name, at):
        live.ask_group("user_id", desk.now)
