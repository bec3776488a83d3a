"""Every view in a real browser, over a district with a year of figures."""

from __future__ import annotations

import datetime as dt
import re
import time
from collections.abc import Callable
from pathlib import Path

import district
import httpx
import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect
from served_page import SHOTS, Looking, Served, uploaded

YESTERDAY = district.today() - dt.timedelta(1)
PLAYED = f"/sites/{district.PLAYED}?date={YESTERDAY}"
VIEWS = {
    "district": ("/", "全区"),  # with its date once it is past midnight
    "sites": ("/sites?status=online&sort=share", "点位"),
    "map": ("/sites?view=tiles", "点位"),
    "site": (PLAYED, district.PLAYED),
    "hazard": ("/hazard", "危险废物贮存"),
    "ledger": ("/hazard/ledger", "台账"),
    "alarms": ("/alarms", "告警"),
    "indicators": (f"/indicators?period={YESTERDAY.year}", "指标"),
    "history": (f"/history?period={YESTERDAY:%Y-%m}", "历史"),
    "downloads": ("/downloads", "报表"),
    "account": ("/account", "operator"),
}
SERIOUS = ("serious", "critical")


def _faults(looking: Looking) -> list[str]:
    found = Axe().run(looking.page).response["violations"]
    return [
        f"{v['id']}: {v['help']}: {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in SERIOUS
    ]


