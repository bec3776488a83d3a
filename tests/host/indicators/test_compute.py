"""The 66 rows of the plan; every measurable one on an example worked out by hand."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from plan_figures import beside, bring, made, row

from host.common.periods import Period
from host.indicators import IndicatorError, catalog, definitions
from host.indicators.catalog import Figure
from host.indicators.compute import compute, span
from host.indicators.report import Definitions
from host.indicators.series import Figures, Series, imported
from host.store import Store

MEASURABLE = [*(str(n) for n in (2, 8, 9, 10, 11, 14)), *(str(n) for n in range(23, 29))]
MEASURABLE += ["32", "42", "48", "特10"]


def test_the_plan_is_all_there(store: Store) -> None:
    """29 mandatory, 25 optional, 12 of the district's own, as the plan counts itself."""
    results = made(store, "2024").results
    numbers = [r.definition.number for r in results]
    assert numbers == [str(n) for n in range(1, 55)] + [f"特{n}" for n in range(1, 13)]
    kinds = Counter((r.definition.number[0] == "特", r.definition.mandatory) for r in results)
    assert kinds == {(False, True): 29, (False, False): 25, (True, False): 12}
    assert [r.definition.number for r in results if r.status != "not_measured"] == MEASURABLE
    for r in results:
        assert r.definition.name and r.definition.unit and r.definition.departments
        assert r.value is None and r.reason, r.definition.number
        assert r.definition.source.startswith("沪松府〔2022〕140号 附件1")
    eight = row(made(store, "2024"), "8").definition
    assert (eight.name, eight.baseline_2020, eight.target_2025, eight.unit) == (
        *("生活垃圾清运量", "63.04", "低增长", "万吨/年"),
    )


# Year 2024 unless the period says otherwise. number: figures, value, and the arithmetic.
EXAMPLES = {
    # 45,000 t / 6,250,000 万元 = 0.0072 t/万元
    "2": ({"hw_generated_t": "45000", "industrial_value_added_wanyuan": "6250000"}, "0.0072"),
    # 380,000 + 146,400 = 526,400 t = 52.64 万吨
    "8": ({"facility_dry_t": "380000", "facility_wet_t": "146400"}, "52.64"),
    # 480 / 500 = 0.96
    "9": ({"communities_sorted": "480", "communities_all": "500"}, "96.0"),
    # 84 / 84 = 1
    "10": ({"villages_sorted": "84", "villages_all": "84"}, "100.0"),
    # 9,900 / (45,000 + 600) = 9,900 / 45,600 = 0.217105…
    "14": (
        {"hw_used_t": "9900", "hw_generated_t": "45000", "hw_used_from_stock_t": "600"},
        "21.7",
    ),
    # (120,000 + 146,400 - 26,400) / (380,000 + 146,400 + 120,000) = 240,000 / 646,400 = 0.371287…
    "23": (
        {
            "facility_recyclable_t": "120000",
            "facility_wet_t": "146400",
            "wet_residue_t": "26400",
            "facility_dry_t": "380000",
        },
        "37.1",
    ),
    # (120,000 - 100,000) / 100,000 = 0.2
    "24": ({"facility_recyclable_t": "120000", "facility_recyclable_t@2020": "100000"}, "20.0"),
    # 45 / 50 = 0.9
    "25": (
        {"medical_recyclable_collected_t": "45", "medical_recyclable_generated_t": "50"},
        "90.0",
    ),
    # (2,000 - 1,500) / 2,000 = 0.25
    "26": ({"hw_landfilled_t": "1500", "hw_landfilled_t@2020": "2000"}, "25.0"),
    # 171 / 180 = 0.95
    "27": ({"small_clinics_served": "171", "small_clinics_all": "180"}, "95.0"),
    # 900 / 1,000 = 0.9
    "28": ({"social_units_covered": "900", "social_units_all": "1000"}, "90.0"),
    # the landfill's weighbridge says 0 t
    "32": ({"landfilled_untreated_t": "0"}, "0.000"),
    # 11 / 12 = 0.91666…
    "42": ({"hw_operators_insured": "11", "hw_operators_all": "12"}, "91.7"),
    # 7 / 8 = 0.875, half to even at one place of percent: 87.5
    "特10": ({"third_parties_assessed": "7", "third_parties_all": "8"}, "87.5"),
}


