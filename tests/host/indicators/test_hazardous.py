"""Figures that take more of the ledger than a sum: worked by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from drums import DrumBoard
from sim_board import ROOT

from host.common import periods
from host.common.local_days import LOCAL
from host.hazard import manual_entries, register
from host.hazard.entry import OUTSIDE, STORED, TAKEN
from host.indicators import catalog, hazardous, report
from host.store import Store

FIGURES = catalog.load()
HOUR, DAY = 3600, 86_400


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=LOCAL).timestamp())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example district."""
    made = tmp_path / "registry"
    made.mkdir()
    for file in (ROOT / "registry").glob("*.csv"):
        (made / file.name).write_text(file.read_text())
    return made


def used(when: str, kg: int, upstream: str, method: str = "R9") -> manual_entries.Draft:
    columns = {"利用/处置方式": method}
    if upstream:
        columns["产生批次编码/出库批次编码"] = upstream
    return manual_entries.Draft(
        OUTSIDE, at(when), 1000 * kg, container="xq-oil-01", columns=columns
    )


def test_what_was_used_from_earlier_years(store: Store, folder: Path) -> None:
    """In December 2024 300 kg come in, in January 2025 500 kg. In February 400 kg leave: the
    300 of 2024 and 100 of 2025. In March 200 kg leave, all of 2025. Of the 400 kg, 200 are used
    and 200 burnt: 200 × 300 / 400 = 150 kg used from stock; of March's none. Used 200 + 200 kg,
    put in 500 kg in 2025: rate = 0.4 / (0.5 + 0.15) = 61.5 %."""
    known = register.load(folder)

    def of_oil(table: str, when: str, grams: int, batch: str = "") -> manual_entries.Draft:
        return manual_entries.Draft(table, at(when), grams, container="xq-oil-01", batch=batch)

    said = [
        of_oil(STORED, "2024-12-10 09:00", 300_000),
        of_oil(STORED, "2025-01-10 09:00", 500_000),
        of_oil(TAKEN, "2025-02-10 09:00", 400_000, "HWCK20250210001"),
        used("2025-02-10 10:00", 200, "HWCK20250210001"),
        used("2025-02-10 11:00", 200, "HWCK20250210001", "D10"),
        of_oil(TAKEN, "2025-03-10 09:00", 200_000, "HWCK20250310001"),
        used("2025-03-10 10:00", 200, "HWCK20250310001"),
    ]
    manual_entries.add(store, known, said, "王五", at("2026-01-05 09:00"))
    source = hazardous.from_ledger(store, known, dt.date(2026, 1, 31))
    series = source(FIGURES["hw_used_from_stock_t"], 2025)
    assert series is not None
    assert series.months == {2: Decimal("0.15"), 3: Decimal(0)}
    made = source(FIGURES["hw_generated_t"], 2025)
    assert made is not None and made.months == {1: Decimal("0.5")}
    # Used without a word of where it came from: nobody knows, so March has no figure.
    manual_entries.add(
        store, known, [used("2025-03-11 10:00", 10, "")], "王五", at("2026-01-06 09:00")
    )
    source = hazardous.from_ledger(store, known, dt.date(2026, 1, 31))
    series = source(FIGURES["hw_used_from_stock_t"], 2025)
    assert series is not None and series.months == {2: Decimal("0.15")}


def test_units_that_are_online_and_collected_in_time(store: Store, folder: Path) -> None:
    """Two units of 社会源. March: both told a weight on the last day, and one has had waste for
    366 d: 1 of 2. Nobody told anything at the end of April: no figure."""
    for name, more in (
        ("sites.csv", "hw-02,第二贮存点,新桥镇,hazardous,\n"),
        ("devices.csv", "qy-hw02,hw-02\n"),
        ("bins.csv", "hw-02-p1,hw-02,qy-hw02,w1,,危险废物,0,0,platform,150,0.05\n"),
        ("institutions.csv", "u2,第二单位,新桥镇,社会源,,,\n"),
        ("stores.csv", "hw-02-a,u2,hw-02,贮存点,贮存点,500,甲,TS002,,,\n"),
        ("containers.csv", "u2-1,hw-02-a,甲,hw-02-p1,2021,900-214-08,油,液态,桶,0,,,,\n"),
    ):
        path = folder / name
        path.write_text(path.read_text().replace(",简化,", ",社会源,") + more)
    known = register.load(folder)
    end = at("2026-04-01 00:00")
    for device, site, channels in (
        ("qy-hw01", "hw-01", {"w1": 0, "w2": 0}),
        ("qy-hw02", "hw-02", {"w1": 0}),
    ):
        made = DrumBoard(device, site, end - 6 * HOUR, dict(channels))
        made._say()
        made.until(end - HOUR).store(store)
    old = manual_entries.Draft(STORED, end - 366 * DAY, 50_000, container="u2-1")
    fresh = manual_entries.Draft(STORED, end - 30 * DAY, 50_000, container="xq-oil-01")
    manual_entries.add(store, known, [old, fresh], "王五", end)
    source = hazardous.from_ledger(store, known, dt.date(2026, 5, 31))
    series = source(FIGURES["social_units_on_time"], 2026)
    assert series is not None and series.months == {3: Decimal(1)}
    # The rules say what is too old: with 400 d both are in time.
    path = folder / "rules.csv"
    path.write_text(path.read_text().replace("社会源,365,d", "社会源,400,d"))
    series = hazardous.from_ledger(store, known, dt.date(2026, 5, 31))(
        FIGURES["social_units_on_time"], 2026
    )
    assert series is not None and series.months == {3: Decimal(2)}
    now = dt.datetime(2026, 6, 1, tzinfo=LOCAL)
    found = report.build(store, known.known, periods.parse("2026-03"), now=now, register=known)
    (row,) = [r for r in found.results if r.definition.number == "28"]
    (beside,) = [b for b in row.beside if b.definition.name == "在线并按时收运的单位占比"]
    assert beside.value is None  # how many units there are, nobody has imported
    assert any("社会源单位总数" in line for line in report.explanation(beside))
