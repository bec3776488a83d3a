"""The page at the platform in a real browser, beside a real broker, ingester and server: each drum
is booked once with the mass of its readings, whatever happens to network, server or phone."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import segno
from axe_playwright_python.sync_playwright import Axe
from chromium import CHROMIUM
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect
from scale_act import DRUM, PLATFORM, TARE_G
from weigh_site import Site, site

from host.hazard.entry import CODE, STORED, TAKEN, Entry

COMES_MS = 60_000  # on a busy machine
# A route sees what a page asks for, but not always when a service worker stands between.
UNSERVED = {"service_workers": "block"}
CACHED = """async () => {
  const found = [];
  for (const name of await caches.keys()) found.push(...await (await caches.open(name)).keys());
  return found.map((r) => new URL(r.url).pathname);
}"""
READY = "#touch:not([disabled])"
FAKE = ("--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    expect.set_options(timeout=COMES_MS)
    with site(tmp_path_factory.mktemp("weigh")) as made:
        yield made


@pytest.fixture
def phone(browser: Browser, at: Site) -> Iterator[Callable[..., Page]]:
    """A phone of somebody at the platform, on an empty platform; each of its own."""
    at.board.clear()
    contexts: list[BrowserContext] = []

    def opened(name: str = "olga", lang: str = "zh", **more: Any) -> Page:
        context, page = at.page(browser, name, **more)
        contexts.append(context)
        page.goto(f"/weigh?lang={lang}")
        page.locator("#tiles .key", has_text=PLATFORM).click()
        return page

    yield opened
    for context in contexts:
        context.close()


def waste(page: Page, name: str = "废润滑油桶") -> None:
    page.locator("#tiles .key").filter(has=page.get_by_text(name, exact=True)).click()


def booked(page: Page) -> str:
    """The code that stands on the page once it is booked."""
    page.wait_for_selector("#paper:visible")
    return page.locator("#result-code").inner_text()


def new(at: Site, before: list[Entry]) -> list[Entry]:
    ids = {e.id for e in before}
    return [e for e in at.entries() if e.id not in ids]


def settled(page: Page, at: Site, before: list[Entry], count: int = 1) -> list[Entry]:
    """The entries that came, once there are so many."""
    end = time.monotonic() + COMES_MS / 1000
    while len(found := new(at, before)) < count and time.monotonic() < end:
        page.wait_for_timeout(100)
    return found


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    return [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in grave]


def sizes(page: Page) -> list[str]:
    """Keys that a glove misses, and what stands beside the screen."""
    script = """() => [...document.querySelectorAll('main button, main a, main .file')]
      .filter((e) => e.offsetParent && e.getBoundingClientRect().height < 64).map((e) => e.id)
      .concat(document.documentElement.scrollWidth > innerWidth ? ['too wide'] : [])"""
    found: list[str] = page.evaluate(script)
    return found


@pytest.mark.parametrize(("lang", "scheme"), [("zh", "light"), ("en", "dark")])
def test_from_the_scale_to_the_label(
    at: Site, phone: Callable[..., Page], lang: str, scheme: str
) -> None:
    """Three touches, nothing typed; label, ledger and readings agree to the gram."""
    before = at.entries()
    page = phone(lang=lang, color_scheme=scheme)
    page.wait_for_selector("#tiles .key")
    wrong = faults(page) + sizes(page)
    waste(page)
    page.wait_for_selector("#scale:visible")
    expect(page.locator("#touch")).to_be_disabled()
    at.board.moves()
    moving = "正在移动" if lang == "zh" else "Moving"
    expect(page.locator("#state")).to_contain_text(moving)
    expect(page.locator("#touch")).to_be_disabled()
    wrong += faults(page)
    grams = TARE_G + 40_123
    at.board.rests(grams)
    page.wait_for_selector(READY)
    expect(page.locator("#gross")).to_have_text(f"{grams / 1000:.3f}")
    expect(page.locator("#net-kg")).to_contain_text("40.123 kg")
    wrong += faults(page) + sizes(page)
    page.click("#touch")
    code = booked(page)
    expect(page.locator("#result-kg")).to_have_text("40.123")
    wrong += faults(page) + sizes(page)
    assert not wrong
    (entry,) = new(at, before)
    assert (entry.table, entry.container, entry.grams, entry.by) == (STORED, DRUM, 40_123, "olga")
    assert entry.values[CODE] == code and entry.weighed is not None
    assert entry.weighed.after_g - entry.weighed.before_g == grams
    with page.expect_popup() as paper:
        page.click("#paper")
    paper.value.close()
    with page.expect_navigation():
        page.click("#trace")
    expect(page.locator("main")).to_contain_text(f"seq {entry.weighed.after_seq}")
    expect(page.locator("main")).to_contain_text("40.123 kg")


def test_a_lost_answer_a_second_tab_and_a_restart_book_nothing_twice(
    at: Site, phone: Callable[..., Page]
) -> None:
    """The server booked it and nobody heard so; it is sent again, by two tabs, after a restart."""
    before = at.entries()
    page = phone(**UNSERVED)
    waste(page)
    at.board.put(TARE_G + 30_001)
    page.wait_for_selector(READY)
    sent: list[str] = []

    def lose(route: Route) -> None:
        sent.append(str(route.request.post_data))
        route.fetch()
        route.abort("connectionreset")

    page.route("**/weigh/act", lose)
    page.click("#touch")
    expect(page.locator("#result-more")).to_be_visible()
    (entry,) = settled(page, at, before)
    at.stop()
    at.serve()
    cookies = at.cookies["olga"].items()
    page.context.add_cookies([{"name": k, "value": v, "url": at.url} for k, v in cookies])
    second = page.context.new_page()
    # Sent again just now, it may be under way in `lose` still.
    page.unroute_all(behavior="ignoreErrors")
    for tab in (page, second):  # whoever has signed in again comes back here
        tab.goto("/weigh", wait_until="commit")
    page.click("#list-open")
    expect(page.locator("#acts .done")).to_have_count(1)
    page.locator("#acts .done .key").click()
    assert booked(page) == entry.values[CODE]
    assert [e.id for e in new(at, before)] == [entry.id] and sent


def test_without_a_network_and_back(at: Site, phone: Callable[..., Page]) -> None:
    """The page opens without a network; what was done is sent once, in order, with the mass that
    the readings show; what they do not show is told and not booked."""
    before = at.entries()
    page = phone()
    waste(page)
    page.evaluate("navigator.serviceWorker.ready")
    came = time.time()
    at.board.put(TARE_G + 21_000, ago=200)
    at.board.put(-TARE_G - 21_000, ago=150)
    at.board.put(TARE_G + 22_000, ago=60)
    page.wait_for_selector(READY)
    page.context.set_offline(True)
    expect(page.locator("#net")).to_have_class(re.compile("bad"))
    page.reload()
    waste(page)
    # While the first stood there, while the second does, and while that was moving.
    for touched in (came - 175, came - 30, came - 60):
        page.evaluate("(t) => { Date.real ??= Date.now; Date.now = () => 1000 * t; }", touched)
        page.click("#touch")
        expect(page.locator("#result-more")).to_be_visible()
        page.click("#next")
        page.evaluate("Date.now = Date.real")
    page.reload()  # the phone has been in a pocket
    expect(page.locator("#list-open")).to_contain_text("3")
    assert new(at, before) == []
    page.context.set_offline(False)
    at.board.reading()  # the readings around the second touch are here
    first, second = settled(page, at, before, 2)
    assert [first.grams, second.grams] == [21_000, 22_000] and first.id < second.id
    expect(page.locator("#list-open")).to_contain_text("3")
    page.click("#list-open")
    expect(page.locator("#acts .done")).to_have_count(2)
    refused = page.locator("#acts .refused")
    expect(refused).to_contain_text("秤台在动")
    assert not faults(page) + sizes(page)
    page.locator("#acts .done .key").first.click()
    assert booked(page) == first.values[CODE]
    page.click("#next")
    assert len(new(at, before)) == 2


def test_signed_out_leaves_nothing_but_what_was_done(at: Site, phone: Callable[..., Page]) -> None:
    """Whoever signs in next on this phone sends nothing of somebody else's."""
    before = at.entries()
    page = phone("li")
    waste(page)
    at.board.put(TARE_G + 23_000)
    page.wait_for_selector(READY)
    page.context.set_offline(True)
    expect(page.locator("#net")).to_have_class(re.compile("bad"))
    page.click("#touch")
    expect(page.locator("#result-more")).to_be_visible()
    context = page.context
    page.close()
    context.set_offline(False)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto("/")
    page.locator("form[action='/signout'] button").click()
    page.wait_for_url("**/signin")
    assert page.evaluate("localStorage.getItem('qingyun-weigh')") is None
    urls = page.evaluate(CACHED)
    assert all(u == "/weigh" or u.startswith("/static/") for u in urls) and "/weigh" in urls
    kept = page.evaluate("caches.match('/weigh').then((r) => r.text())")
    assert "csrf" not in kept and ">li<" not in kept
    cookies = at.cookies["olga"].items()
    page.context.add_cookies([{"name": k, "value": v, "url": at.url} for k, v in cookies])
    page.goto("/weigh")
    page.click("#list-open")
    expect(page.locator("#acts li")).to_contain_text("li")
    expect(page.locator("#acts button")).to_have_count(0)
    assert new(at, before) == []
    at.cookies["li"] = {}


