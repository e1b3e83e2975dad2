"""Rules as they would be posted: of the first part of the language, or of the whole of it. All of them are accepted.

Filters and user conditions take their values from the pools that events take theirs from, so that they meet.
"""

from dataclasses import dataclass

from tests.reference.times import DAY, SECOND, duration, iso
from tests.strategies import vocabulary as words


@dataclass(frozen=True)
class Language:
    """Which parts of the contract's section 5 may be used."""

    measures: bool
    first: bool
    periods: bool
    sequence: bool
    held: bool  # `for`
    visits: bool  # `$visit` as a selector
    dates: bool = True  # before, after, within_last, not_within_last


FIRST_PART = Language(measures=False, first=False, periods=False, sequence=False, held=False, visits=False)
WHOLE = Language(measures=True, first=True, periods=True, sequence=True, held=True, visits=True)


def rule(choices, language, segments=(), depth=3):
    """Any rule. `segments`: ids that it may refer to."""
    joins = [_all, _any, _not] if depth > 1 else []
    conditions = [did, did, did, user]
    if language.sequence:
        conditions.append(sequence)
    if segments:
        conditions.append(lambda one, _: {"segment": one.pick(list(segments))})
    kind = choices.whole(0, 9)
    if joins and kind >= 6:
        return choices.pick(joins)(choices, language, segments, depth)
    return choices.pick(conditions)(choices, language)


def _all(choices, language, segments, depth):
    return {"all": choices.many(lambda one: rule(one, language, segments, depth - 1), 1, 3)}


def _any(choices, language, segments, depth):
    return {"any": choices.many(lambda one: rule(one, language, segments, depth - 1), 1, 3)}


def _not(choices, language, segments, depth):
    return {"not": rule(choices, language, segments, depth - 1)}


# Did and Sequence


def did(choices, language):
    made = {"did": selector(choices, language)}
    kind = choices.whole(0, 9)
    if language.first and kind == 8:
        return {**made, "first": True, **window(choices)}
    made |= measure(choices, made["did"]["event"], language)
    if language.periods and kind == 9:
        of_last = choices.pick([2, 1, 3, 5])
        every = choices.pick(["1d", "1h", "90s", "7d"])
        return {**made, "periods": {"every": every, "of_last": of_last, "at_least": choices.whole(1, of_last)}}
    return {**made, **window(choices)}


def sequence(choices, language):
    made = {"sequence": choices.many(lambda one: selector(one, language), 2, 2 + choices.pick([0, 1, 2, 3]))}
    if choices.maybe(50):
        made["within"] = choices.pick(words.LENGTHS)
    return {**made, **window(choices)}


def selector(choices, language):
    names = ["buy", "*", "$page", "*", "*", "buy", "view", "*", "$click", "*", "$experience", "$identify"]
    names += ["$visit", "$visit", "$visit"] if language.visits else []
    event = choices.pick(names)
    where = (
        choices.many(lambda one: event_filter(one, event, language), 1, 1 + choices.maybe(30))
        if choices.maybe(30)
        else []
    )
    return {"event": event, "where": where} if where else {"event": event}


def measure(choices, event, language):
    if not language.measures or choices.maybe(50):
        return {"count": comparison(choices, [1, 2, 1, 0, 2, 3, 1.5, 2.5, 4, -1])} if choices.maybe(65) else {}
    name = choices.pick(["sum", "distinct", "avg", "min", "max"])
    paths = ["properties.n", "properties.n", "properties.word", "properties.cart.total", "path", "name"]
    paths += ["properties.tags", "properties.when", "query.size", "campaign.source", "country", "title"]
    visits = ["duration", "page_views", "landing_page", "visit_type", "path", "properties.n", "campaign.source"]
    path = choices.pick(visits if event == "$visit" else paths)
    asked = [1, 2, 3, 0] if name == "distinct" else [7, 1, 0, 10, 2.5, 9.5, 14, -1, 0.3, 0.8, 0.1]
    return {name: {"of": path, **comparison(choices, asked)}}


def comparison(choices, numbers):
    op = choices.pick(["gte", "eq", "lt", "lte", "gt", "ne", "between", "gte", "eq"])
    if op == "between":
        return {"between": sorted([choices.pick(numbers), choices.pick(numbers)])}
    return {op: choices.pick(numbers)}


def window(choices):
    """{} or {"window": …}"""
    kind = choices.pick(["last", "last", "last", "until", "last", "fixed", "ever"])
    if kind == "ever":
        return {}
    if kind == "last":
        return {"window": {"last": choices.pick(words.LENGTHS)}}
    if kind == "until":
        until, last = sorted({duration(choices.pick(words.LENGTHS)), duration(choices.pick(words.LENGTHS)), SECOND})[
            -2:
        ]
        return {"window": {"last": f"{last // SECOND}s", "until": f"{until // SECOND}s"}}
    ends = sorted([moment(choices), moment(choices)])
    fixed = {"from": iso(ends[0]), "to": iso(ends[1])}
    return {"window": choices.pick([fixed, {"from": fixed["from"]}, {"to": fixed["to"]}])}


def moment(choices):
    """An instant where something may just have happened."""
    return words.BASE + choices.whole(0, 9) * DAY + choices.pick(words.DISTANCES)


# Filters and user conditions

_HOST = ["shop.example", "www.shop.example", "www.google.com", "t.example"]
_CAMPAIGN = {"name": ["may"], "source": ["ads", "news"], "medium": ["cpc", "mail"], "term": ["shoes"], "content": ["b"]}
_SEEN = [iso(words.BASE), iso(words.BASE + DAY), iso(words.BASE + DAY + 1), "2026-11-22", "2026-11-20T00:00:00.001Z"]
_DEVICES = {
    "device": ["desktop", "mobile", "tablet", "bot"],
    "os": ["Windows", "macOS", "Linux", "iOS", "Android", "ChromeOS", "other"],
    "browser": ["Chrome", "Safari", "Firefox", "Edge", "Opera", "other"],
    "language": ["de-CH", "en-US", "en"],
    "country": ["CH", "DE"],
}

