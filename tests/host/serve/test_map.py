"""The map in a real browser: what is drawn, what a touch tells, what comes live, and what is there
without a map."""

from __future__ import annotations

import http.server
import os
import re
import struct
import subprocess
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import district
import pytest
from broker import free_port
from chromium import CHROMIUM
from playwright.sync_api import Browser, Page, expect
from served_page import Looking, Served, look, sign_in, uploaded, wait
from sim_board import ROOT

from host.points import gcj02, positions
from host.serve import map as page_of_map
from host.serve.guard import POLICY
from host.serve.live_status import MARKS, Alarmed, mark_of
from host.serve.sites import PER_PAGE
from host.serve.tiles import Tiles

DRAWN = "body[data-drawn=yes]"
THERE = "document.querySelector('[data-map]').map"
# What is drawn of a layer in the middle of the map: [properties, x, y in the page] of each.
FIND = f"""(wanted) => {{
  const box = {THERE}.getContainer().getBoundingClientRect();
  return {THERE}.queryRenderedFeatures({{layers: [wanted]}}).map((f) => {{
    const at = {THERE}.project(f.geometry.coordinates);
    return [f.properties, box.left + at.x, box.top + at.y];
  }}).filter(([, x, y]) => x > box.left + 20 && x < box.right - 80)
    .filter(([, x, y]) => y > box.top + 20 && y < box.bottom - 20);
}}"""
ONE = "s0002"  # looked at alone


@pytest.fixture
def browser(map_browser: Browser) -> Browser:
    return map_browser


