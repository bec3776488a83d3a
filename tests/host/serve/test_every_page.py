"""Every page there is, on screens of four widths, in the light and in the dark, in each language:
nothing is cut off or beside the screen, a finger finds what it needs, colours keep their contrast.

PICTURES=folder keeps a picture of each."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

import district
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from served_page import Served, look
from starlette.routing import Route

from host.rollup import day_bounds
from host.serve.app import PAGES
from host.serve.language import LANGUAGES

WIDTHS = (390, 768, 1280, 1920)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
YESTERDAY = district.today() - dt.timedelta(1)
NOON = day_bounds(YESTERDAY)[0] + 12 * 3600
# What stands in a path, and a page in another state than it opens in.
VALUES = {"site": district.PLAYED, "number": "8", "alarm": "1", "bin": f"{district.PLAYED}-1"}
MORE = {
    "/": ({"date": str(YESTERDAY)},),
    "/sites": ({"view": "tiles", "town": "方松街道"}, {"q": "no such site"}),
    "/sites/{site}": ({"date": str(YESTERDAY)},),
    "/history": ({"period": f"{YESTERDAY:%Y-%m}"}, {"period": str(YESTERDAY.year)}),
    "/alarms": ({"show": "all"},),
    "/collect": ({"town": "方松街道", "order": "way"},),
    "/reconcile": ({"by": "route"},),
    "/reconcile/row": ({"name": f"B1@{NOON + 7200}"},),
    "/standing": ({"q": "s000"}, {"q": "no such site"}),
    "/map": ({"mark": "offline", "town": "方松街道"},),
}
# A stream, files, and what only a store with a label has (test_labels, test_weigh).
NO_PAGE = {"/live", "/downloads/{name}", "/downloads/filing", "/label/{code}"}
NO_PAGE |= {"/collect/list", "/standing/file"}
NO_PAGE |= {"/photographs/{name}", "/weigh-worker.js"}
NO_PAGE |= {"/wall/now", "/weigh/now", "/weigh/step", "/weigh/label/{code}"}
NEEDS = {"/reconcile", "/reconcile/row", "/standing"}  # with a parameter alone
WRONG = "/there-is-no-such-page"
PICTURES = os.environ.get("PICTURES", "")

FITS = Path(__file__).with_name("fits.js").read_text()
WHOLE = "body:not(:has([data-again])):is([data-drawn], :not(:has([data-curve], [data-map])))"
LAID_OUT = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def pages() -> list[str]:
    """The address of every page, from the routes that the app has."""
    found = []
    for route in (r for module in PAGES for r in module.ROUTES):
        assert isinstance(route, Route)
        if "GET" not in (route.methods or ()) or route.path in NO_PAGE:
            continue
        path = re.sub(r"\{(\w+)\}", lambda m: VALUES[m[1]], route.path)
        if route.path not in NEEDS:
            found.append(path)
        found += (f"{path}?{urlencode(q)}" for q in MORE.get(route.path, ()))
    return [*found, WRONG]


def settled(page: Page, path: str, lang: str) -> None:
    """Open a page and wait for all that comes later."""
    page.goto(f"{path}{'&' if '?' in path else '?'}lang={lang}")
    page.wait_for_selector(WHOLE, timeout=240_000)


def kept(page: Page, name: str) -> None:
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("path", pages())
def test_a_page_fits_every_screen(
    request: pytest.FixtureRequest, served: Served, path: str, lang: str
) -> None:
    drawn = path.startswith(("/map", "/wall"))
    browser: Browser = request.getfixturevalue("map_browser" if drawn else "browser")
    role = "" if path == "/signin" else "admin"
    more = {"viewport": {"width": WIDTHS[0], "height": 844}, "color_scheme": SCHEMES[0]}
    context, looking = look(browser, served, role, **more)
    page = looking.page
    settled(page, path, lang)
    plain = re.sub(r"\W+", "-", path).strip("-") or "district"
    wrong = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate(LAID_OUT)
        found = page.evaluate(FITS, width == WIDTHS[0])
        if width == WIDTHS[0]:
            found += faults(page)
        wrong += [f"{width} px: {f}" for f in found]
        kept(page, f"{plain}-{lang}-{width}-{SCHEMES[0]}")
    if lang == next(iter(LANGUAGES)) or PICTURES:  # colours are the same in every language
        wrong += in_the_dark(page, f"{plain}-{lang}")
    wrong += [s for s in looking.said if path != WRONG or "404" not in s]
    context.close()
    assert not wrong, "\n".join(wrong)


def in_the_dark(page: Page, name: str) -> list[str]:
    """The page drawn anew for somebody who prefers dark colours, and what is wrong with it."""
    curves = page.locator("[data-curve]").count()  # they are drawn anew, by a page loaded anew
    with page.expect_navigation() if curves else contextlib.nullcontext():
        page.emulate_media(color_scheme=SCHEMES[1])
    page.wait_for_selector(WHOLE, timeout=240_000)
    for width in WIDTHS if PICTURES else WIDTHS[:1]:
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate(LAID_OUT)
        kept(page, f"{name}-{width}-{SCHEMES[1]}")
    return [f"{SCHEMES[1]}: {f}" for f in faults(page)]


def faults(page: Page) -> list[str]:
    """What anybody cannot see, read or use, by axe."""
    found = Axe().run(page).response["violations"]
    return [
        f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