@pytest.mark.parametrize("number", EXAMPLES)
def test_worked_example(store: Store, tmp_path: Path, number: str) -> None:
    inputs, value = EXAMPLES[number]
    given = {}
    for name, text in inputs.items():
        figure, _, year = name.partition("@")
        given[figure, year or "2024"] = text
    bring(store, tmp_path, given)
    found = row(made(store, "2024"), number)
    assert (found.status, found.shown, found.reason) == ("computed", value, "")
    assert {u.series.origin for u in found.inputs} == {"年报，王五，2025-02-10"}


@pytest.mark.parametrize("number", EXAMPLES)
def test_each_missing_input_empties_the_value_and_is_named(
    store: Store, tmp_path: Path, number: str
) -> None:
    inputs, _ = EXAMPLES[number]
    for left_out in inputs:
        folder = tmp_path / left_out.replace("@", "-")
        folder.mkdir()
        part = Store(folder / "q.db", create=True)
        split = {n: n.partition("@") for n in inputs if n != left_out}
        given = {(f, year or "2024"): inputs[n] for n, (f, _, year) in split.items()}
        bring(part, folder, given)
        found = row(made(part, "2024"), number)
        assert (found.status, found.value, found.shown) == ("missing_input", None, "")
        figure, _, year = left_out.partition("@")
        assert f"{figure}，{year or 2024}年" in found.reason


def test_every_measurable_indicator_has_an_example_or_is_evidence() -> None:
    assert set(MEASURABLE) - set(EXAMPLES) == {"11", "48"}  # see test_measured.py


def test_shanghai_of_2020_over_366_days(store: Store, tmp_path: Path) -> None:
    """14,194 + 9,504 t/d over 366 days: 5,195,004 + 3,478,464 = 8,673,468 t = 867.3468 万吨;
    divided by 366 again 23,698 t/d. The district's own 630,400 t / 366 d = 1,722.4 t/d."""
    assert 14_194 * 366 + 9_504 * 366 == 8_673_468
    bring(
        store,
        tmp_path,
        {("facility_dry_t", "2020"): "5195004", ("facility_wet_t", "2020"): "3478464"},
    )
    found = made(store, "2020")
    assert row(found, "8").value == Decimal("867.3468")
    assert beside(found, "8", "日均（进厂计量）").value == 23_698
    assert round(630_400 / 366, 1) == 1722.4


def test_what_stands_beside_clearance(store: Store, tmp_path: Path) -> None:
    """526,400 t / 193.4 万人 / 366 d = 526,400,000 kg / 1,934,000 / 366 = 0.7437 kg a day;
    146,400 t / (500 t/d × 366 d) = 146,400 / 183,000 = 0.8."""
    more = {("population_wan", "2024"): "193.4", ("capacity_wet_tpd", "2024"): "500"}
    more |= {("facility_dry_t", "2024"): "380000", ("facility_wet_t", "2024"): "146400"}
    bring(store, tmp_path, more)
    found = made(store, "2024")
    assert beside(found, "8", "人均日清运量").shown == "0.74"
    assert beside(found, "23", "湿垃圾处理能力利用率").shown == "80.0"


def test_a_part_of_the_year_is_not_stretched_over_it(store: Store, tmp_path: Path) -> None:
    """Seven months of 干 at 30,000 t, six of 湿 at 12,000 t: the six they share,
    6 × 42,000 = 252,000 t = 25.20 万吨."""
    given = {("facility_dry_t", f"2024-{m:02d}"): "30000" for m in range(1, 8)}
    given |= {("facility_wet_t", f"2024-{m:02d}"): "12000" for m in range(1, 7)}
    bring(store, tmp_path, given)
    found = row(made(store, "2024"), "8")
    assert (found.status, found.shown, found.months) == ("partial", "25.20", (1, 2, 3, 4, 5, 6))
    assert "只含2024年1–6月（6/12个月），未年化" in found.notes
    # A year's own figure cannot be cut down to six months.
    bring(store, tmp_path, {("facility_wet_t", "2024"): "150000"})
    mixed = {("hw_generated_t", "2024-01"): "9", ("industrial_value_added_wanyuan", "2024"): "9"}
    bring(store, tmp_path, mixed)
    two = row(made(store, "2024"), "2")
    assert two.status == "missing_input"
    assert "期间不一致" in two.reason and "年度数" in two.reason