def _shot(looking: Looking, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    looking.page.screenshot(path=SHOTS / f"{name}.png")


def _open(looking: Looking, name: str) -> str:
    """A view with all that comes later; its title."""
    path, title = VIEWS[name]
    looking.page.goto(path)
    if name == "indicators":
        looking.page.wait_for_selector("table", timeout=90_000)
    if name == "site":
        looking.page.wait_for_selector("body[data-drawn=yes]")
    return title


@pytest.mark.parametrize("name", VIEWS)
def test_a_view(operator: Looking, name: str) -> None:
    """It shows what it is for, says nothing on the console, and anybody can use it."""
    title = _open(operator, name)
    assert title in operator.page.inner_text("h1")
    _shot(operator, name)
    assert _faults(operator) == []


@pytest.mark.parametrize("name", ["district", "sites", "map", "site", "alarms"])
def test_on_a_phone_in_the_dark(phone: Looking, name: str) -> None:
    """Nothing is wider than the screen, and colours keep their contrast."""
    _open(phone, name)
    wide = phone.page.evaluate("document.documentElement.scrollWidth")
    _shot(phone, f"{name}-phone")
    assert wide <= 375
    assert _faults(phone) == []


def test_the_figures_are_those_of_the_store(operator: Looking, served: Served) -> None:
    """Yesterday's 清运量, added up here from how the district was made."""
    operator.page.goto(f"/history?period={YESTERDAY}")
    shown = operator.page.inner_text("tr.sum td >> nth=0")
    db = __import__("sqlite3").connect(served.district.db)
    query = "SELECT sum(collected) FROM platform_day WHERE day=?"
    day = (YESTERDAY - dt.date(1970, 1, 1)).days
    (grams,) = db.execute(query, (day,)).fetchone()
    db.close()
    assert shown == f"{grams / 1e6:.3f}"


def test_a_message_is_seen_within_two_seconds(
    operator: Looking, served: Served, figure: Callable[[str], None]
) -> None:
    """On the page of the site, in the list, and as one board fewer online."""
    site = "s0005"
    operator.page.goto(f"/sites/{site}")
    operator.page.wait_for_selector("[data-live=link]:is(.waiting, .live)")
    base = f"{site}/qy-{site}/"
    took = []
    for n, kg in enumerate((61.25, 62.5, 63.75)):
        reading = {"life": "a1b2c3d4", "seq": n, "boot": 1, "t": int(time.time()), "w1": kg}
        started = time.monotonic()
        uploaded(served.client, base + "reading", [reading], retain=False)
        shown = operator.page.locator("[data-channel=w1]").first
        expect(shown).to_contain_text(f"{kg:.2f} kg", timeout=10_000)
        took.append(time.monotonic() - started)
    figure(f"MQTT message to a browser's page: {min(took):.2f} to {max(took):.2f} s")
    assert min(took) < 2.0
    operator.page.goto(f"/sites?q={site}")
    operator.page.wait_for_selector("[data-live=link]:is(.waiting, .live)")
    uploaded(served.client, base + "status", "offline")
    operator.page.wait_for_selector(f"[data-site={site}] .offline")
    operator.page.goto("/")
    before = int(operator.page.inner_text("[data-live=offline]"))
    uploaded(served.client, base + "status", "online")
    shown = operator.page.locator("[data-live=offline]").first
    expect(shown).to_have_text(str(before - 1), timeout=60_000)


def test_filters_stay_in_the_address(operator: Looking) -> None:
    """By keyboard alone; the address shown again gives the same sites."""
    page = operator.page
    page.goto("/sites")
    page.focus("input[name=q]")
    page.keyboard.type("s00")
    page.select_option("select[name=status]", "offline")
    page.focus("form.filters button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/sites?*status=offline*")
    assert "q=s00" in page.url
    rows = page.locator("tbody tr").count()
    assert rows == 1  # s0097
    page.reload()
    assert page.locator("tbody tr").count() == rows
    assert page.input_value("input[name=q]") == "s00"


def test_an_alarm_is_acknowledged(operator: Looking, served: Served) -> None:
    """Once, with who, when and why; the mark in the head counts one fewer."""
    page = operator.page
    page.goto("/alarms")
    first = page.locator("article.alarm").first
    number = first.get_attribute("id")
    first.locator("input[name=note]").fill("已联系处置单位")
    first.locator("button").click()
    page.wait_for_load_state()
    said = page.inner_text(f"#{number} p.good")
    assert "operator" in said
    assert "已联系处置单位" in said
    with served.http("operator") as client:
        open_ = client.get("/api/1/alarms").json()["items"]
    mine = next(a for a in open_ if f"a{a['alarm']}" == number)
    assert mine["acknowledged"]["by"] == "operator"


def test_a_container_whose_edition_is_over_is_told_at_its_store(served: Served) -> None:
    with served.http("viewer") as client:
        zh, en = (client.get(f"/hazard?lang={code}").text for code in ("zh", "en"))
    assert re.search(
        r'<p class="bad">[\w-]+：名录 2021 年版已于 2024-12-31 失效，应换用新代码</p>', zh
    )
    assert re.search(r"[\w-]+: edition 2021 of the catalogue ended on 2024-12-31", en)


def test_a_report_is_downloaded(operator: Looking, tmp_path: Path) -> None:
    """The same CSV as qingyun rollup makes, and a workbook that opens."""
    page = operator.page
    page.goto("/downloads")
    for kind, button in (("district", "csv"), ("daily", "xlsx")):
        form = page.locator(f"form[action='/downloads/{kind}']")
        with page.expect_download(timeout=90_000) as waiting:
            form.locator(f"button[value={button}]").click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        if button == "csv":
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            assert lines[0].startswith("date,scope,item,value")
            assert "清运量（投放点实测）" in lines[1]
        else:
            assert openpyxl.load_workbook(path).sheetnames


def test_a_filing_is_downloaded(operator: Looking, tmp_path: Path) -> None:
    """The report of a quarter and the plan of a year of the unit that was chosen."""
    page = operator.page
    for kind, when, sheet in (("report", "2026-Q1", "申报报告"), ("plan", "2026", "A.1")):
        page.goto("/downloads")
        form = page.locator("form[action='/downloads/filing']")
        form.locator("input[name=when]").fill(when)
        with page.expect_download(timeout=90_000) as waiting:
            form.locator(f"button[value={kind}]").click()
        path = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(path)
        assert openpyxl.load_workbook(path).sheetnames[0] == sheet


def test_a_site_shows_events_with_their_evidence(operator: Looking) -> None:
    page = operator.page
    page.goto(PLAYED)
    text = page.locator("section", has_text="事件与证据").inner_text()
    assert "清运" in text
    # 3.25 and 5.5 kg were put in; the scale's readings alternate by a gram.
    assert re.search(r"\b8\.7(49|50|51)\b", text)
    assert "投放" in text
    page.locator("details summary").first.press("Enter")
    assert "a1b2c3d4/" in page.inner_text("main")
    gaps = page.locator("section", has_text="未计量的时段").inner_text()
    assert "09:59" in gaps or "10:0" in gaps


def test_nothing_is_loaded_from_elsewhere(served: Served) -> None:
    """The policy of the page says so, and has no exception."""
    with served.http("viewer") as client:
        policy = client.get("/").headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert policy.startswith("default-src 'none'")


def test_the_server_says_no_secret(served: Served) -> None:
    """Neither passwords nor sessions stand in its log."""
    log = served.log.read_text()
    assert "a-long-enough-password" not in log
    for cookies in served.sessions.values():
        assert all(value not in log for value in cookies.values())
    assert "Traceback" not in log


def test_an_unknown_page_says_so(served: Served) -> None:
    with served.http("viewer") as client:
        answer: httpx.Response = client.get("/sites/nowhere")
    assert answer.status_code == 404
    assert "没有这个点位" in answer.text
