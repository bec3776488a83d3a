"""One month, the same to the digit wherever it is written: page, API, downloads, commands."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from broker import free_port
from hauls import Board, Haul
from host_job import qingyun
from libreoffice import sheets
from served_page import PASSWORD, sign_in
from sim_board import ROOT

from host.common.local_days import LOCAL
from host.serve import accounts
from host.store import Store

REGISTRY = ROOT / "registry"
BEFORE = dt.datetime.now(LOCAL).date().replace(day=1) - dt.timedelta(1)
MONTH = (BEFORE.replace(day=1) - dt.timedelta(1)).replace(day=1)  # the last but one
NAME = f"{MONTH:%Y-%m}"
DAYS = (MONTH.replace(day=28) + dt.timedelta(4)).replace(day=1) - MONTH
FIRST, SEEN, STEP_S = 3, 9, 300  # the first two days are before any reading
# fs-01: 9 × (2.5 + 20) kg = 0.2025 t, a half to be rounded.
DRY_G, WET_G = 2_500, 20_000
HAULED_G = SEEN * (DRY_G + WET_G)
# Each day from its first second to its last; two bins of fs-01 and two of jt-01 are due.
COVERED_S = 2 * (SEEN * 86_400 - 1)
DUE_S = 4 * DAYS.days * 86_400


def half_up(amount: int, whole: int, places: int) -> str:
    """amount/whole with so many decimals, in integers."""
    scaled = (2 * amount * 10**places + whole) // (2 * whole)
    return f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"


TONNES = half_up(HAULED_G, 1_000_000, 3)
PERCENT = half_up(100 * COVERED_S, DUE_S, 1)
SHARE = half_up(COVERED_S, DUE_S, 6)
TIMES = 2 * SEEN


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("month") / "q.db"
    board = Board("qy-fs01", "fs-01", step_s=STEP_S)
    for n in range(SEEN):
        day = MONTH.replace(day=FIRST + n)
        board.day(day, [Haul("w1", 12_400, DRY_G), Haul("w2", 13_100, WET_G)])
    store = Store(path, create=True)
    board.store(store)
    accounts.add(store, "viewer", "viewer", PASSWORD, "test")
    store.close()
    return path


@pytest.fixture(scope="module")
def page(db: Path) -> Iterator[httpx.Client]:
    """The served page, once it knows the month."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [ROOT / ".venv/bin/qingyun", "serve", "--db", db, "--registry", REGISTRY]
    command += ["--listen", f"127.0.0.1:{port}", "--refresh", "5"]
    log = db.with_suffix(".log")
    with log.open("wb") as file:
        process = subprocess.Popen(list(map(str, command)), stderr=file, cwd=ROOT)
    try:
        end = time.monotonic() + 240
        while True:
            assert process.poll() is None and time.monotonic() < end, log.read_text()
            try:
                cookies = sign_in(url, "viewer")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        with httpx.Client(base_url=url, cookies=cookies, timeout=120) as client:
            while client.get(f"/api/1/periods/{NAME}").json()["days_known"] < DAYS.days:
                assert process.poll() is None and time.monotonic() < end, log.read_text()
                time.sleep(0.3)
            yield client
    finally:
        process.terminate()
        process.wait(20)


def command(db: Path, *args: str | Path) -> str:
    done = qingyun(args[0], "--db", db, "--registry", REGISTRY, *args[1:])
    assert done.returncode == 0, done.stderr
    return done.stdout


def of_html(text: str) -> list[str]:
    """The cells of the total of the first table of a report."""
    foot = text[text.index("<tfoot>") : text.index("</tfoot>")]
    return re.findall(r"<td[^>]*>([^<]*)</td>", foot)


def of_book(path: Path, sheet: str) -> list[str]:
    """The total of a sheet, as LibreOffice shows it."""
    found = sheets(path, path.parent)[sheet]
    return next(row for row in found if row[0] == "合计")


def test_the_page_and_the_api(page: httpx.Client) -> None:
    text = page.get(f"/history?period={NAME}").text
    line = text[text.index('<tr class="sum">') :]
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", line[: line.index("</tr>")])
    dry, wet = (half_up(SEEN * g, 1_000_000, 3) for g in (DRY_G, WET_G))
    assert cells == [TONNES, dry, wet, "—", "—", str(TIMES), f"{PERCENT} %"]
    hauled = page.get(f"/api/1/periods/{NAME}").json()["towns"][0]["hauled"]
    assert hauled == {"tonnes": HAULED_G / 1e6, "collections": TIMES, "coverage": float(SHARE)}


