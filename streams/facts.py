"""What a profile knows of its user apart from visits: first and last seen, traits, device, campaigns, referrer.

Owns how an event changes these facts, and how a user PATH of a rule reads them. All are decided by event time, then
arrival, so that late events and joined histories need no care of their own. Source: contract sections 2 and 5.
"""

from collections.abc import Callable
from operator import attrgetter

from schemas.events import NO_SIGHTINGS, Event
from schemas.profile import Order, Profile
from schemas.times import format_instant
from streams.paths import dig

LATEST = ("device", "os", "browser", "language", "country")
_latest = attrgetter(*LATEST)
INSTANTS = ("first_seen", "last_seen")


def note(profile: Profile, event: Event, arrival: int, changed: set[str]) -> None:
    """Takes an event's facts into the profile; adds the groups of user PATHs that changed."""
    time = event.time
    if event.user_id is not None and not profile.identified:
        profile.identified = True
        changed.add("user_id")
    if event.traits:
        note_traits(profile, event.traits, time, arrival, changed)
    if event.type in NO_SIGHTINGS:
        return
    note_seen(profile, time, changed)
    note_latest(profile, _latest(event), (time, arrival), changed)
    if (event.campaign or event.referrer_host) and event.type in ("page", "screen"):
        _note_page(profile, event, arrival, changed)


def note_latest(profile: Profile, values: tuple[str | None, ...], order: Order, changed: set[str]) -> None:
    """Takes what an event tells of its device and place; quick for the newest, if it tells all that is known."""
    known = profile.latest
    if not profile.stamps:
        if values == known:
            profile.latest_at = max(profile.latest_at, order)
            return
        if order > profile.latest_at and all(value or not old for value, old in zip(values, known, strict=True)):
            changed.update(name for name, value, old in zip(LATEST, values, known, strict=True) if value != old)
            profile.latest, profile.latest_at = values, order
            return
    _note_each(profile, values, order, changed)


def _note_each(profile: Profile, values: tuple[str | None, ...], order: Order, changed: set[str]) -> None:
    latest, stamps = list(profile.latest), dict(profile.stamps)
    for index, (name, value) in enumerate(zip(LATEST, values, strict=True)):
        known = latest[index]
        if known:
            stamps.setdefault(name, profile.latest_at)
        if value and (not known or order > stamps[name]):
            stamps[name] = order
            latest[index] = value
            if value != known:
                changed.add(name)
    profile.latest, profile.stamps = tuple(latest), stamps
    if len(orders := set(stamps.values())) == 1:
        profile.latest_at, profile.stamps = orders.pop(), {}


def order_of(profile: Profile, name: str) -> Order | None:
    """(time, arrival) of the event that a latest value is of; None while there is none."""
    if not profile.latest[LATEST.index(name)]:
        return None
    return profile.stamps.get(name, profile.latest_at)


def note_seen(profile: Profile, time: int, changed: set[str]) -> None:
    if profile.first_seen is None or time < profile.first_seen:
        profile.first_seen = time
        changed.add("first_seen")
    if profile.last_seen is None or time > profile.last_seen:
        profile.last_seen = time
        changed.add("last_seen")


def note_traits(profile: Profile, traits: dict[str, object], time: int, arrival: int, changed: set[str]) -> None:
    """Latest by event time wins, at equal times the later arrival; null is as absent."""
    for name, value in traits.items():
        if value is None:
            continue
        known = profile.traits.get(name)
        if known is None or (time, arrival) >= (known[1], known[2]):
            profile.traits[name] = (value, time, arrival)
            changed.add("traits")


def _note_page(profile: Profile, event: Event, arrival: int, changed: set[str]) -> None:
    """Campaigns are those of page and screen calls with a source; the referrer is a page call's from another host."""
    time, campaign = event.time, event.campaign
    if campaign.get("source"):
        first, last = profile.first_campaign, profile.last_campaign
        if first is None or (time, arrival) < (first[1], first[2]):
            profile.first_campaign = (campaign, time, arrival)
            changed.add("first_campaign")
        if last is None or (time, arrival) > (last[1], last[2]):
            profile.last_campaign = (campaign, time, arrival)
            changed.add("last_campaign")
    if event.type == "page" and event.referrer_host and event.referrer_host != event.host:
        referrer = profile.first_referrer
        if referrer is None or (time, arrival) < (referrer[1], referrer[2]):
            profile.first_referrer = (event.referrer_host, time, arrival)
            changed.add("first_referrer_host")


def seconds(duration: int) -> int | float:
    """Milliseconds as seconds, a whole number where it is one."""
    return duration // 1000 if duration % 1000 == 0 else duration / 1000


def group_of(path: str) -> str:
    """The group of user PATHs that changes together with this one."""
    return path.partition(".")[0]


def user_path(path: str) -> Callable[[Profile], object]:
    """Reads a user PATH of contract section 5 off a profile; None where it is missing."""
    group, _, rest = path.partition(".")
    if group == "traits" and "." not in rest:
        return lambda profile: stamped[0] if (stamped := profile.traits.get(rest)) else None
    if group == "traits":
        return lambda profile: dig({name: stamped[0] for name, stamped in profile.traits.items()}, rest)
    if group in LATEST:
        index = LATEST.index(group)
        return lambda profile: profile.latest[index]
    if group in INSTANTS:
        return lambda profile: None if (instant := getattr(profile, group)) is None else format_instant(instant)
    if group in ("first_campaign", "last_campaign"):
        return lambda profile: stamped[0].get(rest) if (stamped := getattr(profile, group)) else None
    return _SINGLE[path]


_SINGLE: dict[str, Callable[[Profile], object]] = {
    "user_id": lambda profile: profile.canonical if profile.identified else None,
    "visits": lambda profile: profile.visits,
    "time_on_site": lambda profile: seconds(profile.time_on_site),
    "first_referrer_host": lambda profile: profile.first_referrer[0] if profile.first_referrer else None,
}
