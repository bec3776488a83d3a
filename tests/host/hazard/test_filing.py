"""What a unit files: the report of a period and the plan of a year, filled from the ledger."""

from __future__ import annotations

import csv
import datetime as dt
import random
import shutil
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from host_job import qingyun
from python_calamine import CalamineWorkbook
from sim_board import ROOT

from host.common.errors import UserError
from host.common.local_days import LOCAL
from host.hazard import ledger, manual_entries, register
from host.hazard.entry import OUTSIDE, OWN, PRODUCED, STORED, TAKEN
from host.hazard.filing import output, pack
from host.hazard.filing.fields import Filled
from host.hazard.manual_entries import Draft
from host.hazard.stock import stock_of
from host.store import Store

UNIT, OIL, SLUDGE = "xq-jm", "xq-oil-01", "xq-sludge-01"
DECLARED = "institution,period,form,of,column,value,by,day\n"


def at(text: str) -> int:
    return int(dt.datetime.fromisoformat(text).replace(tzinfo=LOCAL).timestamp())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "registry"
    shutil.copytree(ROOT / "registry", copy)
    return copy


def sent(when: str, grams: int, to: str, **columns: str) -> Draft:
    said = {"接收单位名称": to, **columns}
    return Draft(OUTSIDE, at(when), grams, institution=UNIT, code="900-214-08", columns=said)


LICENSED = {"接收单位许可证编码": "SH-1", "利用/处置方式": "R9"}
MASSES = ("own_name", "produced", "receiver", "licence", "sent", "opening", "closing")


def add(store: Store, folder: Path, *drafts: Draft) -> None:
    manual_entries.add(store, register.load(folder), drafts, "王五", at("2030-01-01"))


def january(store: Store, folder: Path) -> None:
    """40 kg of oil of the year before; 123.456 kg in, 100 kg out to two receivers; sludge."""
    add(
        store, folder,
        Draft(STORED, at("2025-12-20"), 40_000, container=OIL),
        Draft(STORED, at("2026-01-05"), 123_456, container=OIL),
        Draft(TAKEN, at("2026-01-20"), 100_000, container=OIL),
        sent("2026-01-20T12:00", 60_000, "甲", **LICENSED),
        sent("2026-01-20T13:00", 40_000, "乙"),
        Draft(STORED, at("2026-01-22"), 5_000, container=SLUDGE),
    )  # fmt: skip


def report(store: Store, folder: Path, period: str) -> Filled:
    (made,) = pack.of(store, register.load(folder), UNIT, period, is_plan=False).forms
    return made


def plan(store: Store, folder: Path) -> dict[str, Filled]:
    made = pack.of(store, register.load(folder), UNIT, "2026", is_plan=True)
    return {f.form.form: f for f in made.forms}


def cells(filled: Filled, *facts: str) -> list[tuple[object, ...]]:
    """The values of these columns, a tuple for each row."""
    places = [next(n for n, c in enumerate(filled.form.columns) if c.of == f) for f in facts]
    return [tuple(row[n].value for n in places) for row in filled.rows]


def kilograms(filled: Filled, fact: str) -> Decimal:
    return sum((v for (v,) in cells(filled, fact) if isinstance(v, Decimal)), Decimal(0)) * 1000


# The report


def test_a_month_is_filled_from_the_ledger(store: Store, folder: Path) -> None:
    january(store, folder)
    made = report(store, folder, "2026-01")
    assert made.title == "2026年1月危险废物月度申报报告表"
    t = Decimal
    assert cells(made, *MASSES) == [
        ("电镀污泥", t("0.005"), "", "", 0, 0, t("0.005")),
        ("废润滑油", t("0.123456"), "甲", "SH-1", t("0.06"), t("0.04"), t("0.063456")),
        ("废润滑油", "", "乙", None, t("0.04"), "", ""),  # the waste's own masses stand once
    ]  # fmt: skip
    assert cells(made, "phase", "hazard", "unit")[1] == ("液态", "T/I", "吨")
    assert [c for c in made.columns if "剩余" in c] == [
        "贮存情况\n上月底剩余贮存量", "贮存情况\n本月底剩余贮存量"
    ]  # fmt: skip


