"""Which page an event happened on: url, path, host, title, referrer, campaign.

Page and screen calls tell it in their own properties, else in `context.page`; other calls in `context.page`, else (the
URL alone, since a track call's `title` or `path` is about something else) in their properties.
"""

from typing import Any, NamedTuple

from streams.enrich_url import campaign_of, host_of, parse_url
from streams.normalise_text import record, text


class Page(NamedTuple):
    url: str | None
    path: str | None
    host: str | None
    title: str | None
    referrer: str | None
    referrer_host: str | None
    query: dict[str, str]
    campaign: dict[str, str]


def page_of(own: bool, properties: dict[str, Any], context: dict[str, Any]) -> Page:
    """The page fields; `own`: a page or screen call, whose properties tell of the page itself."""
    page = record(context.get("page"))
    sources = (properties, page) if own else (page,)
    url = _first(sources, "url") or text(properties.get("url"))
    sent = context.get("campaign")
    campaign = campaign_of(sent) if isinstance(sent, dict) else {}
    referrer = _first(sources, "referrer")
    parts = parse_url(url) if url else None
    return Page(
        url=parts.url if parts else None,
        path=_path(sources) or (parts.path if parts else None),
        host=parts.host if parts else None,
        title=_first(sources, "title"),
        referrer=referrer,
        referrer_host=host_of(referrer),
        query=parts.query if parts else {},
        campaign=campaign or (parts.campaign if parts else {}),
    )


def _first(sources: tuple[dict[str, Any], ...], name: str) -> str | None:
    for source in sources:
        if (value := text(source.get(name))) is not None:
            return value
    return None


def _path(sources: tuple[dict[str, Any], ...]) -> str | None:
    """The path as sent, else that of the URL sent beside it, source by source."""
    for source in sources:
        if (path := text(source.get("path"))) is not None:
            return path
        if (url := text(source.get("url"))) is not None:
            return parse_url(url).path
    return None
