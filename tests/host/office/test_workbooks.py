"""Workbooks and pages: what an office sees and prints, as two other readers find it."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import february
import openpyxl
import pytest
from host_job import qingyun
from libreoffice import convert, find_soffice, sheets
from plan_figures import KNOWN, bring, made
from sim_board import ROOT

from host.common import periods
from host.common.disclaimer import DISCLAIMER
from host.common.quantity import MISSING
from host.common.svg import round_step
from host.indicators import IndicatorError, workbook
from host.office.bars import Bars, stacked
from host.office.table import Cell, Column, Table
from host.office.xlsx import Workbook
from host.reports import LABEL, summary_html, summary_tables
from host.reports.month import summarise
from host.reports.summary import HAULED
from host.store import Store

REGISTRY = ("--registry", ROOT / "registry")
# dry 29 × 20 + 27 × 18 kg; wet 28 × 60 + 27 × 70 kg; recyclables 29 × 5 kg
DRY, WET, RECYCLABLE = 1.066, 3.570, 0.145


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The month as a database, and what the commands make of it."""
    out = tmp_path_factory.mktemp("office")
    store = Store(out / "q.db", create=True)
    february.put(store)
    given = {("facility_dry_t", "2024-02"): "900", ("facility_wet_t", "2024-02"): "600.5"}
    bring(store, out, given)
    workbook.write(made(store, "2024"), out / "indicators.xlsx")
    store.close()
    month = ("report", "--db", out / "q.db", *REGISTRY, "--month", "2024-02")
    for args in (
        (*month, "--format", "xlsx", "--out", out / "month.xlsx"),
        (*month, "--out", out / "month.html"),
        (
            *("rollup", "--db", out / "q.db", *REGISTRY, "--date", "2024-02-11"),
            *("--xlsx", out / "day.xlsx", "--out", out),
        ),
    ):
        result = qingyun(*args)
        assert result.returncode == 0, result.stderr
    return out


@pytest.fixture
def needs_soffice() -> None:
    if find_soffice() is None:
        pytest.fail(
            "LibreOffice is missing: nothing else here reads workbooks as an office does; "
            "as root run: apt-get install libreoffice-calc",
            pytrace=False,
        )


FILES = {
    "indicators": ["指标", "计算过程", "清运量", "清运量图"],
    "month": ["街镇汇总", "逐日", "逐日图", "明细"],
    "day": ["街镇汇总", "街镇图", "点位"],
}


@pytest.mark.parametrize("name", FILES)
def test_every_sheet_prints_on_a4(folder: Path, name: str) -> None:
    book = openpyxl.load_workbook(folder / f"{name}.xlsx")
    assert book.sheetnames == FILES[name]
    assert book.properties.description == DISCLAIMER
    for sheet in book:
        page = sheet.page_setup
        assert (page.paperSize, page.orientation, page.fitToWidth or 1) == (9, "landscape", 1)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "第 &P 页" in sheet.oddFooter.center.text or "第 &[Page] 页" in str(
            sheet.oddFooter.center.text
        )
        assert sheet.oddFooter.left.text == DISCLAIMER
        area = sheet.print_area
        if sheet.title.endswith("图"):
            assert len(sheet._charts) == 1
            continue
        assert sheet.print_title_rows == "$1:$3"
        assert area.endswith(f"${sheet.max_row}") and area.split("'!")[-1].startswith("$A$1")
        assert sheet["A2"].value.startswith("统计期间：2024年")
        assert sheet.cell(2, sheet.max_column).value.startswith("单位：")
        assert sheet.cell(sheet.max_row, 1).value == DISCLAIMER


