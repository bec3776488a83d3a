"""What must never be added, one rule at a time: the row is refused, and the value stands."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from hauls import Board, Haul
from plan_figures import KNOWN, beside, bring, made, row

from host.indicators import IndicatorError, catalog, definitions
from host.reports import LABEL
from host.reports.summary import Summary, part
from host.reports.summary_tables import days as by_day
from host.rollup.period import roll_days
from host.store import Store

# rule: (formula, sum) that breaks it
SUMS = {
    "清运量只含干垃圾和湿垃圾: facility_recyclable_t": (
        *("haulage", "facility_dry_t + facility_wet_t + facility_recyclable_t"),
    ),
    "清运量只含干垃圾和湿垃圾: facility_hazardous_t": (
        *("haulage", "facility_dry_t + facility_hazardous_t"),
    ),
    "湿垃圾进厂量与其残渣不得相加": ("sum", "facility_wet_t + wet_residue_t"),
    "中转站计量与进厂计量不得相加": ("sum", "transfer_dry_t + facility_dry_t"),
    "投放点、车载与设施计量不得相加: site_dry_t + truck_dry_t": ("sum", "site_dry_t + truck_dry_t"),
    "投放点、车载与设施计量不得相加: site_wet_t + facility_wet_t": (
        *("haulage", "site_wet_t + facility_wet_t"),
    ),
    "毛重与净重不得相加": ("sum", "facility_dry_gross_t + facility_wet_t"),
    "贮存量与产生量等流量不得相加": ("sum", "hw_generated_t + hw_stored_t"),
    "社会源、医疗与工业危险废物不得相加: hw_generated_t + social_hw_generated_t": (
        *("sum", "hw_generated_t + social_hw_generated_t"),
    ),
    "社会源、医疗与工业危险废物不得相加: hw_generated_t + medical_hw_generated_t": (
        *("sum", "hw_generated_t + medical_hw_generated_t"),
    ),
    "建筑垃圾、粪便与生活垃圾不得相加: facility_dry_t + construction_t": (
        *("sum", "facility_dry_t + construction_t"),
    ),
    "建筑垃圾、粪便与生活垃圾不得相加: facility_wet_t + nightsoil_t": (
        *("sum", "facility_wet_t + nightsoil_t"),
    ),
    "单位不同的数不得相加": ("sum", "hw_generated_t + industrial_value_added_wanyuan"),
    "同一个数不得相加两次": ("sum", "facility_dry_t + facility_dry_t"),
}


@pytest.mark.parametrize("rule", SUMS)
def test_a_row_that_adds_them_is_refused(tmp_path: Path, rule: str) -> None:
    formula, terms = SUMS[rule]
    text = files("host.indicators").joinpath("definitions.csv").read_text(encoding="utf-8")
    (line,) = [x for x in text.splitlines() if x.startswith("indicator") and ",特1," in x]
    bad = line.replace(",none,,", f",{formula},sum: {terms},")
    assert bad != line
    file = tmp_path / "definitions.csv"
    file.write_text(text.replace(line, bad), encoding="utf-8")
    with pytest.raises(IndicatorError) as error:
        definitions.load(catalog.load(), file)
    assert rule in str(error.value)
    assert "inputs: sum:" in str(error.value) and "\n" not in str(error.value)


def test_no_other_formula_is_a_way_round(tmp_path: Path) -> None:
    text = files("host.indicators").joinpath("definitions.csv").read_text(encoding="utf-8")
    bad = "sum,sum: facility_dry_t + facility_recyclable_t"
    good = "haulage,sum: facility_dry_t + facility_wet_t"
    file = tmp_path / "definitions.csv"
    assert good in text
    file.write_text(text.replace(good, bad, 1), encoding="utf-8")
    with pytest.raises(IndicatorError, match="清运量只含干垃圾和湿垃圾"):
        definitions.load(catalog.load(), file)


# What is imported besides changes nothing in the indicator.
@pytest.mark.parametrize(
    ("number", "figure"),
    [
        *[("8", f"facility_{x}_t") for x in ("recyclable", "hazardous", "dry_gross")],
        *[("8", f"{x}_t") for x in ("wet_residue", "transfer_dry", "transfer_wet")],
        *[("8", f"{x}_t") for x in ("truck_dry", "truck_wet", "construction", "nightsoil")],
        ("2", "social_hw_generated_t"),
        ("2", "medical_hw_generated_t"),
        ("2", "hw_stored_t"),
        ("14", "hw_stored_t"),
        ("14", "social_hw_generated_t"),
        ("23", "transfer_wet_t"),
        ("23", "construction_t"),
    ],
)
def test_what_does_not_belong_changes_nothing(tmp_path: Path, number: str, figure: str) -> None:
    store = Store(tmp_path / "q.db", create=True)
    # 8: 52.64 万吨 (380,000 + 146,400 t); 2: 0.0072; 14: 21.7; 23: with 120,000 and 26,400 t 37.1
    given = {"facility_dry_t": "380000", "facility_wet_t": "146400", "hw_generated_t": "45000"}
    given |= {"industrial_value_added_wanyuan": "6250000", "hw_used_t": "9900"}
    given |= {"hw_used_from_stock_t": "600"}
    if number == "23":
        given |= {"facility_recyclable_t": "120000", "wet_residue_t": "26400"}
    bring(store, tmp_path, {(f, "2024"): v for f, v in given.items()})
    before = row(made(store, "2024"), number)
    bring(store, tmp_path, {(figure, "2024"): "7777"})
    after = row(made(store, "2024"), number)
    assert before.value is not None
    assert (after.value, after.expression) == (before.value, before.expression)


def test_points_stand_beside_the_facility_and_are_not_added(tmp_path: Path) -> None:
    """One day: 20 kg dry, 60 kg wet, 5 kg recyclable at a point; 1,000 + 600 t at the facility."""
    store = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01")
    hauls = [("w1", 12_400, 20_000), ("w2", 13_100, 60_000), ("w3", 12_800, 5_000)]
    board.day(dt.date(2024, 2, 3), [Haul(*h) for h in hauls])
    board.store(store)
    bring(
        *(store, tmp_path),
        {("facility_dry_t", "2024-02"): "1000", ("facility_wet_t", "2024-02"): "600"},
    )
    found = made(store, "2024-02")
    assert row(found, "8").shown == "0.16"
    site = beside(found, "8", LABEL)
    assert site.shown == "0.000008"  # 0.080 t, without the recyclables
    # 0.080 / 1,600 t = 0.00005 = 0.005 %
    assert beside(found, "8", "投放点实测/进厂计量").value == Decimal("0.005")


def test_the_reports_keep_recyclables_out(tmp_path: Path) -> None:
    store = Store(tmp_path / "q.db", create=True)
    board = Board("qy-fs01", "fs-01")
    hauls = [("w1", 12_400, 20_000), ("w2", 13_100, 60_000), ("w3", 12_800, 5_000)]
    board.day(dt.date(2024, 2, 3), [Haul(*h) for h in hauls])
    board.store(store)
    day = dt.date(2024, 2, 3)
    rows = roll_days(store, KNOWN, day, day)
    (cells,) = by_day(Summary("", day, day, rows)).rows
    assert [str(c) for c in cells[1:4]] == ["0.020000", "0.060000", "0.080000"]
    assert str(cells[6]) == "0.005000"
    assert part(rows).grams == 85_000  # what it would be, were it added