def test_twelve_months_are_the_year_and_the_years_own_figure_goes_first(
    store: Store, tmp_path: Path
) -> None:
    given = {("facility_dry_t", f"2024-{m:02d}"): "30000" for m in range(1, 13)}
    given |= {("facility_wet_t", f"2024-{m:02d}"): "12000" for m in range(1, 13)}
    bring(store, tmp_path, given)
    assert row(made(store, "2024"), "8").shown == "50.40"  # 12 × 42,000 t = 504,000 t
    bring(store, tmp_path, {("facility_dry_t", "2024"): "361000"})
    found = row(made(store, "2024"), "8")
    assert (found.status, found.shown) == ("computed", "50.50")  # 361,000 + 144,000 t
    note = "干垃圾进厂量：12个月之和与年度数相差 -1000 t，采用年度数"
    assert note in found.notes
    assert note not in row(made(store, "2024-02"), "8").notes


def test_a_month(store: Store, tmp_path: Path) -> None:
    given = {("facility_dry_t", "2024-02"): "29000", ("facility_wet_t", "2024-02"): "11600"}
    bring(store, tmp_path, given | {("hw_generated_t", "2024"): "45000"})
    found = made(store, "2024-02")
    eight = row(found, "8")
    assert (eight.status, eight.shown, eight.unit) == ("computed", "4.06", "万吨")
    # 40,600 t / 29 d = 1,400 t/d
    assert beside(found, "8", "日均（进厂计量）").shown == "1400.0"
    assert row(found, "2").status == "missing_input"
    assert any("当月值" in note for note in found.notes)


def test_states_are_of_one_moment(store: Store, tmp_path: Path) -> None:
    """400/500 in May, 480/500 in June; later only one of the two is known."""
    given = {("communities_sorted", "2024-06"): "480", ("communities_all", "2024-06"): "500"}
    given |= {("communities_sorted", "2024-05"): "400", ("communities_all", "2024-05"): "500"}
    bring(store, tmp_path, given | {("communities_sorted", "2024-09"): "490"})
    found = row(made(store, "2024"), "9")
    assert (found.status, found.shown) == ("partial", "96.0")
    assert "截至2024年6月，不是年末数" in found.notes


def test_nothing_is_divided_by_zero(store: Store, tmp_path: Path) -> None:
    bring(store, tmp_path, {("villages_sorted", "2024"): "0", ("villages_all", "2024"): "0"})
    found = row(made(store, "2024"), "10")
    assert (found.value, found.reason) == (None, "分母为0，无法计算")


def test_as_of_sees_only_what_was_known(store: Store, tmp_path: Path) -> None:
    first = dt.datetime(2025, 1, 20, 12, tzinfo=dt.UTC)
    bring(store, tmp_path, {("landfilled_untreated_t", "2024"): "12"}, first)
    bring(store, tmp_path, {("landfilled_untreated_t", "2024"): "10.5"}, note="更正")
    assert row(made(store, "2024", "2025-01-19"), "32").status == "missing_input"
    assert row(made(store, "2024", "2025-01-20"), "32").shown == "12.000"
    assert row(made(store, "2024"), "32").shown == "10.500"
    bring(store, tmp_path, {("landfilled_untreated_t", "2024"): "撤销"}, note="填错年份")
    gone = row(made(store, "2024"), "32")
    assert gone.value is None and "已撤销" in "".join(gone.notes)


