"""The wall: panels that change by themselves, data that say when they are old, and a key that opens
nothing else and does not end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import district
import pytest
from playwright.sync_api import Browser, expect
from served_page import PASSWORD, Looking, Served, look
from starlette.testclient import TestClient

from host.serve import accounts, wall_key
from host.serve.app import app
from host.serve.sessions import IDLE_S, Sessions
from host.serve.settings import Settings
from host.store import Store

PANELS = ["map", "alarms", "towns", "hours"]
SHOWN = "[...document.querySelectorAll('.panel.shown')].map((e) => e.dataset.panel)"
CUT = """[...document.querySelectorAll('.panel.shown')]
  .filter((e) => e.scrollHeight > e.clientHeight + 1 || e.scrollWidth > e.clientWidth + 1).length"""
SECOND = 1000


@pytest.fixture
def browser(map_browser: Browser) -> Browser:
    return map_browser


@pytest.fixture
def screen(browser: Browser, served: Served) -> Any:
    """A screen of a control room, on a clock that a test moves on."""
    size = {"width": 1920, "height": 1080}
    context, looking = look(browser, served, "viewer", viewport=size)
    looking.page.clock.install()
    yield looking
    context.close()
    assert not [s for s in looking.said if "/wall/now" not in s and "ERR_FAILED" not in s]


def test_every_panel_has_its_turn_and_is_whole(screen: Looking) -> None:
    """Without a hand, in order, and then again from the first; each a little beside the last."""
    page = screen.page
    page.goto("/wall?every=20&lang=zh")
    page.wait_for_selector("body[data-drawn=yes]")
    seen, places = [], set()
    for _ in range(2 * len(PANELS)):
        seen += page.evaluate(SHOWN)
        assert page.evaluate(CUT) == 0, seen
        places.add(page.evaluate("document.querySelector('h1').getBoundingClientRect().x"))
        page.clock.run_for(20 * SECOND)
    assert seen == PANELS * 2
    assert len(places) > 2
    assert page.locator("[data-panel=towns] tbody tr").count() == 21
    for nothing in ("nav", "form", "a[href]", "input"):
        assert page.locator(nothing).count() == 0


def test_it_says_when_its_data_are_old(screen: Looking) -> None:
    """Once the server has not answered for three minutes; and no more when it does."""
    page = screen.page
    page.goto("/wall?lang=zh")
    old = page.locator("[data-old]")
    expect(old).to_be_hidden()
    page.route("**/wall/now", lambda route: route.abort())
    for _ in range(4):
        page.clock.run_for(61 * SECOND)
    expect(old).to_be_visible()
    expect(old).to_contain_text("不是最新")
    page.unroute("**/wall/now")
    page.keyboard.press("r")
    expect(old).to_be_hidden()


def test_a_screen_opens_it_with_a_token(browser: Browser, served: Served) -> None:
    """Live, with nobody signed in; once the token is removed it says so."""
    store = Store(served.district.db)
    key = accounts.add_token(store, "control-room", "viewer", "test")
    context, looking = look(browser, served, "")
    page = looking.page
    page.goto("/wall")
    assert page.url == f"{served.url}/wall/signin"
    page.fill("input[name=token]", key)
    page.click("form button")
    page.wait_for_selector("[data-live=link]:is(.waiting, .live, .quiet)")
    assert page.url == f"{served.url}/wall"
    (cookie,) = [c for c in context.cookies() if c["name"].endswith("-wall")]
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    accounts.change(store, "control-room", "test", role=accounts.GONE)
    store.close()
    page.keyboard.press("r")
    expect(page.locator("[data-old]")).to_contain_text("已退出登录")
    context.close()


class Small:
    """A page without boards, and others on the same store: as after a restart."""

    def __init__(self, folder: Path) -> None:
        district.write_registry(folder / "registry", 4)
        self._settings = Settings(folder / "q.db", folder / "registry")
        self.store = Store(folder / "q.db", create=True)

    def client(self) -> TestClient:
        url = "http://127.0.0.1"
        return TestClient(app(self._settings), url, follow_redirects=False)


@pytest.fixture
def small(tmp_path: Path) -> Any:
    made = Small(tmp_path)
    yield made
    made.store.close()


def test_the_key_outlives_a_restart_and_opens_nothing_else(small: Small) -> None:
    key = accounts.add_token(small.store, "wall", "viewer", "test")
    client = small.client()
    assert client.get("/wall").headers["location"] == wall_key.SIGN_IN
    assert client.post("/wall/signin", data={"token": key}).headers["location"] == "/wall"
    after = small.client()
    after.cookies = client.cookies
    assert after.get("/wall?lang=en").status_code == 200
    assert 'data-panel="towns"' in after.get("/wall/now").text
    for path in ("/", "/sites", "/map", "/downloads", "/account"):
        assert after.get(path).headers["location"].startswith("/signin?next="), path
    assert after.get("/api/1/sites").status_code == 401
    assert after.post("/wall", data={}).status_code in (401, 405)
    accounts.change(small.store, "wall", "test", role=accounts.GONE)
    assert after.get("/wall/now").headers["location"] == wall_key.SIGN_IN


def test_only_a_token_of_the_lowest_role_is_taken(small: Small) -> None:
    """What is refused is in the audit trail, without the token, and after five the name waits."""
    key = accounts.add_token(small.store, "ops", "operator", "test")
    client = small.client()
    for token in (key, "ops:wrong", "", "nobody:x", "ops"):
        answer = client.post("/wall/signin?lang=en", data={"token": token})
        assert answer.status_code == 401
        assert "the token is wrong, or not one of a viewer" in answer.text
        assert "set-cookie" not in answer.headers or "wall" not in answer.headers["set-cookie"]
    forged = small.client()
    forged.cookies.set("qingyun-wall", key)
    assert forged.get("/wall").status_code == 303
    deeds = [d for d in accounts.trail(small.store) if d.object == "/wall"]
    assert {(d.who, d.outcome) for d in deeds} >= {("ops", "refused"), ("nobody", "refused")}
    assert key.partition(":")[2] not in str(deeds)
    for _ in range(3):
        last = client.post("/wall/signin", data={"token": "ops:wrong"})
    assert last.status_code == 429


def test_a_screen_does_not_lengthen_a_session(small: Small) -> None:
    """What a page asks for by itself is no use of it: at an unattended screen it ends as always."""
    accounts.add(small.store, "li", "admin", PASSWORD, "test")
    client = small.client()
    shared: Any = client.app
    now = [0.0]
    shared.state.shared.sessions = Sessions(clock=lambda: now[0])
    client.post("/signin", data={"name": "li", "password": PASSWORD})
    for minute in range(0, IDLE_S // 60, 60):
        now[0] = 60.0 * minute
        assert client.get("/wall/now").status_code == 200
    now[0] = IDLE_S + 1.0
    assert client.get("/wall/now").headers["location"] == wall_key.SIGN_IN


def test_without_javascript_all_panels_stand_below_one_another(served: Served) -> None:
    """And the browser loads the page anew each minute."""
    with served.http("viewer") as client:
        text = client.get("/wall?lang=en").text
    assert re.findall(r'data-panel="(\w+)"', text) == PANELS
    assert '<noscript><meta http-equiv="refresh" content="60"></noscript>' in text
