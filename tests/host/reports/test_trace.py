"""From figures of reports down to readings, calibrations and rows of files."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import february
import pytest
from drums import DrumBoard
from host_job import qingyun
from plan_figures import bring
from sim_board import ROOT

from host.hazard import register, transfers
from host.readings.messages import Birth
from host.store import Batch, Store

REGISTRY = ROOT / "registry"
HOUR, T0 = 3600, 1_772_467_200  # 2026-03-03 00:00 in Shanghai
BIRTH = {
    **{
        "life": "aaaaaaaa",
        "boot": 0,
        "up": 1,
        **{"version": "0.1.0", "sha256": "f" * 64},
    },
    "channels": {"w1": {"kind": "weight", "calibration": "c-7", "calibrated": "2026-01-05"}},
}


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """February 2024 of two points; oil in a store in March 2026, too much of it."""
    folder = tmp_path_factory.mktemp("trace")
    store = Store(folder / "q.db", create=True)
    february.put(store)
    births = []
    for device, site, life in (("qy-fs01", "fs-01", "aaaaaaaa"), ("qy-hw01", "hw-01", "cccccccc")):
        body = json.dumps(BIRTH | {"life": life}).encode()
        births.append((device, site, Birth(life, 0, None, 1, 0, body)))
    store.add(Batch(births=births), T0)
    made = DrumBoard("qy-hw01", "hw-01", T0, {"w1": 0, "w2": 0})
    made._say()
    made.step(T0 + HOUR, "w1", 20_000).step(T0 + 2 * HOUR, "w1", 30_000)
    made.step(T0 + 5 * HOUR, "w1", -35_000).until(T0 + 6 * HOUR).store(store)
    bring(store, folder, {("facility_wet_t", "2024-02"): "600"})
    file = folder / "t.csv"
    head = "磅单号,处置设施,进厂时间,品类,来源街镇,毛重,皮重,净重,单位\n"
    file.write_text(head + "B1,天马,2024-02-10 10:00,干垃圾,方松街道,1600,1000,600,kg\n")
    known = register.load(REGISTRY)
    transfers.run(store, known, file, "ticket", by="王五", now=T0)
    store.close()
    done = qingyun(
        *("alarms", "update", "--db", folder / "q.db", "--registry", REGISTRY),
        *("--now", "2026-03-03 12:00"),
    )
    assert done.returncode == 1, done.stderr
    return folder / "q.db"


def trace(db: Path, what: str) -> subprocess.CompletedProcess[str]:
    return qingyun("trace", "--db", db, "--registry", REGISTRY, what)


def told(db: Path, what: str) -> list[str]:
    done = trace(db, what)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_day_down_to_its_readings(db: Path) -> None:
    lines = told(db, "daily:2024-02-11/fs-01/干垃圾")
    assert lines[0] == "2024-02-11 fs-01 干垃圾 collected: 20.000 kg"
    text = "\n".join(lines)
    assert "collection 20.000 kg at fs-01-1, 2024-02-11 10:00:00" in text
    assert "32.400 kg (moving)" in text and "12.400 kg" in text
    assert "qy-fs01/w1: calibration c-7 of 2026-01-05, firmware 0.1.0 ffffffffffffffff" in text
    assert f"{REGISTRY}/bins.csv:2: fs-01-1," in text
    assert f"{REGISTRY}/sites.csv:2: fs-01," in text


def test_a_month_adds_up_from_its_days(db: Path) -> None:
    lines = told(db, "month:2024-02/松江区/湿垃圾")
    assert lines[0] == "2024-02 松江区 湿垃圾 collected: 3570.000 kg"
    days = [line for line in lines if line.startswith("  2024-02")]
    assert sum(float(line.split()[1]) for line in days) == 3570
    assert "no birth message of life bbbbbbbb" in "\n".join(lines)


def test_an_indicator_down_to_files(db: Path) -> None:
    text = "\n".join(told(db, "indicator:8/2024-02"))
    assert "ticket 天马/B1: 600.000 kg, t.csv:2" in text
    assert "imported 600 t: 年报, 王五" in text and "brought.csv sha256:" in text
    assert "qingyun trace month:2024-02/松江区/干垃圾" in text


def test_an_indicator_down_to_entries(db: Path) -> None:
    text = "\n".join(told(db, "indicator:2/2026-03"))
    assert "hw_generated_t" in text, text
    assert "entry 1 入库 HWRK20260303001 20.000 kg" in text and "出库" not in text


def test_the_ledger(db: Path) -> None:
    lines = told(db, "batch:HWCK20260303001")
    text = "\n".join(lines)
    assert "出库 HWCK20260303001 35.000 kg 900-214-08 (catalogue of 2021)" in lines[0]
    assert "入库批次编码: HWRK20260303001 HWRK20260303002 [台账]" in text
    assert text.count("taken from") == 2
    assert "reading qy-hw01 life cccccccc seq" in text and "50.000 kg (moving)" in text
    for file in ("containers.csv:2", "stores.csv:2", "institutions.csv:2", "bins.csv:14"):
        assert f"{REGISTRY}/{file}: " in text, file
    assert told(db, "entry:3")[0] == lines[0]


def test_an_alarm_and_a_ticket(db: Path) -> None:
    text = "\n".join(told(db, "alarm:1"))
    assert "alarm 1 raised" in text and "rules.csv:18: silent," in text
    lines = told(db, "ticket:天马/B1")
    assert lines[0].startswith("ticket 天马/B1: 600.000 kg, 2024-02-10 10:00:00")
    assert "t.csv:2, SHA-256 " in lines[1]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("x", "trace: expected one of daily:"),
        ("daily:2024-02-11/fs-01", "trace: expected one of"),
        ("daily:11.2./fs-01/干垃圾", "daily: expected YYYY-MM-DD, found '11.2.'"),
        ("daily:2024-02-11/fs-01/危险废物", "daily: expected a site and stream of bins.csv"),
        ("month:2024-02/方松/干垃圾", "month: expected 松江区 or a town of towns.csv"),
        ("entry:99", "entry: expected the id of an entry, found 99"),
        ("batch:HW1", "batch: expected a batch code of the ledger, found 'HW1'"),
        ("alarm:one", "alarm: expected a number, found 'one'"),
        ("ticket:1", "ticket: expected a number that was imported, found '1'"),
        ("indicator:99/2024", "indicator: expected the number of one, found '99'"),
    ],
)
def test_what_is_no_figure_is_one_line(db: Path, what: str, said: str) -> None:
    done = trace(db, what)
    assert done.returncode == 2
    assert done.stderr.startswith(f"qingyun: error: {said}") and done.stderr.count("\n") == 1
