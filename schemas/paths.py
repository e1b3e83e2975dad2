"""The path tables: every field that a rule may ask of an event, of a `$visit` event and of a user, one row a path.

Owns the names and what they mean. How an event's field is read is in `streams.paths`; the parser refuses whatever is
not in here. Source: contract section 5, "PATHs". A row is one path, or a family of paths that begin alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

CAMPAIGN_KEYS = ("name", "source", "medium", "term", "content")


@dataclass(frozen=True, slots=True)
class Path:
    """A field. `keys` makes it a family: those it has, or () for any text after the dot; None: a single path.

    `words` is what a sentence calls it, a family with the rest after that.
    """

    name: str
    meaning: str
    keys: tuple[str, ...] | None = None
    words: str = field(kw_only=True)

    def covers(self, rest: str | None) -> bool:
        """Whether `name` or, for a family, `name.rest` is a path."""
        if self.keys is None or rest is None:
            return self.keys is None and rest is None
        return rest in self.keys if self.keys else rest != ""


EVENT_PATHS = (
    Path("name", "the event's name as a selector calls it", words="event name"),
    Path("url", "the URL as sent, without its fragment", words="URL"),
    Path("path", "the URL's path", words="path"),
    Path("host", "the URL's host", words="host"),
    Path("title", "the page's title", words="page title"),
    Path("referrer", "the referrer's URL", words="referrer"),
    Path("referrer_host", "the referrer's host", words="referring host"),
    Path("query", "the first such parameter of the URL, decoded", (), words="URL parameter"),
    Path("campaign", "the campaign of the call, else the utm_ parameters of the URL", CAMPAIGN_KEYS, words="campaign"),
    Path("device", "desktop, mobile, tablet or bot", words="device"),
    Path("os", "Windows, macOS, Linux, iOS, Android, ChromeOS or other", words="operating system"),
    Path("os_version", "the system's version", words="operating system version"),
    Path("browser", "Chrome, Safari, Firefox, Edge, Opera or other", words="browser"),
    Path("browser_version", "the browser's version", words="browser version"),
    Path("screen", "the screen's size, such as 1920x1080", words="screen size"),
    Path("language", "the locale as sent", words="language"),
    Path("country", "the country sent, else looked up", words="country"),
    Path("region", "the region sent, else looked up", words="region"),
    Path("properties", "a property of the call, dots for properties of properties", (), words="property"),
)

VISIT_PATHS = (
    Path("visit_type", "new for a user's first visit, else returning", words="visit type"),
    Path("landing_page", "the URL of the visit's first page call", words="landing page"),
    Path("duration", "seconds from the visit's first event to its last", words="duration in seconds"),
    Path("page_views", "page and screen calls of the visit", words="number of page views"),
)
"""Only on `$visit`, beside those of every event."""

USER_PATHS = (
    Path("traits", "a trait, dots for traits of traits", (), words="trait"),
    Path("user_id", "the canonical id where it came as a userId", words="user id"),
    Path("first_seen", "when the first event was", words="first event"),
    Path("last_seen", "when the latest event was", words="latest event"),
    Path("visits", "number of visits", words="number of visits"),
    Path("time_on_site", "seconds of all visits together", words="time on site in seconds"),
    Path(
        "first_referrer_host",
        "the referrer's host of the first page call from another host",
        words="first referring host",
    ),
    Path("device", "of the latest event that has it", words="device"),
    Path("os", "of the latest event that has it", words="operating system"),
    Path("browser", "of the latest event that has it", words="browser"),
    Path("language", "of the latest event that has it", words="language"),
    Path("country", "of the latest event that has it", words="country"),
    Path("first_campaign", "of the first page or screen call with a campaign", CAMPAIGN_KEYS, words="first campaign"),
    Path("last_campaign", "of the latest page or screen call with a campaign", CAMPAIGN_KEYS, words="last campaign"),
)

_EVENT = {row.name: row for row in EVENT_PATHS}
_VISIT = {row.name: row for row in VISIT_PATHS}
_USER = {row.name: row for row in USER_PATHS}


def split(path: str) -> tuple[str, str | None]:
    """`properties.a.b` as ("properties", "a.b"), `url` as ("url", None)."""
    head, dot, rest = path.partition(".")
    return head, rest if dot else None


def is_event_path(path: str) -> bool:
    return _known(_EVENT, path)


def is_visit_path(path: str) -> bool:
    """Whether only `$visit` has it."""
    return _known(_VISIT, path)


def is_user_path(path: str) -> bool:
    return _known(_USER, path)


def row_of(path: str) -> tuple[Path, str | None]:
    """The row of an event's, a visit's or a user's PATH, and what follows the family's name."""
    head, rest = split(path)
    return next(rows[head] for rows in (_EVENT, _VISIT, _USER) if head in rows), rest


def spelled(rows: Iterable[Path]) -> list[str]:
    """The paths as a reader would list them: `url`, `campaign.name`, `properties.…`."""
    names: list[str] = []
    for row in rows:
        rests = [""] if row.keys is None else [f".{key}" for key in row.keys or ("…",)]
        names.extend(row.name + rest for rest in rests)
    return names


def _known(rows: Mapping[str, Path], path: str) -> bool:
    head, rest = split(path)
    row = rows.get(head)
    return row is not None and row.covers(rest)
