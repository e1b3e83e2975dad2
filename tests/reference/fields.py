"""Contract section 5, the PATHs of an event: what a rule can read of a call as it was posted.

A field is absent where the call does not have it; `os_version` and `browser_version` are not read here (README.md).
"""

from urllib.parse import parse_qsl, urlsplit

from tests.reference.user_agents import USER_AGENTS

_UTM = {
    "name": "utm_campaign",
    "source": "utm_source",
    "medium": "utm_medium",
    "term": "utm_term",
    "content": "utm_content",
}


def fields_of(call, header_user_agent=None):
    """All fields of a call but `name`, as {PATH's first word: value}."""
    context = _object(call.get("context"))
    page = {**_object(context.get("page")), **_page_properties(call)}
    url = (page.get("url") or "").split("#")[0] or None
    query = _query(url)
    fields = {
        "url": url,
        "path": urlsplit(url).path if url else None,
        "host": _host(url),
        "title": page.get("title"),
        "referrer": page.get("referrer"),
        "referrer_host": _host(page.get("referrer")),
        "query": query,
        "campaign": _campaign(context, query),
        "screen": _screen(_object(context.get("screen"))),
        "language": context.get("locale"),
        "country": _object(context.get("location")).get("country"),
        "region": _object(context.get("location")).get("region"),
        "properties": _object(call.get("properties")),
    }
    user_agent = context.get("userAgent") or header_user_agent
    if user_agent:
        fields["device"], fields["os"], fields["browser"] = USER_AGENTS[user_agent]
    return fields


def read(fields, path):
    """The value at `url`, `campaign.source`, `properties.cart.total`, …; None where there is none."""
    head, _, rest = path.partition(".")
    if head == "query":
        return fields["query"].get(rest)
    return dig(fields.get(head), rest.split(".") if rest else [])


def dig(value, steps):
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def source_of(fields):
    """Where a page call came from; None is direct."""
    campaign = fields["campaign"]
    if campaign.get("source"):
        return ("campaign", campaign["source"], campaign.get("medium") or None)
    if from_another_host(fields):
        return ("referrer", fields["referrer_host"])
    return None


def from_another_host(fields):
    return fields["referrer_host"] is not None and fields["referrer_host"] != fields["host"]


def _object(value):
    return value if isinstance(value, dict) else {}


def _page_properties(call):
    """A page or screen call tells its page in its properties too, and those go first."""
    if call["type"] not in ("page", "screen"):
        return {}
    return {key: value for key, value in _object(call.get("properties")).items() if value is not None}


def _host(url):
    return (urlsplit(url).hostname or None) if isinstance(url, str) and url else None


def _query(url):
    query = {}
    for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True) if url else []:
        query.setdefault(name, value)
    return query


def _campaign(context, query):
    """`context.campaign`, else the utm_ parameters of the URL."""
    sent = {key: value for key, value in _object(context.get("campaign")).items() if key in _UTM and value}
    return sent or {key: query[name] for key, name in _UTM.items() if query.get(name)}


def _screen(screen):
    return f"{screen['width']}x{screen['height']}" if "width" in screen and "height" in screen else None