def opened(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_selector(DRAWN)


def until(page: Page, true: str) -> None:
    """Wait for an expression; Page.wait_for_function needs a page that may evaluate texts."""
    end = time.monotonic() + 60
    while not page.evaluate(true):
        assert time.monotonic() < end, true
        page.wait_for_timeout(50)


def near(served: Served, site: str) -> str:
    """The map at a site, near enough that it stands by itself."""
    place = positions.load(served.district.folder)[site]
    return f"/map?at={place.longitude},{place.latitude},17"


def test_every_site_with_coordinates_is_drawn(operator: Looking, served: Served) -> None:
    """As a point or in a cluster that tells how many and the worst; the others are counted."""
    page, placed = operator.page, positions.load(served.district.folder)
    opened(page, "/map")
    assert int(page.get_attribute("[data-map]", "data-drawn") or 0) == len(placed)
    missing = len(served.district.known.sites) - len(placed)
    assert missing > 3
    assert f"不在地图上的点位：{missing}" in page.inner_text(".ground")
    checked = page.evaluate(f"""async () => {{
      const source = {THERE}.getSource("sites");
      const clusters = {THERE}.queryRenderedFeatures({{layers: ["clusters"]}});
      const wrong = [];
      for (const {{properties: c}} of clusters) {{
        const leaves = await source.getClusterLeaves(c.cluster_id, 10000, 0);
        const worst = Math.min(...leaves.map((f) => f.properties.rank));
        if (leaves.length !== c.point_count || worst !== c.worst) wrong.push([c, worst]);
        if (!{THERE}.hasImage(`cluster-${{worst}}`)) wrong.push(`no sign ${{worst}}`);
      }}
      return [new Set(clusters.map((c) => c.properties.worst)).size, wrong];
    }}""")
    assert checked[0] > 1
    assert checked[1] == []


def test_a_touch_shows_the_site_and_the_address_keeps_the_place(
    operator: Looking, served: Served
) -> None:
    page = operator.page
    opened(page, near(served, ONE) + "&town=" + served.district.known.sites[ONE].town)
    (found,) = [f for f in page.evaluate(FIND, "sites") if f[0]["site"] == ONE]
    page.mouse.click(*found[1:])
    card = page.locator("[data-spot]")
    expect(card).to_be_visible()
    expect(card.locator("a")).to_have_attribute("href", f"/sites/{ONE}")
    expect(card).to_contain_text(served.district.known.sites[ONE].name)
    page.click("[data-zoom='-1']")
    page.wait_for_url("**at=*,16.00*")
    stood = parse_qs(urlsplit(page.url).query)
    assert stood["town"] == [served.district.known.sites[ONE].town]
    opened(page, page.url)
    zoom, (x, y) = page.evaluate(f"[{THERE}.getZoom(), {THERE}.getCenter().toArray()]")
    assert [f"{x:.5f},{y:.5f},{zoom:.2f}"] == stood["at"]
    page.click(".filters button")  # another filter, or page, leaves the place
    page.wait_for_selector(DRAWN)
    assert parse_qs(urlsplit(page.url).query)["at"] == stood["at"]
    page.keyboard.press("Escape")
    expect(page.locator("[data-spot]")).to_be_hidden()


def test_a_touch_on_a_cluster_goes_nearer(operator: Looking) -> None:
    page = operator.page
    opened(page, "/map")
    _, x, y = page.evaluate(FIND, "clusters")[0]
    before = page.evaluate(f"{THERE}.getZoom()")
    page.mouse.click(x, y)
    until(page, f"{THERE}.getZoom() >= {before + 0.9}")


def test_what_comes_live_changes_point_list_and_count(operator: Looking, served: Served) -> None:
    page, site = operator.page, "s0021"
    topic = f"{site}/qy-{site}/state"
    state: dict[str, Any] = {"t": int(time.time()), "w1": 20, "w2": 20.5, "f1": 0.1, "f2": 0.1}
    uploaded(served.client, topic, state)
    opened(page, near(served, site) + f"&q={site}")
    page.wait_for_selector("[data-live=link]:is(.waiting, .live)")
    expect(page.locator("[data-count=full]")).to_have_text("0")
    uploaded(served.client, topic, state | {"t": int(time.time()) + 1, "f1": 0.97})
    expect(page.locator("[data-count=full]")).to_have_text("1")
    expect(page.locator(f"[data-site={site}] [data-field=sign]")).to_contain_text("已满")
    wanted = f"f => f.properties.site === '{site}' && f.properties.icon === 'site-full-0'"
    until(page, f"{THERE}.queryRenderedFeatures({{layers: ['sites']}}).some({wanted})")


def test_a_phone_of_360_px_in_the_dark(phone: Looking, served: Served) -> None:
    """Nothing is beside the screen, with the card of a site open too."""
    page = phone.page
    page.set_viewport_size({"width": 360, "height": 740})
    opened(page, near(served, ONE))
    page.locator("[data-map]").scroll_into_view_if_needed()
    (found,) = [f for f in page.evaluate(FIND, "sites") if f[0]["site"] == ONE]
    page.touchscreen.tap(*found[1:])
    expect(page.locator("[data-spot] a")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_without_webgl_it_says_so_and_has_the_list(browser: Browser, served: Served) -> None:
    arguments = ["--disable-3d-apis", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    poor = browser.browser_type.launch(executable_path=CHROMIUM, args=arguments)
    context, looking = look(poor, served, "viewer")
    looking.page.goto("/map?lang=en")
    expect(looking.page.locator("[data-map-problem=webgl]")).to_be_visible()
    expect(looking.page.locator("[data-map]")).to_be_hidden()
    assert looking.page.locator(".listed tbody tr").count() == PER_PAGE
    context.close()
    poor.close()
    assert not looking.said


def test_the_list_is_there_without_javascript(served: Served) -> None:
    """The same sites under the same filter, each with its state; the worst first."""
    with served.http("viewer") as client:
        whole = client.get("/map?lang=zh").text
        offline = client.get("/map?lang=en&mark=offline").text
        points = re.search(r'<script id="points"[^>]*>(.*?)</script>', offline)
    rows = re.findall(r'<tr data-site="([^"]+)">', offline)
    away = [f"s{n:04d}" for n in range(1, 151) if n % 97 == 0]
    assert rows == away
    assert points is not None
    assert re.findall(r'\["(s\d+)"', points[1]) == rows
    assert re.search(rf'data-site="{away[0]}">.*?<span>Offline</span>', offline, re.DOTALL)
    first = re.search(r'<tr data-site="hw-01">.*?</tr>', whole, re.DOTALL)
    assert first is not None
    assert whole.index("<tr data-site") == first.start()  # it has an alarm
    assert "不在地图上" in first[0]


PICTURE = b"\x89PNG\r\n\x1a\n" + b"".join(
    struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    for kind, body in (
        (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"\0\x80\x90\xa0")),
        (b"IEND", b""),
    )
)


class Pictures(http.server.BaseHTTPRequestHandler):
    """A provider of tiles that keeps what it was asked."""

    asked: list[tuple[str, str | None]] = []  # noqa: RUF012  of the class that serves one test

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("referer")))
        self.send_response(200)
        self.send_header("access-control-allow-origin", "*")
        self.send_header("content-type", "image/png")
        self.end_headers()
        self.wfile.write(PICTURE)

    def log_message(self, *_: object) -> None: ...


