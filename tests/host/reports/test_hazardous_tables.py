"""Ledger, alarms and papers in the monthly report and in the export of a day."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import jsonschema
import openpyxl
import pytest
from drums import DrumBoard
from host_job import qingyun
from sim_board import ROOT

from host.common.disclaimer import DISCLAIMER
from host.store import Store

REGISTRY = ("--registry", ROOT / "registry")
HOUR, T0 = 3600, 1_772_467_200  # 2026-03-03 00:00 in Shanghai


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Oil in and out, an alarm that was acknowledged, a ticket; the month as files."""
    out = tmp_path_factory.mktemp("hazard")
    db = out / "q.db"
    store = Store(db, create=True)
    made = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0})
    made._say()
    made.step(T0 + HOUR, "w1", 50_000).step(T0 + 5 * HOUR, "w1", -35_000)
    made.until(T0 + 6 * HOUR).store(store)
    store.close()
    file = out / "t.csv"
    head = "磅单号,处置设施,进厂时间,品类,来源街镇,毛重,皮重,净重,单位\n"
    file.write_text(head + "B1,天马,2026-03-10 10:00,干垃圾,方松街道,1600,1000,600,kg\n")
    bring = ("transfers", "import", "--db", db, *REGISTRY)
    month = ("report", "--db", db, *REGISTRY, "--month", "2026-03")
    for code, args in (
        (1, ("alarms", "update", "--db", db, *REGISTRY, "--now", "2026-03-03 12:00")),
        (0, ("alarms", "ack", "1", "--db", db, "--by", "王五", "--note", "断电")),
        (0, (*bring, "--kind", "ticket", "--by", "李四", file)),
        (0, (*month, "--format", "xlsx", "--out", out / "month.xlsx")),
        (0, (*month, "--out", out / "month.html")),
        (0, ("export", "--db", db, *REGISTRY, "--date", "2026-03-03", "--out", out / "day.json")),
    ):
        done = qingyun(*args)
        assert done.returncode == code, done.stderr
    return out


def test_the_workbook(folder: Path) -> None:
    book = openpyxl.load_workbook(folder / "month.xlsx", data_only=True)
    assert book.sheetnames[-3:] == ["实测与进厂", "危险废物贮存", "告警"]
    stock = [[c.value for c in row] for row in book["危险废物贮存"].iter_rows()]
    oil = next(r for r in stock if r[3] == "900-214-08")
    assert oil[1:3] == ["危险废物贮存库一", "新桥精密机械有限公司"]
    assert oil[4:9] == [0, 50, 35, 15, 0]
    beside = [[c.value for c in row] for row in book["实测与进厂"].iter_rows()]
    dry = next(r for r in beside if r[:2] == ["方松街道", "干垃圾"])
    assert dry[2] == "—" and dry[4:6] == [0.6, 1]  # the point was silent: not zero
    told = [[c.value for c in row] for row in book["告警"].iter_rows()]
    assert any(r[5] == "silent" and "王五" in str(r[10]) for r in told)
    for sheet in book.worksheets[-3:]:
        assert sheet.cell(sheet.max_row, 1).value == DISCLAIMER
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")


def test_the_page(folder: Path) -> None:
    text = (folder / "month.html").read_text()
    for title in ("投放点实测与进厂计量", "危险废物贮存平衡表", "危险废物贮存告警"):
        assert f"<h2>{title}</h2>" in text
    assert "并列，不相加" in text


def test_the_export(folder: Path) -> None:
    body = json.loads((folder / "day.json").read_text())
    schema = json.loads((ROOT / "host/schemas/export.schema.json").read_text())
    found = jsonschema.Draft202012Validator(schema).iter_errors(body)
    assert [f"{e.json_path}: {e.message}" for e in found] == []
    assert [(e["table"], e["kg"]) for e in body["ledger"]] == [("入库", 50), ("出库", 35)]
    events = {e["id"] for e in body["events"]}
    assert {e["event"] for e in body["ledger"]} <= events
    assert {a["rule"] for a in body["alarms"]} == {"silent", "edition-30d", "edition-over"}
    assert body["absent"] == []


def test_the_example_consumer(folder: Path) -> None:
    out = folder / "city.db"
    day = folder / "day.json"
    command = [sys.executable, *map(str, (ROOT / "adapters/city/consume.py", out, day, day))]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    with sqlite3.connect(out) as db:
        assert db.execute("SELECT sheet, kg FROM ledger ORDER BY id").fetchall() == [
            ("入库", 50),
            ("出库", 35),
        ]
        assert db.execute("SELECT count(*) FROM alarm WHERE what='raised'").fetchone() == (6,)
