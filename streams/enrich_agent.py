"""User agent → device, operating system, browser, in the closed lists of the contract; parsed once a text.

Owns the mapping of ua-parser's names to ours. ua-parser with its compiled regexes takes some 15 µs, the cache 0.1.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from ua_parser import parse

_CACHED_LENGTH = 512
_LINUXES = re.compile(r"Linux|Ubuntu|Fedora|Debian|Red Hat|CentOS|SUSE|Gentoo|Mandriva|Slackware|Mint", re.IGNORECASE)
_TABLET = re.compile(r"iPad|Tablet(?! PC)|Kindle|PlayBook", re.IGNORECASE)
_PHONE = re.compile(r"Mobile|iPhone|iPod|Phone|Opera Mini", re.IGNORECASE)
_OS = {"Mac OS X": "macOS", "iOS": "iOS", "Android": "Android", "Chrome OS": "ChromeOS", "Windows": "Windows"}
_BROWSERS = {
    "HeadlessChrome": "Chrome",
    "Chromium": "Chrome",
    "Mobile": "Safari",  # "Mobile Safari", "Mobile Safari UI/WKWebView"
    **{name: name for name in ("Chrome", "Safari", "Firefox", "Edge", "Opera")},
}


class Agent(NamedTuple):
    device: str | None = None
    os: str | None = None
    os_version: str | None = None
    browser: str | None = None
    browser_version: str | None = None


NO_AGENT = Agent()


def agent_of(user_agent: str | None) -> Agent:
    """What a user agent text says; nothing of none. `device` is None where neither the list nor the system tells."""
    if not user_agent:
        return NO_AGENT
    return _cached(user_agent) if len(user_agent) <= _CACHED_LENGTH else _read(user_agent)


def _read(user_agent: str) -> Agent:
    found = parse(user_agent)
    system, browser = found.os, found.user_agent
    os = _os(system.family if system else "")
    return Agent(
        device=_device(user_agent, os, found.device),
        os=os,
        os_version=_version(system),
        browser=_BROWSERS.get(browser.family.split(" ")[0], "other") if browser else "other",
        browser_version=_version(browser),
    )


_cached = lru_cache(maxsize=1 << 13)(_read)


def _os(family: str) -> str:
    return _OS.get(family) or ("Linux" if _LINUXES.search(family) else "other")


def _device(user_agent: str, os: str, device: Any) -> str | None:
    if device and device.family == "Spider":
        return "bot"
    if _TABLET.search(f"{device.brand} {device.model}" if device else "") or _TABLET.search(user_agent):
        return "tablet"
    if _PHONE.search(user_agent):
        return "mobile"
    if os == "Android":  # tablets leave out the word Mobile
        return "tablet"
    return "desktop" if os in ("Windows", "macOS", "Linux", "ChromeOS") else None


def _version(found: Any) -> str | None:
    if not found:
        return None
    parts = (found.major, found.minor, found.patch, found.patch_minor)
    return ".".join(part for part in parts if part) or None
