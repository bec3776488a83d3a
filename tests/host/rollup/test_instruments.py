"""Instruments of the registry: verified or not on a day, told before it ends, in the reports."""

from __future__ import annotations

import csv
import datetime as dt
import shutil
from pathlib import Path

import pytest
from host_job import qingyun
from sim_board import ROOT

from host import registry, reports
from host.common.local_days import LOCAL
from host.readings.messages import Reading
from host.reports.summary import part
from host.rollup.closing import RegistrySnapshot
from host.store import Batch, Store
from host.store.day_revisions import Closing

DAY = dt.date(2026, 3, 3)
MIDNIGHT = int(dt.datetime(2026, 3, 2, 16, tzinfo=dt.UTC).timestamp())
HEADER = "device,channel,make,model,class,max_kg,e_kg,serial,verified,verified_until\n"


def row(until: str = "2026-12-31", **other: str) -> str:
    cells = {"device": "qy-fs01", "channel": "w2", "make": "耀华", "model": "XK3190-A9+"}
    cells |= {"class": "III", "max_kg": "150", "e_kg": "0.05", "serial": "A9-17"}
    cells |= {"verified": "2026-01-05" if until else "", "verified_until": until}
    return ",".join((cells | other).values()) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "registry", tmp_path / "registry")
    return tmp_path / "registry"


def write(folder: Path, *rows: str) -> None:
    (folder / "instruments.csv").write_text(HEADER + "".join(rows), encoding="utf-8")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ((row(device="qy-nn"),), ":2: device: expected a device of devices.csv"),
        ((row(channel="f1"),), ":2: channel: expected w followed by a number"),
        ((row(**{"class": "3"}),), ":2: class: expected one of I II III IIII"),
        ((row(e_kg="0.02"),), ":2: e_kg: expected 0.05, as bins.csv has it for this platform"),
        ((row(serial=""),), ":2: serial: expected a text"),
        ((row(verified=""),), ":2: verified: expected both days of the verification, or neither"),
        ((row("2025-12-31"),), ":2: verified_until: expected a day from 2026-01-05 on"),
        ((row(), row("2027-01-01")), ":3: verified: expected a value not used before"),
    ],
)
def test_a_mistake_names_its_place(folder: Path, rows: tuple[str, ...], expected: str) -> None:
    write(folder, *rows)
    with pytest.raises(registry.RegistryError, match=f"instruments.csv{expected}"):
        registry.load(folder)


def emptied(store: Store) -> None:
    """Two bins of fs-01 emptied on the day: 40 kg of wet waste, 20 kg of dry."""
    steps = [(0, 0.0, None), (300, 0.0, "moving"), (310, -1.0, None), (350, -1.0, "moving")]
    readings = []
    for seq, (t, kind, q) in enumerate([*steps, (360, 1.0, None), (4000, 1.0, None)]):
        gross = {0.0: (53_100, 32_400), -1.0: (0, 0), 1.0: (13_100, 12_400)}[kind]
        values = dict(zip(("w2", "w1"), gross, strict=True))
        marks = dict.fromkeys(values, q) if q else {}
        readings.append(Reading("aaaaaaaa", seq, 0, MIDNIGHT + t, None, values, marks))
    store.add(Batch(readings=[("qy-fs01", "fs-01", r) for r in readings]), MIDNIGHT)


def test_reports_say_how_much_a_verified_instrument_weighed(folder: Path, tmp_path: Path) -> None:
    write(folder, row())
    with_db = tmp_path / "q.db"
    store = Store(with_db, create=True)
    emptied(store)
    store.close()
    rows = reports.run_rollup(with_db, folder, DAY, tmp_path / "out")
    hauled = part(r for r in rows if r.stream in ("干垃圾", "湿垃圾"))
    assert (hauled.grams, hauled.verified) == (60_000, 40_000)
    with (tmp_path / "out" / "daily.csv").open(encoding="utf-8-sig") as file:
        told = {(x["site"], x["stream"]): x["verified_kg"] for x in csv.DictReader(file)}
    assert told["fs-01", "湿垃圾"] == "40.000" and told["fs-01", "干垃圾"] == "0.000"
    district = (tmp_path / "out" / "district.csv").read_text(encoding="utf-8-sig")
    assert "松江区,其中：检定有效的衡器计量,0.040000,t,,占清运量 66.7%" in district
    # A verification that did not hold on the day counts for nothing.
    write(folder, row("2026-03-02"), row("2027-03-04", verified="2026-03-04"))
    rows = reports.run_rollup(with_db, folder, DAY, tmp_path / "out")
    assert part(rows).verified == 0
    (folder / "instruments.csv").unlink()
    rows = reports.run_rollup(with_db, folder, DAY, tmp_path / "out")
    assert part(rows).verified is None
    assert "检定" not in (tmp_path / "out" / "district.csv").read_text(encoding="utf-8-sig")


def test_a_closed_month_keeps_its_instruments(folder: Path) -> None:
    write(folder, row())
    packed = RegistrySnapshot(registry.load(folder)).pack()
    then = RegistrySnapshot.of(Closing("2026-03", 0, "li", 0, packed))
    assert then.known.instruments == registry.load(folder).instruments
    assert [b for b, p in then.platforms.items() if p.shown] == ["fs-01-2"]


def test_check_tells_thirty_days_before(folder: Path) -> None:
    today = dt.datetime.now(LOCAL).date()
    days = {n: str(today + dt.timedelta(n)) for n in (-1, 30, 31)}
    old = str(today - dt.timedelta(400))
    write(
        folder,
        row(days[31], verified=old),
        row(days[30], verified=old, channel="w1", serial="B2"),
        row(days[-1], verified=old, channel="w3", serial="C3"),
        row("", channel="w4", serial="D4"),
    )
    said = qingyun("check", "--registry", folder)
    assert said.returncode == 0, said.stderr
    lines = [line.split(": ", 1)[1] for line in said.stdout.splitlines() if "instrument" in line]
    assert lines == [
        "4 instruments",
        f"instrument B2 at qy-fs01 w1: verified until {days[30]}, for 30 days more",
        f"instrument C3 at qy-fs01 w3: verified until {days[-1]}, which is over: have it verified",
        "instrument D4 at qy-fs01 w4: not verified: what it weighs is told apart in reports",
    ]