def needed(text: str, width: float) -> int:
    """Lines of a text where Chinese characters and their punctuation take two columns."""
    columns = [sum(1 + (east_asian_width(c) in "FWA") for c in part) for part in text.split("\n")]
    # Greek, quotes and dashes may be either; a fifth of a line is left for that.
    return sum(max(1, -(-round(n * 0.8) // int(width))) for n in columns)


@pytest.mark.parametrize("name", FILES)
def test_no_text_is_wider_or_higher_than_its_cell(folder: Path, name: str) -> None:
    for sheet in openpyxl.load_workbook(folder / f"{name}.xlsx"):
        if sheet.title.endswith("图"):
            continue
        widths = {
            n: d.width for d in sheet.column_dimensions.values() for n in range(d.min, d.max + 1)
        }
        for row in sheet.iter_rows(min_row=3):
            for cell in row:
                if cell.data_type != "s" or cell.coordinate in sheet.merged_cells:
                    continue
                need = needed(cell.value, widths[cell.column])
                assert need == 1 or cell.alignment.wrap_text, cell
                assert sheet.row_dimensions[cell.row].height >= 14 * need, cell


def values(path: Path, sheet: str) -> list[list[Any]]:
    book = openpyxl.load_workbook(path, data_only=True)
    return [[c.value for c in row] for row in book[sheet].iter_rows()]


def test_the_month_adds_up(folder: Path) -> None:
    rows = values(folder / "month.xlsx", "街镇汇总")
    assert rows[0][0] == f"松江区{LABEL}街镇汇总表"
    assert rows[2][4] == "清运量\n（投放点实测）"
    assert [r[1] for r in rows[3:5]] == ["方松街道", "九亭镇"]
    total = next(r for r in rows if r[0] == "合计")
    assert total[2:5] == pytest.approx([DRY, WET, DRY + WET])
    assert total[7] == pytest.approx(RECYCLABLE)
    assert rows[4][7:9] == [MISSING, MISSING]  # nobody measured it: not 0
    days = values(folder / "month.xlsx", "逐日")
    assert [r[0] for r in days[3:32]] == [str(d) for d in february.DAYS]
    assert days[32][1:4] == pytest.approx([DRY, WET, DRY + WET])
    assert days[13][4] == pytest.approx(0.5, abs=1e-4)  # the 11th: one point of two
    assert days[32][4] == pytest.approx(56 / 58, abs=1e-4)


def test_a_month_that_is_not_over_says_so(folder: Path) -> None:
    """On the 4th three days are over: 3 × (20 + 60 + 18 + 70) kg."""
    store = Store(folder / "q.db")
    summary = summarise(store, KNOWN, periods.parse("2024-02"), dt.date(2024, 2, 4))
    assert summary.of(HAULED).tonnes == Decimal("0.504")
    assert summary.notes == ("月份未满：截至2024-02-03（3/29天）",)
    assert summary.notes[0] in summary_html.month(summary)
    assert summary.notes[0] in summary_tables.towns(summary).notes
    with pytest.raises(IndicatorError, match="no day yet that is over"):
        summarise(store, KNOWN, periods.parse("2024-02"), dt.date(2024, 2, 1))


def test_the_day(folder: Path) -> None:
    rows = values(folder / "day.xlsx", "点位")
    wet = next(r for r in rows if r[1:4] == ["fs-01", "方松街道", "湿垃圾"])
    assert wet[4:10] == pytest.approx([60.0, 60.0, 1, 0.0, 0.0, 1.0])
    silent = next(r for r in rows if r[1] == "jt-01")
    assert silent[4:9] == [MISSING] * 5 and silent[9] == 0


def test_the_indicators(folder: Path) -> None:
    rows = values(folder / "indicators.xlsx", "指标")
    table = rows[3:69]
    assert [r[0] for r in table] == [*map(str, range(1, 55)), *(f"特{n}" for n in range(1, 13))]
    assert sum(r[3].endswith("★") for r in table) == 29
    eight = table[7]
    # 900 + 600.5 t of one month: 0.15005 万吨, half to even 0.15
    assert eight[4:9] == ["万吨/年", "63.04", "低增长", "0.15", "部分期间"]
    assert table[0][7] == MISSING and "不在称重范围内" in table[0][9]
    months = values(folder / "indicators.xlsx", "清运量")
    assert months[4][:7] == ["2月", 900, 600.5, 1500.5, *map(pytest.approx, (DRY, WET, DRY + WET))]
    assert months[3][1] == MISSING
    total = next(r for r in months if r[0] == "合计")
    assert total[3] == 1500.5 and total[6] == pytest.approx(DRY + WET)


@pytest.mark.usefixtures("needs_soffice")
def test_libreoffice_reads_it_and_adds_up_the_same(folder: Path, tmp_path: Path) -> None:
    """The values of the formulas are taken out, so that it must calculate them."""
    for name in ("month", "indicators"):
        openpyxl.load_workbook(folder / f"{name}.xlsx").save(tmp_path / f"{name}.xlsx")
    found = sheets(tmp_path / "month.xlsx", tmp_path)
    assert set(FILES["month"]) == set(found)
    assert found["街镇汇总"][0][0] == f"松江区{LABEL}街镇汇总表"
    total = next(r for r in found["街镇汇总"] if r[0] == "合计")
    assert total[2:9] == ["1.066", "3.570", "4.636", "96.6%", "111", "0.145", MISSING]
    assert found["逐日"][32][:5] == ["合计", "1.066", "3.570", "4.636", "96.6%"]
    found = sheets(tmp_path / "indicators.xlsx", tmp_path)
    total = next(r for r in found["清运量"] if r[0] == "合计")
    assert total[1:4] == ["900.000", "600.500", "1,500.500"]
    assert "＃" not in str(found) and "#REF" not in str(found) and "Err:" not in str(found)


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.usefixtures("needs_soffice")
def test_it_prints_on_as_many_a4_pages_as_it_should(folder: Path, tmp_path: Path) -> None:
    convert(folder / "month.xlsx", "pdf", tmp_path)
    pdf = (tmp_path / "month.pdf").read_bytes()
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    sizes = {(round(float(w)), round(float(h))) for w, h in boxes}
    assert sizes == {(842, 595)}  # 297 × 210 mm in points
    # As many as were planned: no page came about by itself, with notes alone on it.
    book = openpyxl.load_workbook(folder / "month.xlsx")
    assert pages_of(pdf) == sum(1 + len(sheet.row_breaks.brk) for sheet in book)
    # 明细: 29 × 3 rows of fs-01 and 27 × 2 of jt-01; what nobody measured is not among them.
    found = values(folder / "month.xlsx", "明细")
    rows = [r for r in found if re.fullmatch(r"2024-02-\d\d", str(r[0]))]
    assert len(rows) == 29 * 3 + 27 * 2 and MISSING not in str(rows)
    assert any("没有有效计量的不列：91项" in str(r[0]) for r in found)


TALL = [Column("名", 20), Column("值", 30, 3)]
WIDE = [Column(f"列{n}", 14) for n in range(16)]


@pytest.mark.usefixtures("needs_soffice")
def test_notes_are_never_alone_on_a_page(tmp_path: Path) -> None:
    """Tables of every length about a page and three: the pages are those that were planned,
    and each begins with a row of the table."""
    path = tmp_path / "x.xlsx"
    sizes = [*range(18, 30), *range(68, 74)]
    with Workbook(path, "title", DISCLAIMER) as made_:
        for n in sizes:
            tall: list[list[Cell]] = [[f"第{i}行", 1.0] for i in range(n)]
            wide: list[list[Cell]] = [["内容比较长的一个格子"] * 16 for _ in range(n)]
            for name, columns, rows in (("t", TALL, tall), ("w", WIDE, wide)):
                notes = ("甲", "乙", "丙")
                made_.add(Table(f"{name}{n}", "标题", "kg", "本月", columns, rows, notes))
    convert(path, "pdf", tmp_path)
    pages = pages_of((tmp_path / "x.pdf").read_bytes())
    planned = 0
    for sheet in openpyxl.load_workbook(path):
        last_row = 3 + int(sheet.title[1:])
        begins = [b.id for b in sheet.row_breaks.brk]  # so many rows stand before it
        assert all(3 < b < last_row for b in begins), sheet.title
        planned += 1 + len(begins)
    assert pages == planned


def test_a_table_without_a_row_says_why(tmp_path: Path) -> None:
    """Of a database without a reading: no page of nothing but —."""
    Store(tmp_path / "q.db", create=True).close()
    db = ("--db", tmp_path / "q.db", *REGISTRY)
    month, day = (tmp_path / f"{name}.xlsx" for name in ("month", "day"))
    plan, ledger = tmp_path / "plan.xlsx", tmp_path / "ledger.xlsx"
    for args in (
        ("report", *db, "--month", "2024-02", "--out", month),
        ("report", *db, "--month", "2024-02", "--out", tmp_path / "month.html"),
        ("rollup", *db, "--date", "2024-02-11", "--out", tmp_path / "o", "--xlsx", day),
        ("indicators", *db, "--month", "2024-02", "--out", plan),
        ("ledger", "export", *db, "--month", "2024-02", "--out", ledger),
    ):
        done = qingyun(*args)
        assert done.returncode == 0, done.stderr
    nothing = summary_tables.NOTHING
    for path, sheet, said in (
        *((month, "逐日", nothing), (month, "明细", nothing), (day, "点位", nothing)),
        (plan, "清运量", "本期没有进厂计量，也没有投放点实测"),
        (ledger, "入库", "本期没有入库环节的记录"),
    ):
        found = values(path, sheet)
        assert found[3][0] == said
        assert MISSING not in [c for row in found[3:] for c in row]
        assert "合计" not in [row[0] for row in found]
    html = (tmp_path / "month.html").read_text(encoding="utf-8")
    assert html.count(f">{nothing}<") == 2


class _Outside(HTMLParser):
    """What a page would load, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {k}" for k, v in attrs if k in ("src", "href") and v]
        assert tag not in ("script", "link", "img", "iframe")

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_page_stands_alone(folder: Path) -> None:
    text = (folder / "month.html").read_text(encoding="utf-8")
    page = _Outside()
    page.feed(text)
    assert page.loads == [] and "url(" not in text and "@import" not in text
    said = "|".join(page.text)
    assert f"松江区{LABEL}月报" in said and DISCLAIMER in said and "2024年2月" in said
    assert "|合计|" in said and "|4.636|" in said and "|96.6%|" in said
    plots = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert len(plots) == 2
    ns = "{http://www.w3.org/2000/svg}"
    bars = ET.fromstring(plots[0]).findall(f"{ns}rect")  # noqa: S314 – our own
    # 29 days of two streams and 3 in the legend; wet of the 29th is there by jt-01 alone
    assert len(bars) == 2 * 29 + 3
    dots = ET.fromstring(plots[1]).findall(f"{ns}circle")  # noqa: S314
    assert dots and all(d.attrib["stroke"] != d.attrib["fill"] for d in dots)


def test_bars_are_as_high_as_their_values() -> None:
    plot = stacked(
        "t", "kg", ["a", "b"], [Bars("x", "#000", [30, None]), Bars("y", "#111", [20, 5])]
    )
    bars = ET.fromstring(plot).findall("{http://www.w3.org/2000/svg}rect")[:3]  # noqa: S314
    heights = [float(b.attrib["height"]) for b in bars]
    assert heights[0] / heights[1] == pytest.approx(1.5, abs=0.01)
    assert heights[2] / heights[1] == pytest.approx(0.25, abs=0.01)
    assert float(bars[1].attrib["y"]) + heights[1] == pytest.approx(
        float(bars[0].attrib["y"]), abs=0.2
    )
    assert [round_step(x) for x in (0, 0.9, 5, 26, 100)] == [1, 0.2, 1, 10, 20]


def test_long_names_are_turned_so_that_they_stand_apart() -> None:
    towns = [f"上海松江出口加工区{n}" for n in range(20)]
    many = stacked("t", "kg", towns, [Bars("x", "#000", [1] * 20)])
    few = stacked("t", "kg", towns[:2], [Bars("x", "#000", [1] * 2)])
    assert (many.count("rotate(-35"), few.count("rotate(-35")) == (20, 0)


def test_a_workbook_that_cannot_be_written_is_one_line(folder: Path) -> None:
    month = ("report", "--db", folder / "q.db", *REGISTRY, "--month", "2024-02", "--format", "xlsx")
    for out in (folder / "q.db" / "m.xlsx", folder):
        result = qingyun(*month, "--out", out)
        assert result.returncode == 2 and result.stderr.count("\n") == 1
        assert "--out" in result.stderr or "cannot be written" in result.stderr
    assert qingyun(*month[:-2], "--out", folder).returncode == 2
    future = qingyun(*month[:5], "--month", "2099-01")
    assert (future.returncode, future.stderr.count("\n")) == (2, 1)