@contextmanager
def tiled(served: Served, folder: Path, origin: str) -> Iterator[Served]:
    """Another page on the same district, with tiles in GCJ-02 from an origin."""
    (folder / "key").write_text("ke&y\n")
    config = folder / "qingyun.toml"
    lines = ("[map]", f'tiles = "{origin}/{{z}}/{{x}}/{{y}}.png?tk={{key}}"', 'key_file = "key"')
    config.write_text("\n".join([*lines, 'attribution = "GS(2024)1"', 'coordinates = "GCJ-02"']))
    port, log = free_port(), folder / "log"
    command = [ROOT / ".venv/bin/qingyun", "--config", config, "serve", "--db", served.district.db]
    command += ["--registry", served.district.folder, "--listen", f"127.0.0.1:{port}"]
    with log.open("wb") as file:
        process = subprocess.Popen(list(map(str, command)), stderr=file, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    found = replace(served, url=url, process=process, log=log, sessions={})
    try:
        wait(found)
        found.sessions["viewer"] = sign_in(url, "viewer")
        yield found
    finally:
        process.terminate()
        process.wait(20)


def test_tiles_are_loaded_from_their_provider_alone(
    browser: Browser, served: Served, tmp_path: Path
) -> None:
    """The policy names it, the key goes there, points stand in its coordinates; once it is away the
    page says so and the points are still there."""
    Pictures.asked.clear()
    provider = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pictures)
    threading.Thread(target=provider.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{provider.server_port}"
    with tiled(served, tmp_path, origin) as there:
        context, looking = look(browser, there, "viewer")
        answer = looking.page.goto("/map?lang=zh")
        looking.page.wait_for_selector(DRAWN)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert f"connect-src 'self' {origin};" in policy
        assert "unsafe" not in policy and "blob:" not in policy
        until(looking.page, f"{THERE}.areTilesLoaded()")
        assert "GS(2024)1" in looking.page.inner_text(".ground")
        place = positions.load(served.district.folder)[ONE]
        moved = gcj02.from_wgs84(float(place.longitude), float(place.latitude))
        sent = re.search(rf'\["{ONE}",[^\]]*\]', looking.page.inner_text("#points"))
        assert sent is not None
        assert f"{moved[0]:.6f},{moved[1]:.6f}" in re.sub(r"(\.\d+)", _six, sent[0])
        with there.http("viewer") as client:  # of other pages nothing changes
            assert "http" not in client.get("/sites").headers["content-security-policy"]
        provider.shutdown()
        provider.server_close()
        assert Pictures.asked
        assert all(
            re.fullmatch(r"/\d+/\d+/\d+\.png\?tk=ke%26y", path) for path, _ in Pictures.asked
        )
        assert {referer for _, referer in Pictures.asked} == {f"{there.url}/"}
        strange = [s for s in looking.said if origin not in s]
        opened(looking.page, "/map?at=121.2,31.05,13")
        expect(looking.page.locator("[data-map-problem=tiles]")).to_be_visible()
        assert int(looking.page.get_attribute("[data-map]", "data-drawn") or 0) > 0
        context.close()
    assert not strange


def _six(match: re.Match[str]) -> str:
    return match[1].ljust(7, "0")


def test_tiles_are_named_once_and_in_a_policy_only() -> None:
    two = Tiles(("https://a.example/{z}/{x}/{y}", "https://a.example/n/{z}/{x}/{y}"), "x")
    assert page_of_map.policy(two).count("https://a.example") == 1
    assert page_of_map.policy(None) == POLICY


def test_marks_and_who_is_alarmed() -> None:
    """Away counts before full, as the fill is old then; of two alarms the graver."""
    cases = {
        ("offline", 1.2): "offline",
        ("safe", None): "offline",
        ("online", 1.0): "full",
        ("online", 0.8): "high",
        ("online", 0.79): "ok",
        ("online", None): "ok",
        ("unknown", None): "unknown",
        ("none", None): "unknown",
    }
    assert {case: mark_of(*case) for case in cases} == cases
    assert set(cases.values()) == set(MARKS)
    alarmed = Alarmed()
    alarmed.are([("a", "告警"), ("a", "提示"), ("b", "提示")])
    assert alarmed.levels == {"a": "告警", "b": "提示"}
    assert alarmed.changed() == {"a", "b"}
    alarmed.are([("a", "告警")])
    assert alarmed.changed() == {"b"}
    assert alarmed.changed() == set()


def test_the_polygon_around_a_town() -> None:
    square = [(0.0, 0.0), (4.0, 0.0), (4.0, 4.0), (0.0, 4.0)]
    inside = [(1.0, 1.0), (2.0, 3.0), (0.0, 2.0), (4.0, 4.0)]
    assert page_of_map.hull([*inside, *square]) == square
    assert page_of_map.hull([(1.0, 1.0), (1.0, 1.0)]) == [(1.0, 1.0)]
    assert district.UNPLACED > 1
