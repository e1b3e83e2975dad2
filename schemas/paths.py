"""The path tables: every field that a rule may ask of an event, of a `$visit` event and of a user, one row a path.

Owns the names and what they mean. How an event's field is read is in `streams.paths`; the parser refuses whatever is
not in here. Source: contract section 5, "PATHs". A row is one path, or a family of paths that begin alike.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

CAMPAIGN_KEYS = ("name", "source", "medium", "term", "content")


@dataclass(frozen=True, slots=True)
class Path:
    """A field. `keys` makes it a family: those it has, or () for any text after the dot; None: a single path."""

    name: str
    meaning: str
    keys: tuple[str, ...] | None = None

    def covers(self, rest: str | None) -> bool:
        """Whether `name` or, for a family, `name.rest` is a path."""
        if self.keys is None or rest is None:
            return self.keys is None and rest is None
        return rest in self.keys if self.keys else rest != ""


EVENT_PATHS = (
    Path("name", "the event's name as a selector calls it"),
    Path("url", "the URL as sent, without its fragment"),
    Path("path", "the URL's path"),
    Path("host", "the URL's host"),
    Path("title", "the page's title"),
    Path("referrer", "the referrer's URL"),
    Path("referrer_host", "the referrer's host"),
    Path("query", "the first such parameter of the URL, decoded", ()),
    Path("campaign", "the campaign of the call, else the utm_ parameters of the URL", CAMPAIGN_KEYS),
    Path("device", "desktop, mobile, tablet or bot"),
    Path("os", "Windows, macOS, Linux, iOS, Android, ChromeOS or other"),
    Path("os_version", "the system's version"),
    Path("browser", "Chrome, Safari, Firefox, Edge, Opera or other"),
    Path("browser_version", "the browser's version"),
    Path("screen", "the screen's size, such as 1920x1080"),
    Path("language", "the locale as sent"),
    Path("country", "the country sent, else looked up"),
    Path("region", "the region sent, else looked up"),
    Path("properties", "a property of the call, dots for properties of properties", ()),
)

VISIT_PATHS = (
    Path("visit_type", "new for a user's first visit, else returning"),
    Path("landing_page", "the URL of the visit's first page call"),
    Path("duration", "seconds from the visit's first event to its last"),
    Path("page_views", "page and screen calls of the visit"),
)
"""Only on `$visit`, beside those of every event."""

USER_PATHS = (
    Path("traits", "a trait, dots for traits of traits", ()),
    Path("user_id", "the canonical id where it came as a userId"),
    Path("first_seen", "when the first event was"),
    Path("last_seen", "when the latest event was"),
    Path("visits", "number of visits"),
    Path("time_on_site", "seconds of all visits together"),
    Path("first_referrer_host", "the referrer's host of the first page call from another host"),
    Path("device", "of the latest event that has it"),
    Path("os", "of the latest event that has it"),
    Path("browser", "of the latest event that has it"),
    Path("language", "of the latest event that has it"),
    Path("country", "of the latest event that has it"),
    Path("first_campaign", "of the first page or screen call with a campaign", CAMPAIGN_KEYS),
    Path("last_campaign", "of the latest page or screen call with a campaign", CAMPAIGN_KEYS),
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
