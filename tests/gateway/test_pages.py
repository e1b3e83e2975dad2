"""The page: who sees it, what it may load, what its data are. Its looks are seen in a browser."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer, make_mocked_request

from gateway.app import make_app
from gateway.clock import now
from gateway.pages import session
from gateway.pages.session import COOKIE, LASTS, Sessions
from gateway.parts import make_parts
from schemas.settings import Settings
from streams.profile_view import describe_user
from tests.gateway.collecting import FakeWriter
from tests.gateway.conftest import KEY, RULE, Gateway
from tests.gateway.fakes import FakeDefinitions, FakeLookups, beating


@pytest.fixture
async def browser(gateway: Gateway) -> TestClient[Any, Any]:
    """The gateway's client, with cookies of the plain-text address."""
    gateway.client.session._cookie_jar = CookieJar(unsafe=True)
    return gateway.client


async def sign_in(browser: TestClient[Any, Any], key: str = KEY, **headers: str) -> ClientResponse:
    return await browser.post("/signin", data={"key": key}, headers=headers, allow_redirects=False)


async def test_nobody_sees_data_without_signing_in(browser: TestClient[Any, Any]) -> None:
    answer = await browser.get("/", allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/signin")
    assert (await browser.get("/page/overview")).status == 401
    assert (await browser.get("/signin")).status == 200


async def test_signing_in_and_out(browser: TestClient[Any, Any]) -> None:
    answer = await sign_in(browser)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    cookie = answer.headers["Set-Cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={LASTS // 1000}"))
    assert KEY not in cookie
    assert (await browser.get("/", allow_redirects=False)).status == 200
    assert (await browser.get("/page/overview")).status == 200
    assert (await browser.get("/signin", allow_redirects=False)).status == 303
    assert (await browser.post("/signout", allow_redirects=False)).status == 303
    assert (await browser.get("/page/overview")).status == 401


@pytest.mark.parametrize("key", ["", "wrong", "dev-secret", "x" * 5000, "ä"])
async def test_a_wrong_key_is_told_and_signs_nobody_in(browser: TestClient[Any, Any], key: str) -> None:
    answer = await sign_in(browser, key)
    assert answer.status == 401
    assert "This is not the secret key" in await answer.text()
    assert "Set-Cookie" not in answer.headers


async def test_a_form_of_another_site_is_refused(browser: TestClient[Any, Any]) -> None:
    for origin in ("https://evil.example", "null"):
        assert (await sign_in(browser, Origin=origin)).status == 403
        assert (await browser.post("/signout", headers={"Origin": origin})).status == 403
    own = str(browser.make_url("/")).rstrip("/")
    assert (await sign_in(browser, Origin=own)).status == 303


@pytest.mark.parametrize("cookie", ["", ".", "9999999999999.", "9999999999999.00", "x.y", "9" * 400 + ".é", "٣.x"])
async def test_a_cookie_of_ones_own_making_is_worth_nothing(gateway: Gateway, cookie: str) -> None:
    answer = await gateway.client.get("/page/overview", headers={"Cookie": f"{COOKIE}={cookie}"})
    assert answer.status == 401


def test_a_session_ends_and_another_key_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from aiohttp import web

    sessions, response = Sessions("one"), web.Response()
    sessions.begin(make_mocked_request("GET", "/"), response)
    request = make_mocked_request("GET", "/", headers={"Cookie": f"{COOKIE}={response.cookies[COOKIE].value}"})
    assert sessions.is_in(request)
    assert not Sessions("two").is_in(request)
    later = now() + LASTS + 1
    monkeypatch.setattr(session, "now", lambda: later)
    assert not sessions.is_in(request)


async def test_with_the_development_key_the_page_signs_in_by_itself() -> None:
    parts = make_parts(Settings(), FakeLookups(), definitions := FakeDefinitions(), describe_user, FakeWriter())
    definitions.tell()
    server = TestServer(make_app(parts))
    async with TestClient(server, cookie_jar=CookieJar(unsafe=True)) as browser:
        assert (await browser.get("/page/overview")).status == 401
        answer = await browser.get("/")
        assert answer.status == 200
        assert "Sign out" not in await answer.text()
        assert (await browser.get("/page/overview")).status == 200


class Markup(HTMLParser):
    """Collects what a strict policy would not let run, and the files that a page loads."""

    def __init__(self) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.inline += [name for name in given if name == "style" or name.startswith("on")]
        if tag == "style" or (tag == "script" and "src" not in given):
            self.inline.append(tag)
        if tag in ("script", "link"):
            self.loads.append(given.get("src") or given.get("href") or "")


@pytest.mark.parametrize("path", ["/", "/signin"])
async def test_pages_load_their_own_files_only(browser: TestClient[Any, Any], path: str) -> None:
    if path == "/":
        await sign_in(browser)
    answer = await browser.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    markup = Markup()
    markup.feed(await answer.text())
    assert markup.inline == []
    for address in markup.loads:
        file = await browser.get(address)
        assert file.status == 200
        assert "immutable" in file.headers["Cache-Control"]
    assert (await browser.get("/static/0123456789ab/shoal.css")).status == 404


def test_scripts_never_read_text_as_markup() -> None:
    for script in Path("gateway/pages/static").glob("*.js"):
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b", script.read_text())


def test_the_files_are_small() -> None:
    files = list(Path("gateway/pages/static").iterdir())
    assert sum(path.stat().st_size for path in files) < 40_000


async def test_the_data_of_the_page(gateway: Gateway, browser: TestClient[Any, Any]) -> None:
    name = "<script>alert(1)</script>"
    await gateway.make(id="a", name=name, rule=RULE)
    gateway.lookups.told = beating(now())
    gateway.lookups.told[1] = {}
    await sign_in(browser)
    data = await (await browser.get("/page/overview")).json()
    assert data["segments"][0]["name"] == name
    assert data["segments"][0]["status"] == "backfilling"
    assert data["segments"][0]["trend"] == []
    assert data["missing"] == ["no worker has partition 1"]
    assert data["trends"].keys() == {"users", "new_7d", "active_7d", "page_views_7d", "clicks_7d", "visits_7d"}
    assert data["users"] == 0