EVENT_PATHS = {
    **{f"properties.{name}": values for name, values in words.PROPERTIES.items() if name != "cart"},
    "properties.cart.total": [7, 10, "7"],
    "properties.cart": [7, "red"],
    "properties.experience": ["hero"],
    "properties.variant": ["a", "b"],
    "name": ["buy", "view", "$page", "Buy"],
    "url": [url.split("#")[0] for url in words.URLS],
    "path": ["/", "/cart", "/p/1", "/sale"],
    "host": _HOST,
    "title": ["Cart", "Your cart (3)"],
    "referrer": [referrer for referrer in words.REFERRERS if referrer],
    "referrer_host": _HOST,
    "query.size": ["m", "l"],
    "query.q": ["red shoes!", "red+shoes%21"],
    **{f"campaign.{name}": values for name, values in _CAMPAIGN.items()},
    **_DEVICES,
    "region": ["BE"],
    "screen": ["1920x1080", "390x844"],
}
_USUAL = ["properties.n", "properties.word", "path", "properties.tags", "properties.when", "host", "name"]
VISIT_PATHS = {
    "visit_type": ["new", "returning"],
    "landing_page": [words.URLS[0], words.URLS[1], words.URLS[4]],
    "duration": [0, 1, 90, 0.001, 1800, 300],
    "page_views": [1, 0, 2],
}
USER_PATHS = {
    **{f"traits.{name}": values for name, values in words.TRAITS.items() if name != "address"},
    "traits.address.city": ["Bern", "Basel"],
    "traits.group_id": ["g1", "g2", 7],
    "user_id": ["u1", "u2", "a1", "7"],
    "first_seen": _SEEN,
    "last_seen": _SEEN,
    "visits": [1, 2, 3],
    "time_on_site": [0, 1, 0.001, 300, 90],
    **_DEVICES,
    **{f"{which}_campaign.{name}": values for which in ("first", "last") for name, values in _CAMPAIGN.items()},
    "first_referrer_host": ["www.google.com", "t.example"],
}


def event_filter(choices, event, language):
    paths = VISIT_PATHS if event == "$visit" and choices.maybe(60) else EVENT_PATHS
    path = choices.pick(_USUAL if paths is EVENT_PATHS and choices.maybe(50) else list(paths))
    return {"field": path, **test_of(choices, paths[path], language)}


def user(choices, language):
    usual = [path for path in USER_PATHS if path.startswith("traits.")]
    path = choices.pick(usual if choices.maybe(40) else list(USER_PATHS))
    made = {"user": path, **test_of(choices, USER_PATHS[path], language)}
    if language.held and path.startswith("traits.") and "within" not in made["op"] and choices.maybe(50):
        made["for"] = {choices.pick(["gte", "lt"]): choices.pick(words.LENGTHS)}
    return made


def test_of(choices, pool, language):
    """An operator and a value that fits it."""
    scalars = [value for value in pool if isinstance(value, (str, int, float)) and value != ""] or ["red", 7]
    lists = [one for value in pool if isinstance(value, list) for one in value]
    scalars = lists or scalars
    numbers = [value for value in scalars if isinstance(value, (int, float)) and not isinstance(value, bool)] or [
        7,
        1,
        0,
    ]
    texts = [value for value in scalars if isinstance(value, str)] or ["7", "1"]
    op = choices.pick(operators(lists, numbers, texts, language, choices))
    return {"op": op, **_value(choices, op, scalars, numbers, texts)}


def operators(lists, numbers, texts, language, choices):
    """Mostly those that make sense of such values, sometimes any."""
    dates = ["before", "after", "within_last", "not_within_last"] if language.dates else []
    of_lists, of_numbers = ["has", "has_all", "has_any"], ["gt", "gte", "lt", "lte", "between"]
    of_texts = ["is", "is_not", "in", "not_in", "contains", "not_contains", "starts_with", "ends_with"]
    of_texts += ["matches", "not_matches", "exists", "not_exists", "exists"]
    if choices.maybe(20):
        return of_texts + of_numbers + of_lists + dates
    if lists:
        return [*of_lists, "exists", "is"]
    if dates and any(text[:2] == "20" for text in texts):
        return [*dates, "exists", "is"]
    return of_texts + (of_numbers if len(numbers) > 1 else [])


def _value(choices, op, scalars, numbers, texts):
    """{} or {"value": …}"""
    if op in ("exists", "not_exists"):
        return {}
    if op in ("is", "is_not", "has"):
        value = choices.pick(scalars)
    elif op in ("in", "not_in", "has_all", "has_any"):
        value = choices.some(scalars, 1, 3)
    elif op in ("matches", "not_matches"):
        value = choices.pick(words.PATTERNS)
    elif op == "between":
        value = sorted([choices.pick(numbers), choices.pick(numbers)])
    elif op in ("gt", "gte", "lt", "lte"):
        value = choices.pick(numbers)
    elif op in ("before", "after"):
        value = choices.pick([text for text in texts if text[:2] == "20"] or words.DATES)
    elif op.endswith("within_last"):
        value = choices.pick(words.LENGTHS)
    else:
        value = _part(choices, texts) if choices.maybe(80) else choices.many(lambda one: _part(one, texts), 1, 3)
    return {"value": value}


def _part(choices, texts):
    """A text, or a beginning or end of it."""
    whole = choices.pick(texts)
    return choices.pick([whole, whole[:2], whole[-2:]])