def test_each_mass_names_its_entries(store: Store, folder: Path) -> None:
    """The masses of the entries that a field names add up to it."""
    january(store, folder)
    entries = {e.id: e for e in ledger.read(store)}
    batches = {e.batch: e for e in entries.values()}
    seen = 0
    made = report(store, folder, "2026-01")
    for row, name in zip(made.rows, made.names, strict=True):
        for field in row:
            if not isinstance(field.value, Decimal) or not field.value:
                continue
            words = field.basis.replace("；", " ").split()
            ids = [int(w[1:]) for w in words if w.startswith("#")]
            left = [Decimal(kg) for b, kg in pairwise(words) if b in batches]
            grams = sum(entries[i].grams for i in ids) + sum(int(kg * 1000) for kg in left)
            assert field.value * 10**6 == grams, (name, field)
            seen += 1
    assert seen == 7


def test_quarters_and_years(store: Store, folder: Path) -> None:
    january(store, folder)
    quarter, year = report(store, folder, "2026-Q1"), report(store, folder, "2026")
    assert quarter.title == "2026年第1季度危险废物季度申报报告表"
    assert year.title == "2026年危险废物年度申报报告表"
    assert {"贮存情况\n上季度底剩余贮存量"} < set(quarter.columns)
    assert {"贮存情况\n本年底剩余贮存量"} < set(year.columns)
    assert kilograms(quarter, "produced") == kilograms(year, "produced") == Decimal("128.456")
    assert kilograms(report(store, folder, "2026-Q2"), "opening") == Decimal("68.456")


@pytest.mark.parametrize("seed", range(3))
def test_periods_fit_together(store: Store, folder: Path, seed: int) -> None:
    """Any ledger: what a month leaves the next one begins with; quarters and the year add up to
    their months; what was generated is what the rules about the category count."""
    chance = random.Random(seed)  # noqa: S311  no secret
    drafts = []
    for _ in range(60):
        when = dt.datetime(2026, 1, 1) + dt.timedelta(minutes=chance.randrange(365 * 1440))
        t, grams = at(when.isoformat()), chance.randrange(1, 90_000)
        table = chance.choice((STORED, STORED, TAKEN, PRODUCED, OUTSIDE, OWN))
        if table in (OUTSIDE, OWN):
            code = chance.choice(("900-214-08", "336-064-17"))
            drafts.append(Draft(table, t, grams, institution=UNIT, code=code))
        else:
            drafts.append(Draft(table, t, grams, container=chance.choice((OIL, SLUDGE))))
    add(store, folder, *drafts)
    months = [report(store, folder, f"2026-{m:02d}") for m in range(1, 13)]
    for before, after in pairwise(months):
        assert kilograms(before, "closing") == kilograms(after, "opening")
    year = report(store, folder, "2026")
    for fact in ("sent", "used"):
        total = sum(kilograms(m, fact) for m in months)
        assert kilograms(year, fact) == total > 0
        quarters = sum(kilograms(report(store, folder, f"2026-Q{q}"), fact) for q in range(1, 5))
        assert quarters == total
    held = stock_of(register.load(folder), ledger.live(ledger.read(store)))
    generated = held.generated(UNIT, at("2026-01-01"), at("2027-01-01"))
    assert kilograms(year, "produced") * 1000 == generated
    assert kilograms(year, "closing") * 1000 == sum(s.grams for s in held.shelves.values())


def test_a_reversed_entry_counts_no_longer(store: Store, folder: Path) -> None:
    january(store, folder)
    entry = next(e for e in ledger.read(store) if e.table == STORED and e.code == "336-064-17")
    ledger.add(store, [ledger.reversal(entry, "王五", "重复", at("2026-02-01"))])
    assert [name for name, *_ in cells(report(store, folder, "2026-01"), "own_name")] == [
        "废润滑油"
    ] * 2


def test_what_does_not_add_up_is_told(store: Store, folder: Path) -> None:
    """Nothing that is doubtful passes in silence: another mass sent than taken, 产生 beside
    入库, a code that the catalogue does not have, columns that nobody filled in."""
    add(
        store, folder,
        Draft(STORED, at("2026-01-05"), 10_000, container=OIL),
        Draft(PRODUCED, at("2026-01-05"), 12_000, container=OIL),
        Draft(TAKEN, at("2026-01-20"), 9_000, container=OIL),
        sent("2026-01-20", 8_000, "甲"),
        Draft(PRODUCED, at("2026-01-23"), 1_000, institution=UNIT, code="900-999-99"),
    )  # fmt: skip
    made = report(store, folder, "2026-01")
    assert kilograms(made, "produced") == 13
    told = "\n".join(made.doubts)
    assert "出库 9.000 kg，自行和委外利用/处置合计 8.000 kg" in told
    assert "产生 12.000 kg，入库 10.000 kg：不一致" in told
    assert "900-999-99：废物代码不在名录中（未归类）" in told
    assert "台账 #4（委外利用/处置 HWWWCZ20260120001）：" in told


