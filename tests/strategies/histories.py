"""Histories of calls, as they would be posted, in order of arrival.

A history is first chosen as a list of independent wishes, so that hypothesis can leave any of them out; then one walk
over them fills in what hangs on earlier ones (clock, duplicates, times measured from other events).
"""

from dataclasses import dataclass, replace

from tests.reference.calls import event_time
from tests.reference.times import DAY, HOUR, iso
from tests.strategies import vocabulary as words

IDS = ("userId", "anonymousId", "previousId")
HOUR_AHEAD = [-1, -HOUR, -HOUR + 1, -HOUR - 1, -2 * HOUR]


@dataclass(frozen=True)
class Arrival:
    """One call as it reaches the collector."""

    call: dict
    received: int
    sent_at: int | None = None
    origin_user_agent: str | None = None
    gpc: bool = False


@dataclass(frozen=True)
class Habits:
    """What senders do. The defaults keep out of what the contract leaves open (tests/reference/README.md)."""

    clocks: bool = True  # senders without a clock, with a wrong one (sentAt), unreadable times
    nasty_ids: bool = True  # ids that come as userId and as anonymousId, aliases of them
    aliases: bool = True
    alias_repeats: bool = False  # the same alias call twice
    equal_arrivals: bool = False  # several calls received in the same millisecond
    future: bool = True
    rejected: bool = True  # calls that are refused or not stored
    ancient: bool = False  # events older than the retention
    families: int = 1  # users that have nothing to do with each other


@dataclass(frozen=True)
class Wish:
    """A call that is yet to get its times. `like`: so many calls back is the one that it repeats or is timed by."""

    call: dict
    step: int
    timing: str
    distance: int
    like: int
    family: int
    user_agent: str | None
    gpc: bool


def history(choices, low, high, habits, base=words.BASE):
    """A list of arrivals, the first at `base`."""
    alone = choices.maybe(40)
    return settle([_of_one(each) if alone else each for each in wishes(choices, low, high, habits)], habits, base)


def wishes(choices, low, high, habits):
    return choices.many(lambda one: wish(one, habits), low, high)


def _of_one(wanted):
    """The same wish of a single user, who so has a longer history: everything is a1's or u1's."""
    if not isinstance(wanted.call, dict):
        return wanted
    only = {"a2": "a1", "u2": "u1"}
    named = {key: only.get(value, value) for key, value in wanted.call.items() if key in IDS and isinstance(value, str)}
    return replace(wanted, call={**wanted.call, **named})


def wish(choices, habits):
    return Wish(
        call=call(choices, habits),
        step=_step(choices, habits),
        timing=choices.pick(timings(habits)),
        distance=choices.pick(words.DISTANCES + [0, 0, 1] + HOUR_AHEAD * 2 * habits.future),
        like=choices.whole(1, 4),
        family=choices.whole(0, habits.families - 1),
        user_agent=choices.pick(words.AGENTS) if choices.maybe(10) else None,
        gpc=choices.maybe(5),
    )


def _step(choices, habits):
    """From one arrival to the next: mostly short, so that windows are still open."""
    steps = words.DISTANCES[0 if habits.equal_arrivals else 1 :]
    return choices.pick(steps) if choices.maybe(15) else choices.pick([step for step in steps if step <= HOUR])


def timings(habits):
    """At once, late, measured from another event, a repeat; then the clocks of senders, and the ancient."""
    usual = ["stamped", "late", "before", "after", "before", "after", "repeat"]
    clocks = ["unstamped", "wrong_clock", "wrong_clock_of_batch", "unreadable"] if habits.clocks else []
    return usual + clocks + (["ancient"] if habits.ancient else [])


def settle(wishes, habits, base):
    arrivals, clock = [], base
    for number, wanted in enumerate(wishes):
        clock += wanted.step if number else 0
        arrivals.append(_arrival(number, wanted, clock, arrivals, habits))
    return arrivals


def _arrival(number, wanted, received, arrivals, habits):
    other = arrivals[-wanted.like] if wanted.like <= len(arrivals) else None
    if wanted.timing == "repeat" and other and _may_repeat(other, arrivals, received, habits):
        return Arrival(other.call, received, other.sent_at, other.origin_user_agent, other.gpc)
    if not isinstance(wanted.call, dict):
        return Arrival(wanted.call, received)
    family = {key: _in_family(key, value, wanted.family) for key, value in wanted.call.items()}
    call = {"messageId": f"m{number}", **(family if habits.families > 1 else wanted.call)}
    call, sent_at = _timed(call, wanted, received, other)
    return Arrival(call, received, sent_at, wanted.user_agent, wanted.gpc)


def _in_family(key, value, family):
    """An id becomes its family's own; what is no id stays."""
    if key in IDS:
        if type(value) is int:
            return value * 100_000 + family
        if isinstance(value, str) and 0 < len(value) < 9:
            return f"{value}-{family}"
    return value


def _may_repeat(other, arrivals, received, habits):
    """Within the 24 h that are promised, counted from the first of them."""
    first = next(arrival for arrival in arrivals if arrival.call == other.call)
    is_alias = isinstance(other.call, dict) and other.call.get("type") == "alias"
    return received - first.received <= DAY and (habits.alias_repeats or not is_alias)