def test_the_reports(page: httpx.Client, db: Path, tmp_path: Path) -> None:
    book, html = tmp_path / "month.xlsx", tmp_path / "month.html"
    command(db, "report", "--month", NAME, "--out", book)
    command(db, "report", "--month", NAME, "--out", html)
    said = of_book(book, "街镇汇总")
    assert said[4:7] == [TONNES, f"{PERCENT}%", str(TIMES)]
    assert of_book(book, "逐日")[3:6] == [TONNES, f"{PERCENT}%", str(TIMES)]
    cell = next(r for r in openpyxl.load_workbook(book)["街镇汇总"] if r[0].value == "合计")[5]
    assert cell.value == float(SHARE)
    assert of_html(html.read_text(encoding="utf-8"))[4:7] == [TONNES, f"{PERCENT}%", str(TIMES)]
    for form, path in (("html", html), ("xlsx", book)):
        answer = page.get(f"/downloads/month?when={NAME}&format={form}")
        assert answer.status_code == 200
        if form == "html":
            assert answer.text == path.read_text(encoding="utf-8")
        else:
            (tmp_path / "page").mkdir()
            (tmp_path / "page" / "m.xlsx").write_bytes(answer.content)
            assert of_book(tmp_path / "page" / "m.xlsx", "街镇汇总") == said


def test_the_indicators(db: Path, tmp_path: Path) -> None:
    """The month, and the year, of which no other month has anything."""
    book = tmp_path / "i.xlsx"
    command(db, "indicators", "--month", NAME, "--out", book)
    total = of_book(book, "清运量")
    assert total[6:8] == [half_up(HAULED_G, 1_000_000, 6), f"{PERCENT}%"]
    for span in (("--month", NAME), ("--year", NAME[:4])):
        body: dict[str, Any] = json.loads(command(db, "indicators", *span, "--format", "json"))
        eight = next(i for i in body["indicators"] if i["number"] == "8")
        site = next(b for b in eight["beside"] if "投放点实测" in b["name"])
        assert site["coverage"] == float(SHARE)
        shown = command(db, "indicators", *span)
        assert f"覆盖率 {PERCENT}%" in shown
        rows = csv.DictReader(io.StringIO(command(db, "indicators", *span, "--format", "csv")))
        beside = next(r["beside"] for r in rows if r["number"] == "8")
        assert f"({PERCENT}%)" in beside


def test_the_year_of_the_page(page: httpx.Client) -> None:
    """It counts the months that the indicators count."""
    body = page.get(f"/api/1/periods/{NAME[:4]}").json()
    assert body["towns"][0]["hauled"]["coverage"] == float(SHARE)
    assert body["days_known"] == DAYS.days


def test_a_day(page: httpx.Client, db: Path, tmp_path: Path) -> None:
    """daily.csv, district.csv, the export and the page, of a day and of one without readings."""
    for day, seen in ((FIRST, True), (1, False)):
        date = str(MONTH.replace(day=day))
        command(db, "rollup", "--date", date, "--out", tmp_path)
        with (tmp_path / "district.csv").open(encoding="utf-8-sig") as file:
            line = next(r for r in csv.DictReader(file) if r["unit"] == "t")
        export = json.loads(command(db, "export", "--date", date))["totals"][0]
        api = page.get(f"/api/1/periods/{date}").json()["towns"][0]["hauled"]
        assert float(line["coverage"]) == export["coverage"] == api["coverage"]
        if seen:
            grams = DRY_G + WET_G
            assert line["value"] == half_up(grams, 1_000_000, 6)
            assert (export["collected_kg"], api["tonnes"]) == (grams / 1000, grams / 1e6)
        else:
            assert line["value"] == "—" and export["collected_kg"] is None
            assert (api["tonnes"], api["collections"]) == (None, None)
        text = page.get(f"/history?period={date}").text
        assert (f"{half_up(DRY_G + WET_G, 1_000_000, 3)}</td>" in text) == seen