# What people said


def test_what_nobody_said_is_empty_and_listed(store: Store, folder: Path) -> None:
    january(store, folder)
    made = report(store, folder, "2026-01")
    listed = [(name, title.split("\n")[-1]) for name, title, _ in made.empty()]
    assert ("900-214-08 废润滑油", "省（区、市）") in listed
    assert len(listed) == sum(f.value is None for row in made.rows for f in row) == 7
    (folder / "declared.csv").write_text(
        DECLARED + f"{UNIT},,report,甲,省（区、市）,上海市,王五,2026-02-01\n"
        f"{UNIT},2026-01,report,900-214-08,有害成分名称,苯系物,王五,2026-02-01\n"
        f"{UNIT},2026-02,report,336-064-17,有害成分名称,铬,王五,2026-02-01\n"
    )
    made = report(store, folder, "2026-01")
    assert cells(made, "province", "harmful") == [
        ("", None), ("上海市", "苯系物"), (None, "苯系物")
    ]  # fmt: skip
    by = next(f.basis for row in made.rows for f in row if f.value == "上海市")
    assert by == "declared.csv:2：王五 2026-02-01"
    assert len(made.empty()) == 4


def test_the_ledger_stays_where_somebody_says_otherwise(store: Store, folder: Path) -> None:
    january(store, folder)
    (folder / "declared.csv").write_text(
        DECLARED
        + f"{UNIT},2026-01,report,甲,委托外单位利用/处置情况/利用/处置方式,D10,王五,2026-02-01\n"
        f"{UNIT},2026-01,report,丙,省（区、市）,江苏省,王五,2026-02-01\n"
    )
    made = report(store, folder, "2026-01")
    assert cells(made, "sent_method")[1] == ("R9",)
    told = "\n".join(made.doubts)
    assert (
        "利用/处置方式 为 R9（台账 #4），declared.csv:2：王五 2026-02-01 为 D10：按前者填写" in told
    )
    assert "declared.csv:3：没有字段用到它" in told


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            f"{UNIT},,report,,产生量,5,王五,2026-02-01",
            "column: expected one that does not come from",
        ),
        (
            f"{UNIT},,report,,利用/处置方式,R9,王五,2026-02-01",
            "column: expected a column of report",
        ),
        (f"{UNIT},2026-1,report,,形态,液态,王五,2026-02-01", "period: expected YYYY, YYYY-Q1"),
        ("nobody,,report,,形态,液态,王五,2026-02-01", "institution: expected one of institutions"),
        (f"{UNIT},,C.1,,形态,液态,王五,2026-02-01", "form: expected one of report A.1"),
        (f"{UNIT},,report,,形态,,王五,2026-02-01", "value: expected a text"),
        (f"{UNIT},,report,,形态,液态,王五,", "day: expected a text"),
    ],
)
def test_a_mistake_in_declared_is_one_line(
    store: Store, folder: Path, row: str, expected: str
) -> None:
    january(store, folder)
    (folder / "declared.csv").write_text(DECLARED + row + "\n")
    with pytest.raises(UserError) as raised:
        report(store, folder, "2026-01")
    assert expected in str(raised.value) and "declared.csv:2" in str(raised.value)


def test_other_columns_are_rows(store: Store, folder: Path) -> None:
    """A form that changes takes no code."""
    january(store, folder)
    path = folder / "filing_columns.csv"
    head = "form,group,column,of,width\n"
    path.write_text(head + "report,,代码,code,12\nreport,,{period_end}贮存量,closing,10\n")
    made = report(store, folder, "2026-01")
    assert made.columns == ["代码", "月底贮存量"]
    assert cells(made, "code", "closing")[0] == ("336-064-17", Decimal("0.005"))
    path.write_text(head + "report,,代码,kode,12\n")
    with pytest.raises(UserError, match=r"filing_columns.csv:2: of: expected one of .*code"):
        report(store, folder, "2026-01")


# The plan