def test_a_later_plan_is_rows(store: Store, tmp_path: Path) -> None:
    """The row of 2022 ends; its successor has another formula and another target."""
    package = files("host.indicators")
    (tmp_path / "figures.csv").write_text(package.joinpath("figures.csv").read_text())
    with (tmp_path / "definitions.csv").open("w", newline="") as out:
        rows = list(csv.DictReader(package.joinpath("definitions.csv").read_text().splitlines()))
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        for r in rows:
            if (r["role"], r["number"]) == ("indicator", "9"):
                new = {"plan": "新计划", "from": "2024-01-01", "target_2025": "≥99"}
                new |= {"formula": "sum", "inputs": "sum: communities_sorted", "scale": "1"}
                writer.writerow(r | new)
                r["to"] = "2023-12-31"
            writer.writerow(r)
    bring(
        store, tmp_path, {("communities_sorted", "2023"): "480", ("communities_all", "2023"): "500"}
    )
    bring(
        store, tmp_path, {("communities_sorted", "2024"): "490", ("communities_all", "2024"): "500"}
    )
    rows_ = Definitions(tmp_path / "figures.csv", tmp_path / "definitions.csv")
    figures = catalog.load(tmp_path / "figures.csv")
    assert len(definitions.load(figures, tmp_path / "definitions.csv")) == 79
    old, new_ = (row(made(store, year, rows=rows_), "9") for year in ("2023", "2024"))
    assert (old.shown, old.definition.target_2025) == ("96.0", "100")
    assert (new_.shown, new_.definition.target_2025) == ("490.0", "≥99")
    with (tmp_path / "definitions.csv").open("a", newline="") as out:
        csv.DictWriter(out, rows[0]).writerow(rows[0])
    with pytest.raises(IndicatorError, match=r"definitions.csv:81: from: 1 has a definition"):
        definitions.load(figures, tmp_path / "definitions.csv")


def test_an_import_goes_before_the_ledger_and_is_never_added(store: Store, tmp_path: Path) -> None:
    """The import is of the whole district, the ledger of the registered institutions. Imported
    10 t and 8 t used in January, ledger 4 + 5 t and 3 + 3 t; from stock 2 t by ledger alone:
    8 / (10 + 2) = 66.7 %, of the one month that all have."""
    bring(store, tmp_path, {("hw_generated_t", "2024-01"): "10", ("hw_used_t", "2024-01"): "8"})

    def ledger(figure: Figure, year: int) -> Series | None:
        kept = {"hw_generated_t": ("4", "5"), "hw_used_t": ("3", "3")}
        kept["hw_used_from_stock_t"] = ("2", "1")
        if figure.figure not in kept or year != 2024:
            return None
        months = {m: Decimal(v) for m, v in enumerate(kept[figure.figure], 1)}
        return Series(figure, year, months, origin="台账")

    sources = {"ledger": ledger, "import": imported(store, dt.date(2025, 3, 1))}
    known = catalog.load()
    rows = {d.number: d for d in definitions.load(known) if d.role == "indicator"}
    found = compute(rows["14"], Figures(known, sources), Period(2024))
    assert (found.shown, found.months) == ("66.7", (1,))
    assert "工业危险废物产生量：另有台账，未采用、未相加" in found.notes
    only = compute(rows["14"], Figures(known, {"import": sources["import"]}), Period(2024))
    assert only.status == "missing_input"  # nobody says what was used from stock
    # (3 + 3) / (4 + 5 + 2 + 1): the ledger where nobody imported anything
    alone = compute(rows["14"], Figures(known, {"ledger": ledger}), Period(2024))
    assert (alone.shown, alone.months) == ("50.0", (1, 2))


def test_the_import_is_the_first_source_of_every_figure_that_may_be_imported() -> None:
    for figure in catalog.load().values():
        assert "import" not in figure.sources[1:], figure.figure


def test_after_the_target_year_it_is_said(store: Store) -> None:
    notes = "".join(made(store, "2026").notes)
    assert "2026年沿用其口径" in notes and "期间未满" in notes


def test_months_are_written_as_people_do() -> None:
    assert span([1, 2, 3, 7, 11, 12]) == "1–3、7、11–12月"
