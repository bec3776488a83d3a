"""/standing: what was kept, as of when, and what came since; nobody who looks computes a standing,
and nobody is told of lifts that are not theirs."""

from __future__ import annotations

import re
import time
from pathlib import Path
from urllib.parse import quote

import district
import district_standing
import pytest
from asgi import bearer, in_loop, opened
from fastapi import FastAPI
from playwright.sync_api import Browser
from served_page import Served, look
from two_sides import PLACES, Sides, day_before, make, noon, served

from host.hazard import register
from host.readings.messages import Reading
from host.rollup import day_bounds
from host.serve import dots
from host.serve.dots import Dot, Frame
from host.standing import read, statement
from host.standing.effect import Advice
from host.standing.model import Kind
from host.store import Batch, Store, standings

OWN, OTHER = PLACES[0], PLACES[2]
BIN = f"{OWN.site}-1"


@pytest.fixture
def sides(tmp_path: Path) -> Sides:
    """With a month of evidence of one platform, lifts of both trucks and a ticket of each in it."""
    made = make(tmp_path, ("viewer", "operator"))
    store = Store(made.db)
    known = register.load_any(made.folder)
    until = day_bounds(day_before())[1]
    told = district_standing.made(known, BIN, made.lifts[OWN], f"厂/0@{noon()}", until)
    theirs = made.lifts[OTHER]
    lifts = [w for w in told.body.weighings if w.kind is Kind.LIFT]
    told.body.weighings.append(lifts[0]._replace(source=f"{OWN.device}/w1/a/7 {theirs}"))
    told.body.tickets[theirs] = f"厂/2@{noon()}"
    file, line = made.lifts[OWN].split("-")
    second = f"{file}-{int(line) + 1}"  # of the own truck, by a ticket of the other
    told.body.weighings.append(lifts[0]._replace(source=f"{OWN.device}/w1/a/8 {second}"))
    told.body.tickets[second] = f"厂/2@{noon()}"
    head, body = statement.packed(told)
    row = standings.find(store, BIN)
    assert row is not None
    standings.replace(store, [(district_standing.again(row[0], told.head, head), body)])
    store.close()
    return made


