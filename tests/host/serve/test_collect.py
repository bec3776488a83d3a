"""The list to collect by: what was kept, its filters and files, and on a phone the way to sites."""

from __future__ import annotations

import csv
import io
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, expect
from served_page import Served, look

from host.points import positions
from host.serve.collect import PER_PAGE

TOWN, STREAM = "方松街道", "干垃圾"


def rows(served: Served, **query: str) -> list[dict[str, str]]:
    """The list as a file."""
    with served.http("viewer") as client:
        answer = client.get("/collect/list", params={"format": "csv", **query})
        assert answer.status_code == 200, answer.text
        assert answer.content.startswith(b"\xef\xbb\xbf")
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_worst_first_and_filtered(served: Served) -> None:
    every = rows(served)
    known = served.district.known
    points = {s.site for s in known.sites.values() if s.kind != "hazardous"}
    assert len(every) == sum(bool(b.device) and b.site in points for b in known.bins)
    hours = [float(r["半数"]) for r in every if r["半数"]]
    assert hours == sorted(hours) and 0 < len(hours) < len(every)
    part = rows(served, town=TOWN, stream=STREAM)
    wanted = [r for r in every if (r["街镇"], r["品类"]) == (TOWN, STREAM)]
    assert 0 < len(part) < len(every)
    assert [r["桶"] for r in part] == [r["桶"] for r in wanted]
    assert rows(served, town="no such town") == []


def test_along_the_way(served: Served) -> None:
    """By 街镇 and stream, and there from site to site; those without a position are last."""
    part = rows(served, town=TOWN, stream=STREAM, order="way")
    numbers = [int(r["顺序"]) if r["顺序"] else None for r in part]
    known = [n for n in numbers if n is not None]
    assert known == sorted(known) and set(known) == {*range(1, max(known) + 1)}
    assert numbers[: len(known)] == known


def test_other_formats_and_none(served: Served) -> None:
    with served.http("viewer") as client:
        book = client.get("/collect/list?format=xlsx")
        assert book.status_code == 200 and book.content.startswith(b"PK")
        paper = client.get(f"/collect/list?format=html&town={TOWN}")
        assert "次日清运清单" in paper.text and "管理数据，非贸易结算用" in paper.text
        assert client.get("/collect/list?format=pdf").status_code == 422
    with served.http() as nobody:
        assert nobody.get("/collect/list?format=csv").status_code in (401, 303)


def test_on_a_phone_each_site_has_its_way(browser: Browser, served: Served) -> None:
    """In the order of the file, a page at a time; the way is the position of sites.csv."""
    places = positions.load(served.district.folder)
    context, looking = look(browser, served, "viewer", viewport={"width": 390, "height": 800})
    page = looking.page
    page.goto(f"/collect?town={TOWN}")
    of_town = rows(served, town=TOWN)
    expect(page.locator("tbody tr")).to_have_count(min(PER_PAGE, len(of_town)))
    first = page.locator("tbody tr").first
    expect(first.locator("th a")).to_have_text(of_town[0]["桶"])
    ways = page.locator("tbody a[target=_blank]")
    assert ways.count() > 5
    way = urlsplit(ways.first.get_attribute("href") or "")
    asked = parse_qs(way.query)
    shown = {f"{p.longitude},{p.latitude}" for p in places.values()}
    assert (way.netloc, asked["coordinate"]) == ("uri.amap.com", ["wgs84"])
    assert asked["position"][0] in shown
    box = ways.first.bounding_box()
    assert box is not None and box["height"] >= 24
    page.select_option("select[name=order]", "way")
    page.click("form.filters button")
    page.wait_for_url("**/collect?*order=way*")
    context.close()