def test_two_people_at_once(at: Site, phone: Callable[..., Page]) -> None:
    """The first wins, the second is told who did it; two drums at once are two masses."""
    before = at.entries()
    pages = [phone("olga"), phone("olga")]
    for page in pages:
        waste(page)
    at.board.put(TARE_G + 31_000)
    for page in pages:
        page.wait_for_selector(READY)
    for page in pages:
        page.evaluate("setTimeout(() => document.getElementById('touch').click())")
    for page in pages:
        page.wait_for_selector("#result:visible")
        expect(page.locator("#result-title")).to_have_text(re.compile("已入账|没有入账"))
    titles = sorted(p.locator("#result-title").inner_text() for p in pages)
    assert titles == ["已入账", "没有入账"]
    loser = next(p for p in pages if p.locator("#result-title").inner_text() == "没有入账")
    assert "olga" in loser.locator("#result-more").inner_text()
    assert [e.grams for e in new(at, before)] == [31_000]
    winner = next(p for p in pages if p != loser)
    winner.click("#next")
    expect(winner.locator("#state")).to_contain_text("olga")
    at.board.put(TARE_G + 32_000)  # beside the first
    winner.wait_for_selector(READY)
    expect(winner.locator("#net-kg")).to_contain_text("原有 49.000")
    expect(winner.locator("#net-kg")).to_contain_text("32.000 kg")
    winner.click("#touch")
    booked(winner)
    assert [e.grams for e in new(at, before)] == [31_000, 32_000]


