"""URL → path, host, query and campaign; parsed once a text, since a page's events share theirs.

Owns reading URLs and `utm_` parameters. Which URL an event has is in `streams.enrich_page`.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import SplitResult, parse_qsl, urlsplit

from streams.normalise_text import text

CAMPAIGN_FIELDS = ("name", "source", "medium", "term", "content")
_UTM = {
    "utm_campaign": "name",
    "utm_source": "source",
    "utm_medium": "medium",
    "utm_term": "term",
    "utm_content": "content",
}
_CACHED_LENGTH = 1_024
"""Longer URLs are parsed each time, so that the cache stays below some 30 MB whatever is sent."""


class Url(NamedTuple):
    """`url` is as sent but for the fragment; `host` lower case, without port. Its dicts are shared: do not change."""

    url: str
    path: str | None
    host: str | None
    query: dict[str, str]
    campaign: dict[str, str]


def parse_url(url: str) -> Url:
    """The parts of any text; one that is no URL has only `url`."""
    return _cached(url) if len(url) <= _CACHED_LENGTH else _parse(url)


def host_of(url: str | None) -> str | None:
    return parse_url(url).host if url else None


def campaign_of(sent: Mapping[str, object]) -> dict[str, str]:
    """The five fields of `context.campaign` that say something."""
    return {name: value for name in CAMPAIGN_FIELDS if (value := text(sent.get(name))) is not None}


def _parse(url: str) -> Url:
    url = url.partition("#")[0]
    parts = _split(url)
    if parts is None:
        return Url(url, None, None, {}, {})
    query: dict[str, str] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True, errors="replace"):
        query.setdefault(name, value)
    campaign = {field: query[name] for name, field in _UTM.items() if query.get(name)}
    host = parts.hostname or None
    return Url(url, parts.path or ("/" if host else None), host, query, campaign)


_cached = lru_cache(maxsize=1 << 13)(_parse)


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:  # brackets that hold no IPv6 address, letters that turn into / or : when normalised
        return None