def test_the_tables_of_a_plan_follow_the_category(store: Store, folder: Path) -> None:
    path, text = folder / "institutions.csv", (folder / "institutions.csv").read_text()
    every = ["A.1", "A.2", "A.3", "A.4", "A.5", "A.6", "A.7"]
    for category, forms in (
        ("重点", every), ("经营单位", every), ("简化", ["A.1", "A.3", "A.4", "A.6", "A.7"]),
        ("登记", ["A.1", "A.3", "A.7"]),
    ):  # fmt: skip
        licence = "SH-9" if category == "经营单位" else ""
        path.write_text(text.replace(",简化,,", f",{category},{licence},"))
        assert list(plan(store, folder)) == forms, category


def test_a_plan_expects_nothing_by_itself(store: Store, folder: Path) -> None:
    """What is expected of the year is empty until the unit says it; the year before stands beside
    it, and wastes without an entry have a row."""
    january(store, folder)
    made = plan(store, folder)
    assert cells(made["A.3"], "own_name", "expected_produced", "store_capacity") == [
        ("废润滑油", None, 8), ("电镀污泥", None, 8)
    ]  # fmt: skip
    hints = {(name, hint) for name, title, hint in made["A.3"].empty() if "预计产生量" in title}
    assert hints == {
        ("900-214-08 废润滑油", "2025年为 0.040000 吨（台账 #1）"),
        ("336-064-17 电镀污泥", "2025年台账中没有"),
    }
    (folder / "declared.csv").write_text(
        DECLARED + f"{UNIT},2026,A.3,900-214-08,本年度预计产生量,1.5,王五,2026-02-01\n"
        f"{UNIT},,A.1,,注册地址,新桥镇某路1号,王五,2026-02-01\n"
    )
    made = plan(store, folder)
    assert cells(made["A.3"], "expected_produced") == [(Decimal("1.5"),), (None,)]
    assert "新桥镇某路1号" in [f.value for f in made["A.1"].rows[0]]
    assert cells(made["A.1"], "unit_category") == [("危险废物简化管理单位",)]


# The command


def test_as_a_workbook_and_as_csv(folder: Path, tmp_path: Path) -> None:
    db = tmp_path / "q.db"
    with_store = Store(db, create=True)
    january(with_store, folder)
    with_store.close()
    base = ("ledger", "filing", "--db", db, "--registry", folder, "--institution", UNIT)
    book = tmp_path / "q1.xlsx"
    done = qingyun(*base, "--period", "2026-Q1", "--out", book)
    assert done.returncode == 0, done.stderr
    assert "7 fields are empty (sheet 待填)" in done.stdout
    assert "look at: 台账 #3（出库 HWCK20260120001）：" in done.stdout
    sheets = CalamineWorkbook.from_path(book)
    assert sheets.sheet_names == ["申报报告", "依据", "待填", "核对"]
    rows = sheets.get_sheet_by_name("申报报告").to_python()
    out = tmp_path / "csv"
    out.mkdir()
    assert qingyun(*base, "--period", "2026-Q1", "--out", out).returncode == 0
    with (out / "申报报告.csv").open(encoding="utf-8-sig") as file:
        head, *lines = list(csv.reader(file))
    place = head.index("产生情况：产生量")
    assert [line[place] for line in lines] == ["0.005000", "0.123456", ""]
    assert [row[place] for row in rows[3:6]] == [0.005, 0.123456, ""]
    done = qingyun(*base, "--plan", "2026", "--out", tmp_path / "plan.xlsx")
    assert done.returncode == 0 and "2026年危险废物管理计划" in done.stdout
    for options, expected in (
        (("--period", "2026-13"), "--period: expected YYYY, YYYY-Q1 or YYYY-MM, found '2026-13'"),
        (("--plan", "2026-01"), "--plan: expected YYYY, found '2026-01'"),
    ):
        done = qingyun(*base, *options, "--out", tmp_path / "x.xlsx")
        assert done.returncode == 2 and expected in done.stderr
        assert not (tmp_path / "x.xlsx").exists()


def test_every_column_has_a_form(store: Store, folder: Path) -> None:
    """The tables of the workbook have a value for each column of each row."""
    january(store, folder)
    made = pack.of(store, register.load(folder), UNIT, "2026", is_plan=True)
    for table in output.tables(made.forms, made.period):
        assert all(len(row) == len(table.columns) for row in table.rows), table.sheet