def test_a_spoiled_label_a_photograph(at: Site, phone: Callable[..., Page], tmp_path: Path) -> None:
    """A label that was printed and not stuck: another code, one entry; a picture in the chain."""
    before = at.entries()
    picture = tmp_path / "drum.png"
    Image.new("RGB", (2400, 1800), "orange").save(picture)
    page = phone()
    waste(page)
    at.board.put(TARE_G + 33_000)
    page.set_input_files("#photo", picture)
    expect(page.locator("#photo-text")).to_contain_text("✓")
    page.wait_for_selector(READY)
    page.click("#touch")
    code = booked(page)
    page.click("#spoiled")
    page.click("#spoiled")
    expect(page.locator("#result-code")).not_to_have_text(code)
    other = page.locator("#result-code").inner_text()
    (entry,) = new(at, before)
    assert (entry.values[CODE], entry.grams) == (other, 33_000) and entry.photo
    with at.http("olga") as client:
        kept = client.get(f"/photographs/{entry.photo}")
        assert kept.headers["content-type"] == "image/jpeg" and kept.content[:2] == b"\xff\xd8"
        assert f"/photographs/{entry.photo}" in client.get(f"/label/{other}").text
        assert "作废" in client.get(f"/label/{code}?lang=zh").text
    with at.http("vera") as client:
        assert client.get(f"/photographs/{entry.photo}").status_code == 403
        assert entry.photo[:16] in client.get(f"/label/{other}").text


