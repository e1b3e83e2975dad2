"""User agents → the closed lists of device, operating system and browser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.enrich_agent import agent_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
IOS = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) {IOS}"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT}"
ANDROID = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT}"

TABLE = [
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36", "desktop Windows 10 Chrome 131.0.0.0"),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.1.2", "desktop Windows 10 Edge 131.0.1.2"),
    (f"{WINDOWS} Chrome/131.0.0.0 Safari/537.36 OPR/116.0.0.0", "desktop Windows 10 Opera 116.0.0"),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0; Tablet PC 2.0) like Gecko",
        "desktop Windows 7 other 11.0",
    ),
    (
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {IOS} Version/18.1 Safari/605.1.15",
        "desktop macOS 10.15.7 Safari 18.1",
    ),
    ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop Linux - Firefox 133.0"),
    ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "desktop Linux - Firefox 133.0"),
    (
        f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/131.0.0.0 Safari/537.36",
        "desktop Linux - Chrome 131.0.0",
    ),
    (
        f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/131.0.0.0 Safari/537.36",
        "desktop ChromeOS 14541.0.0 Chrome 131.0.0.0",
    ),
    (f"{IPHONE} Version/18.1 Mobile/15E148 Safari/604.1", "mobile iOS 18.1 Safari 18.1"),
    (f"{IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1", "mobile iOS 18.1 Chrome 131.0.6778.73"),
    (f"{IPHONE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15", "mobile iOS 18.1 Firefox 133.0"),
    (f"{IPHONE} Version/17.0 EdgiOS/131.0.2903.48 Mobile/15E148 Safari/605.1.15", "mobile iOS 18.1 Edge 131.0.2903.48"),
    (f"{IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/465]", "mobile iOS 18.1 other 465"),
    (
        f"Mozilla/5.0 (iPad; CPU OS 18_1 like Mac OS X) {IOS} Version/18.1 Mobile/15E148 Safari/604.1",
        "tablet iOS 18.1 Safari 18.1",
    ),
    (f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36", "mobile Android 10 Chrome 131.0.0.0"),
    (
        f"Mozilla/5.0 (Linux; Android 14; SM-X910) {WEBKIT} Chrome/131.0.0.0 Safari/537.36",
        "tablet Android 14 Chrome 131.0.0.0",
    ),
    (f"{ANDROID} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36", "mobile Android 10 other 27.0"),
    (f"{ANDROID} Chrome/131.0.6778.81 Mobile Safari/537.36 EdgA/131.0.2903.48", "mobile Android 10 Edge 131.0.2903.48"),
    (f"{ANDROID} Chrome/131.0.6778.81 Mobile Safari/537.36 OPR/76.2.4027.73374", "mobile Android 10 Opera 76.2.4027"),
    (
        f"Mozilla/5.0 (Linux; Android 9; CUBOT_X18) {WEBKIT} Chrome/99.0.0.0 Mobile Safari/537.36",
        "mobile Android 9 Chrome 99.0.0.0",
    ),
    ("Mozilla/5.0 (Android 14; Tablet; rv:133.0) Gecko/133.0 Firefox/133.0", "tablet Android 14 Firefox 133.0"),
    (
        "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10",
        "mobile other - Opera 7.1.32052",
    ),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "bot other - other 2.1"),
    (
        f"{ANDROID} Chrome/131.0.0.0 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "bot Android 10 other 2.1",
    ),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "bot other - other 1.1"),
    ("curl/8.5.0", "- other - other 8.5.0"),
    ("xyz", "- other - other -"),
]


@pytest.mark.parametrize(("user_agent", "expected"), TABLE)
def test_agent(user_agent: str, expected: str) -> None:
    assert " ".join(part or "-" for part in agent_of(user_agent)) == expected


def test_nothing_of_none() -> None:
    assert agent_of(None) == agent_of("") == (None, None, None, None, None)


@given(st.text())
def test_any_text_falls_in_the_closed_lists(user_agent: str) -> None:
    agent = agent_of(user_agent)
    assert agent.device in (None, "desktop", "mobile", "tablet", "bot")
    if user_agent:
        assert agent.os in ("Windows", "macOS", "Linux", "iOS", "Android", "ChromeOS", "other")
        assert agent.browser in ("Chrome", "Safari", "Firefox", "Edge", "Opera", "other")


def test_a_very_long_one_is_read_too() -> None:
    assert agent_of(TABLE[0][0] + " x" * 10_000).browser == "Chrome"