@pytest.fixture
def made(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    def never(*_: object) -> None:
        raise AssertionError("computed for who looks")

    monkeypatch.setattr(read, "each", never)
    return served(sides)


def text(made: FastAPI, token: str, path: str) -> tuple[int, str]:
    async def one() -> tuple[int, str]:
        async with opened(made, "GET", path, headers=bearer(token)) as answer:
            return answer.status, answer.text

    return in_loop(one())


def test_the_worst_first_and_what_is_asked_for(made: FastAPI, sides: Sides) -> None:
    whole = sides.tokens["whole", "viewer"]
    page = text(made, whole, "/standing")[1]
    bins = re.findall(r'href="/standing/bin/([^"]+)"', page)
    assert bins[0] == BIN and set(bins) == {f"{p.site}-1" for p in PLACES}
    assert "需校准" in page and "+1.10 % ± 0.40 %" in page
    assert f"截至 {day_before()} 结束" in page and "未计入" not in page
    due = text(made, whole, "/standing?advice=calibrate")[1]
    assert re.findall(r'href="/standing/bin/([^"]+)"', due) == [BIN]
    other = text(made, whole, f"/standing?town={quote('乙镇乙')}")[1]
    assert BIN not in other and f"{OTHER.site}-1" in other
    assert f'href="/standing?q={OWN.site}"' in text(made, whole, f"/sites/{OWN.site}")[1]
    english = text(made, whole, "/standing?lang=en")[1]
    assert "Calibration due" in english and "Not enough evidence" in english


def test_a_platform_with_what_it_rests_on(made: FastAPI, sides: Sides) -> None:
    whole = sides.tokens["whole", "viewer"]
    page = text(made, whole, f"/standing/bin/{BIN}?kind=lift")[1]
    for lift, ticket in ((sides.lifts[OWN], "厂/0"), (sides.lifts[OTHER], "厂/2")):
        assert f'href="/reconcile/row?name={lift}"' in page
        assert f'href="/reconcile/row?name={quote(ticket, "")}%40{noon()}"' in page
    assert page.count('class="dot lift"') == page.count('class="dot return"') + 2 == 32
    assert 'class="dot bare far"' in page  # the foot on the platform is not left out
    assert "此后 24 次称重比此前 +1.10 %" in page and f"qingyun trace standing:{BIN}" in page
    none = text(made, whole, f"/standing/bin/{OTHER.site}-1")[1]
    assert "1 次，至少 5 次才有基准" in none and "证据不足" in none
    assert text(made, whole, "/standing/bin/nowhere")[0] == 404
    status, csv = text(made, whole, f"/standing/file?format=csv&bin={BIN}")
    assert status == 200 and len(csv.splitlines()) == 93 and f",厂/0@{noon()}" in csv
    html = text(made, whole, "/standing/file?format=html")[1]
    assert "秤台现状" in html and "对已报数字的影响" in html and BIN in html
    assert text(made, whole, "/standing/file?format=xlsx&advice=look")[0] == 404


def test_lifts_and_tickets_of_others_have_no_name(made: FastAPI, sides: Sides) -> None:
    token = sides.tokens["haul-a", "viewer"]
    for path in (f"/standing/bin/{BIN}?kind=lift", f"/standing/file?format=csv&bin={BIN}"):
        status, page = text(made, token, path)
        assert status == 200 and sides.lifts[OWN] in page and "厂/0" in page
        assert sides.lifts[OTHER] not in page and "厂/2" not in page
        assert f"{OWN.device}/w1/a/7" in page  # the weighing is told
    assert text(made, token, f"/standing/bin/{OTHER.site}-1")[0] == 404
    file = sides.folder / "trucks.csv"
    kept = file.read_text("utf-8")
    file.write_text(kept.replace(f"{OWN.truck},{OWN.contractor}\n", ""), "utf-8")
    assert sides.lifts[OWN] not in text(made, token, f"/standing/bin/{BIN}?kind=lift")[1]


def test_what_came_since(made: FastAPI, sides: Sides) -> None:
    whole = sides.tokens["whole", "viewer"]
    path = f"/standing/bin/{BIN}"
    assert "又到了" not in text(made, whole, path)[1]
    store = Store(sides.db)
    late = [Reading("a1b2c3d4", 90_000 + n, 5, noon() + n, None, {"w1": 9}, {}) for n in (1, 2)]
    store.add(Batch(readings=[(OWN.device, OWN.site, r) for r in late]), int(time.time()))
    store.compact()
    store.close()
    assert "又到了该设备在此期间的 2 条读数" in text(made, whole, path)[1]
    page = text(made, whole, "/standing")[1]
    assert "此后有 1 个秤台" in page and page.count("此后读数迟到") == 1


def test_a_standing_of_days_ago_says_so(made: FastAPI, sides: Sides) -> None:
    """As where the nightly timer stands still."""
    whole = sides.tokens["whole", "viewer"]
    assert "又过了" not in text(made, whole, "/standing")[1]
    store = Store(sides.db)
    store.database.many("UPDATE standing SET until=until-3*86400 WHERE bin=?", [(BIN,)])
    store.close()
    for path in ("/standing", f"/standing/bin/{BIN}"):
        assert "又过了 3 天" in text(made, whole, path)[1]
        assert "3 days passed since" in text(made, whole, f"{path}?lang=en")[1]
    assert "又过了" not in text(made, whole, f"/standing/bin/{OTHER.site}-1")[1]


def test_a_bin_that_is_another_now_is_not_told_of(made: FastAPI, sides: Sides) -> None:
    """What was kept is of the tare of then."""
    whole = sides.tokens["whole", "viewer"]
    file = sides.folder / "bins.csv"
    row = f"{BIN},{OWN.site},{OWN.device},w1,,干垃圾,240,"
    assert f"{row}12," in file.read_text("utf-8")
    file.write_text(file.read_text("utf-8").replace(f"{row}12,", f"{row}13,"), "utf-8")
    assert text(made, whole, f"/standing/bin/{BIN}")[0] == 404
    assert BIN not in text(made, whole, "/standing")[1]


def test_dots_beyond_the_picture_stand_at_its_edge() -> None:
    found = [Dot(n * 3600.0, n % 3 - 1.0, 0.0, "bare", "") for n in range(19)]
    drawn = dots.picture([*found, Dot(70_000, 4000, 0.0, "bare", "4 kg")],
                         Frame("s", "g", [], limit=2.0))  # fmt: skip
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)]
    assert min(heights) == heights[-1] == 0 and drawn.count("far") == 1
    assert heights[0] > heights[1] > heights[2] and drawn.count('class="limit"') == 2


def test_from_the_list_to_the_lift(served: Served, browser: Browser) -> None:
    context, looking = look(browser, served, "viewer")
    page = looking.page
    page.goto("/standing?lang=en")
    page.select_option("select[name=advice]", "calibrate")
    page.click("main button")
    assert page.locator("tbody tr").count() == 1
    page.click(f"text={district.PLAYED}-1")
    page.select_option("select[name=kind]", "lift")
    page.click("main form.filters button")
    assert page.locator("main tbody").last.locator("tr").count() == district_standing.DAYS
    page.click("tbody a[href*='/reconcile/row?name=L']")
    assert "沪A12345" in page.inner_text("main")
    assert looking.said == []
    context.close()


def test_every_advice_has_its_place() -> None:
    assert set(statement.GRAVITY) == set(Advice)