def _timed(call, wanted, received, other):
    """(the call with its `timestamp` and `sentAt`, the batch's sentAt)"""
    if wanted.timing == "unstamped":
        return call, None
    if wanted.timing == "unreadable":
        return {**call, "timestamp": "yesterday"}, None
    if wanted.timing == "wrong_clock":
        return {**call, "timestamp": iso(received - wanted.distance - DAY), "sentAt": iso(received - DAY)}, None
    if wanted.timing == "wrong_clock_of_batch":
        return {**call, "timestamp": iso(received - wanted.distance + DAY)}, received + DAY
    if wanted.timing == "late":
        return {**call, "timestamp": iso(received - wanted.distance)}, None
    if wanted.timing == "ancient":
        return {**call, "timestamp": iso(received - 900 * DAY - wanted.distance)}, None
    if wanted.timing in ("before", "after") and other and isinstance(other.call, dict):
        sign = -1 if wanted.timing == "before" else 1
        time = time_of(other) + sign * wanted.distance
        if time <= received + (HOUR if wanted.distance < 0 else 0):
            return {**call, "timestamp": iso(time)}, None
    return {**call, "timestamp": iso(received)}, None


def time_of(arrival):
    """About when the event happened: what other times are measured from, not what is judged."""
    return event_time(arrival.call, arrival.received, arrival.sent_at)


# The calls themselves


def call(choices, habits):
    kinds = [_track, _page, _track, _page, _identify, _joining, _screen, _group]
    if habits.aliases:
        kinds += [_alias]
    if habits.rejected and choices.maybe(4):
        return choices.pick(_not_stored())
    return choices.pick(kinds)(choices, habits)


def _track(choices, habits):
    name = choices.pick(words.TRACKS)
    properties = choices.pick(words.EXPERIENCES) if name == "$experience" else some_of(choices, words.PROPERTIES)
    return {"type": "track", **ids(choices, habits), "event": name, "properties": properties, **context(choices, False)}


def _page(choices, habits):
    page = {
        "url": choices.pick(words.URLS),
        "referrer": choices.pick(words.REFERRERS),
        "title": choices.pick(words.TITLES),
    }
    properties = {key: value for key, value in page.items() if value is not None}
    if choices.maybe(40):
        properties |= some_of(choices, words.PROPERTIES)
    return {"type": "page", **ids(choices, habits), "properties": properties, **context(choices, True)}


def _screen(choices, habits):
    return {
        "type": "screen",
        **ids(choices, habits),
        "properties": some_of(choices, words.PROPERTIES),
        **context(choices, True),
    }


def _identify(choices, habits):
    return {
        "type": "identify",
        **ids(choices, habits),
        "traits": some_of(choices, words.TRAITS),
        **context(choices, False),
    }


def _joining(choices, habits):
    """An identify that names both."""
    return {"type": "identify", **both(choices, habits), "traits": some_of(choices, words.TRAITS)}


def _group(choices, habits):
    return {"type": "group", **ids(choices, habits), "groupId": choices.pick(words.GROUPS)}


def _alias(choices, habits):
    sides = words.ANONYMOUS + words.USERS
    targets = sides if habits.nasty_ids else words.USERS
    return {"type": "alias", "previousId": choices.pick(sides), "userId": choices.pick(list(reversed(targets)))}


def _not_stored():
    refusing = {"consent": {"categoryPreferences": {"analytics": False}}}
    return [
        {"type": "track", "event": "buy"},
        {"type": "track", "userId": "u1"},
        {"type": "track", "userId": "u1", "event": "$page"},
        {"type": "track", "userId": "", "event": "buy"},
        {"type": "track", "userId": "u" * 257, "event": "buy"},
        {"type": "track", "userId": {"id": 1}, "event": "buy"},
        {"type": "track", "userId": True, "event": "buy"},
        {"type": "delete", "userId": "u1"},
        {"type": "track", "userId": "u1", "anonymousId": "a1", "event": "buy", "context": refusing},
        {"type": "identify", "userId": "u1", "traits": {"plan": "pro"}, "context": refusing},
        "no object",
        None,
    ]


def ids(choices, habits):
    """Mostly one id, sometimes both."""
    if choices.maybe(15):
        return both(choices, habits)
    if habits.nasty_ids and choices.maybe(10):
        return choices.pick(
            [{"anonymousId": "u1"}, {"userId": "a1"}, {"userId": 7}, {"userId": None, "anonymousId": "a1"}]
        )
    one = [{"anonymousId": id} for id in words.ANONYMOUS] + [{"userId": id} for id in words.USERS]
    return choices.pick([*one, {"anonymousId": "a1"}, {"userId": "u1"}, {"userId": "u1"}])


def both(choices, habits):
    nasty = words.USERS if habits.nasty_ids and choices.maybe(10) else []
    users = words.USERS + (words.ANONYMOUS if habits.nasty_ids and choices.maybe(10) else [])
    return {"userId": choices.pick(users), "anonymousId": choices.pick(words.ANONYMOUS + nasty)}


def some_of(choices, pool):
    """A few of the fields, with their values, an odd one now and then."""
    names = choices.some(list(pool), 0, 5)
    return {name: choices.pick(words.ODD) if choices.maybe(15) else choices.pick(pool[name]) for name in names}


def context(choices, page_call):
    """{} or {"context": …}"""
    told = {}
    if choices.maybe(40):
        told["userAgent"] = choices.pick(words.AGENTS)
    if choices.maybe(25):
        told["locale"] = choices.pick(words.LOCALES)
    if choices.maybe(25):
        told["location"] = choices.pick(words.PLACES)
    if choices.maybe(15):
        told["screen"] = choices.pick(words.SCREENS)
    if choices.maybe(25):
        told["campaign"] = choices.pick(words.CAMPAIGNS)
    if not page_call and choices.maybe(20):
        told["page"] = {"url": choices.pick(words.URLS), "title": "Cart"}
    told = {key: value for key, value in told.items() if value is not None}
    return {"context": told} if told else {}
