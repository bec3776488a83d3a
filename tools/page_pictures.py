"""The pictures of the page in docs/zh/: the real page in Chinese, in a real browser.

    python tools/page_pictures.py [--demo build/demo] [--out docs/zh]

They show the day of a finished demo, and a site of `make live` that is played meanwhile. The
demo's database is copied first and stays as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import demo_page
from arguments import Parser
from chromium import CHROMIUM
from host_job import qingyun
from playwright.sync_api import Browser, Page, sync_playwright
from sim_board import ROOT

LARGEST = 120_000  # bytes of a picture
DATE = "2026-03-03"
NIGHT = "2026-03-04 00:30"  # the demo's boards have been silent for 20 minutes
DESK = {"width": 940, "height": 540}
PHONE = {"width": 390, "height": 780}
WAITS_MS = 60_000
# Nothing is being computed, and curves are drawn.
WHOLE = "body:not(:has([data-again])):is([data-drawn], :not(:has([data-curve])))"


@dataclass(frozen=True)
class Picture:
    """A view of the demo: file name, address, what is clicked, what is in the middle."""

    name: str
    path: str
    click: str = ""
    middle: str = ""


COLLECTION = "tr:has(.ev-collection)"
PICTURES = (
    Picture("page-district", f"/?date={DATE}"),
    Picture("page-site", f"/sites/fs-01?date={DATE}"),
    Picture("page-evidence", f"/sites/fs-01?date={DATE}", f"{COLLECTION} summary", COLLECTION),
    Picture("page-alarms", "/alarms"),
    Picture("page-ledger", "/hazard/ledger"),
)
LIVE = "page-live-phone"
# What is typed at the prompt of make live before the picture is taken.
PLAYED = ("put 6.4", "put 3.2 w2")


def take(page: Page, picture: str, out: Path) -> Path:
    """What the browser shows, as a PNG; RuntimeError when it is too large."""
    file = out / f"{picture}.png"
    page.screenshot(path=file)
    size = file.stat().st_size
    if size > LARGEST:
        raise RuntimeError(f"{file}: {size} bytes, expected {LARGEST} at most")
    print(f"{file}: {size} bytes")
    return file


def scroll_to(page: Page, selector: str, block: str) -> None:
    """block: where on the screen the first such element comes to be, as scrollIntoView says."""
    page.locator(selector).first.evaluate("(e, block) => e.scrollIntoView({block})", block)


@contextmanager
def signed_in(browser: Browser, url: str, user: str, password: str, **more: Any) -> Iterator[Page]:
    """A page of somebody who has signed in, in Chinese."""
    context = browser.new_context(base_url=url, locale="zh-CN", **more)
    page = context.new_page()
    page.set_default_timeout(WAITS_MS)
    page.goto("/signin?lang=zh")
    page.fill("input[name=name]", user)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda address: "/signin" not in address)
    yield page
    context.close()


def of_the_demo(browser: Browser, demo: Path, out: Path, folder: Path) -> None:
    """Every one of PICTURES, over a copy of the demo's database in a folder of its own."""
    shutil.copytree(demo / "registry", folder / "registry")
    shutil.copy(demo / "qingyun.db", folder)
    db, registry = folder / "qingyun.db", folder / "registry"
    places = ("--db", db, "--registry", registry)
    updated = qingyun("alarms", "update", *places, "--now", NIGHT)
    if updated.returncode not in (0, 1):
        raise RuntimeError(updated.stderr.strip())
    seen = ("--by", "王五", "--note", "停电，已通知维护人员")
    if qingyun("alarms", "ack", "1", "--db", db, *seen).returncode:
        raise RuntimeError("alarms ack: expected an alarm of a silent scale")
    password = demo_page.passwd(db)
    with demo_page.Page(db, registry, folder / "page.log") as served:
        served.wait()
        with signed_in(browser, served.url, demo_page.USER, password, viewport=DESK) as page:
            for picture in PICTURES:
                page.goto(picture.path)
                page.wait_for_selector(WHOLE)
                if picture.click:
                    page.locator(picture.click).first.click()
                if picture.middle:
                    scroll_to(page, picture.middle, "center")
                take(page, picture.name, out)


def of_a_live_site(browser: Browser, out: Path, folder: Path) -> None:
    """A phone on the site of make live, after PLAYED."""
    command = [sys.executable, "-m", "live", "--out", str(folder / "live")]
    process = subprocess.Popen(
        command,
        cwd=ROOT / "tools",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdin is not None
    try:
        url = heard(process, r"page: (http://[^/]+)/")[1]
        user, password = heard(process, r"user (\w+), password (\w+)").groups()
        for line in (*PLAYED, "wait"):
            process.stdin.write(f"{line}\n")
            process.stdin.flush()
        heard(process, r"^> wait")
        more = {"viewport": PHONE, "has_touch": True}
        with signed_in(browser, url, user, password, **more) as page:
            page.goto("/sites/fs-01")
            page.wait_for_selector(WHOLE)
            page.wait_for_selector("[data-live=link].live")
            scroll_to(page, "section[data-live=site]", "start")
            take(page, LIVE, out)
        process.stdin.write("quit\n")
        process.stdin.close()
        process.wait(60)
    finally:
        process.terminate()


def heard(process: subprocess.Popen[str], pattern: str) -> re.Match[str]:
    """The first line from now on that fits; RuntimeError when the process ends before."""
    assert process.stdout is not None
    line = ""
    for line in process.stdout:
        if found := re.search(pattern, line):
            return found
    raise RuntimeError(f"make live has ended: {line.strip()}")


def main(argv: Sequence[str] | None = None) -> int:
    parser = Parser("page_pictures", __doc__)
    parser.add_argument("--demo", type=Path, default=demo_page.DEMO)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "zh")
    args = parser.parse_args(argv)
    try:
        if not demo_page.days(args.demo):
            raise RuntimeError(f"{args.demo}: expected a finished demo; run: make demo")
        with tempfile.TemporaryDirectory() as name, sync_playwright() as driver:
            arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
            chinese = os.environ | {"LANGUAGE": "zh_CN"}  # dates in fields, too
            browser = driver.chromium.launch(
                executable_path=CHROMIUM, args=arguments, env=dict(chinese)
            )
            folder = Path(name)
            of_the_demo(browser, args.demo, args.out, folder)
            of_a_live_site(browser, args.out, folder)
            browser.close()
    except RuntimeError as error:
        print(f"pictures: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