def test_a_photograph_that_the_server_does_not_keep(
    at: Site, phone: Callable[..., Page], tmp_path: Path
) -> None:
    """The mass is not lost with it: the act waits, and goes without the photograph if so wished."""
    before = at.entries()
    picture = tmp_path / "drum.png"
    Image.new("RGB", (640, 480), "orange").save(picture)
    page = phone(**UNSERVED)
    page.route("**/weigh/photo", lambda route: route.fulfill(status=507, json={"detail": "full"}))
    waste(page)
    at.board.put(TARE_G + 34_000)
    page.set_input_files("#photo", picture)
    expect(page.locator("#photo-text")).to_contain_text("✓")
    page.wait_for_selector(READY)
    page.click("#touch")
    expect(page.locator("#result")).to_contain_text("服务器没有存下照片")
    assert new(at, before) == []
    wrong = faults(page) + sizes(page)
    page.click("#without")
    (entry,) = settled(page, at, before)
    assert (entry.grams, entry.photo) == (34_000, "") and wrong == []
    assert booked(page) == entry.values[CODE]


def camera(folder: Path, text: str) -> Path:
    """What a camera sees: a label held before it."""
    code = folder / "code.png"
    segno.make(text, error="m").save(str(code), scale=8, border=4)
    scene = Image.new("RGB", (640, 480), "grey")
    with Image.open(code) as label:
        side = label.convert("RGB").resize((400, 400))
    scene.paste(side, (120, 40))
    film = folder / "camera.mjpeg"
    scene.save(film, "JPEG", quality=90)
    film.write_bytes(film.read_bytes() * 30)
    return film


def test_out_by_a_label_before_the_camera(
    at: Site, browser: Browser, phone: Callable[..., Page], tmp_path: Path
) -> None:
    """A scan finds the drum; what it weighs now goes out, and the difference is said."""
    page = phone()
    waste(page)
    at.board.put(TARE_G + 34_000)
    page.wait_for_selector(READY)
    page.click("#touch")
    code = booked(page)
    at.board.clear()
    before = at.entries()
    film = camera(tmp_path, f"{at.url}/label/{code}")
    arguments = [*FAKE, f"--use-file-for-fake-video-capture={film}"]
    seeing = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    try:
        _, page = at.page(seeing, "olga")
        page.goto("/weigh")
        page.locator("#tiles .key", has_text=PLATFORM).click()
        page.click("#go-out")
        page.wait_for_selector("#scale:visible")
        expect(page.locator("#scale-was")).to_contain_text("34.000")
        assert not faults(page) + sizes(page)
        at.board.put(TARE_G + 33_500)
        page.wait_for_selector(READY)
        page.click("#touch")
        expect(page.locator("#result-more")).to_contain_text("-0.500")
        expect(page.locator("#paper")).to_be_hidden()
    finally:
        seeing.close()
    (entry,) = new(at, before)
    assert (entry.table, entry.grams, entry.values[CODE]) == (TAKEN, 33_500, code)
    with at.http("vera") as client:
        text = client.get(f"/label/{code}?lang=en").text
        assert "33.500 kg" in text and "34.000 kg" in text


def test_a_typed_code_and_no_camera(at: Site, phone: Callable[..., Page]) -> None:
    """Where there is no camera the code is typed; a wrong one is one line."""
    page = phone()
    waste(page)
    at.board.put(TARE_G + 35_000)
    page.wait_for_selector(READY)
    page.click("#touch")
    code = booked(page)
    page.click("#next")
    page.click("#scale-back")
    page.click("#go-out")
    expect(page.locator("#scan-note")).to_contain_text("相机不能用")
    assert not faults(page) + sizes(page)
    page.fill("#typed", code[:-1] + "Z")
    page.click("#typed-go")
    expect(page.locator("#scan-note")).to_contain_text("没有这个标签")
    page.fill("#typed", code.lower())
    page.press("#typed", "Enter")
    expect(page.locator("#state")).to_contain_text("olga")  # that is what came in
    before = at.entries()
    page.click("#unweighed")
    expect(page.locator("#result-title")).to_have_text("已出库")
    (entry,) = new(at, before)
    assert (entry.table, entry.container, entry.grams) == (TAKEN, DRUM, 35_000)
    assert (entry.values[CODE], entry.weighed) == (code, None)
