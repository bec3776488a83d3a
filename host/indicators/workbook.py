"""The indicators as a workbook: values, their computation, 清运量 by month."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from ..common.disclaimer import DISCLAIMER
from ..common.quantity import share
from ..office.table import Cell, Column, Table
from ..office.xlsx import Plot, Workbook
from .compute import STATUS, Result, span
from .report import Report, coverage_text, measurable


def _text(value: Cell) -> Cell:
    """Numbers as text, because a column of many units has many numbers of decimals."""
    return None if value in (None, "") else str(value)


def _overview(report: Report) -> Table:
    columns = (
        Column("序号", 5, centre=True),
        Column("一级指标", 13),
        Column("二级指标", 15),
        Column("三级指标（★必选）", 34),
        Column("单位", 9, centre=True),
        Column("基准值\n(2020年)", 9, centre=True),
        Column("目标值\n(2025年)", 9, centre=True),
        Column(f"{report.period.chinese}\n值", 10, centre=True),
        Column("状态", 11, centre=True),
        Column("说明", 42),
        Column("主要责任单位", 16),
    )
    rows: list[list[Cell]] = []
    for r in report.results:
        d = r.definition
        name = d.name + ("★" if d.mandatory else "")
        why = r.reason or "；".join(r.notes)
        head: list[Cell] = [d.number, d.level1, d.level2, name, r.unit]
        plan: list[Cell] = [_text(d.baseline_2020), _text(d.target_2025), _text(r.shown)]
        rows.append([*head, *plan, STATUS[r.status], why, d.departments])
    counts = "，".join(f"{STATUS[s]}{n}项" for s, n in report.counts().items())
    required = sum(r.definition.mandatory for r in report.results)
    notes = [f"共{len(rows)}项，其中必选（★）{required}项：{counts}", *report.notes]
    when = f"{report.period.chinese}（截至{report.as_of}）"
    return Table("指标", report.title, "见各行", when, columns, rows, notes)


def _lines(r: Result, number: str, name: str) -> list[Cell]:
    inputs = "\n".join(
        f"{u.series.figure.name} {u.value:f} {u.series.figure.unit}（{u.series.origin}）"
        for u in r.inputs
        if u.value is not None
    )
    months = span(r.months) if r.months else ("" if r.value is None else r.period.chinese)
    cover = coverage_text(r.coverage)
    why = "\n".join([*([r.reason] if r.reason else []), *r.notes])
    return [number, name, _text(r.shown), r.unit, months, r.expression, inputs, cover, why]


def _how(report: Report) -> Table:
    columns = (
        Column("序号", 5, centre=True),
        Column("指标（旁列项缩进）", 28),
        Column("值", 10, centre=True),
        Column("单位", 9, centre=True),
        Column("期间", 10, centre=True),
        Column("算式", 36),
        Column("输入（来源，填报人，日期）", 44),
        Column("覆盖率", 8, centre=True),
        Column("缺数原因、备注", 36),
    )
    rows: list[list[Cell]] = []
    for r in filter(measurable, report.results):
        rows.append(_lines(r, r.definition.number, r.definition.name))
        rows += [_lines(b, "", f"　{b.definition.name}") for b in r.beside]
    notes = ("旁列项与指标值并列，从不相加", "缺少输入的值为空（—），不是零")
    return Table("计算过程", f"{report.title}：计算过程", "见各行", report.period.chinese,
                 columns, rows, notes)  # fmt: skip


HAULAGE = ("facility_dry_t", "facility_wet_t"), ("site_dry_t", "site_wet_t")


def _months(report: Report) -> Table:
    """干垃圾 + 湿垃圾 by month, weighed at facilities and at collection points."""
    columns = (
        Column("月份", 10, centre=True),
        Column("干垃圾\n（进厂计量）", 15, 3, total=True),
        Column("湿垃圾\n（进厂计量）", 15, 3, total=True),
        Column("清运量\n（进厂计量）", 16, 3, total=True),
        Column("干垃圾\n（投放点实测）", 15, 6, total=True),
        Column("湿垃圾\n（投放点实测）", 15, 6, total=True),
        Column("清运量\n（投放点实测）", 16, 6, total=True),
        Column("覆盖率", 10, 1, percent=True),
        Column("实测/进厂", 10, 2, percent=True),
    )
    rows: list[list[Cell]] = []
    year = report.period.year
    covered = due = 0
    for m in report.period.months:
        row: list[Cell] = [f"{m}月"]
        sums: list[Decimal | None] = []
        for pair in HAULAGE:
            values = [report.figures.get(f, year).months.get(m) for f in pair]
            present = [v for v in values if v is not None]
            sums.append(sum(present) if len(present) == len(values) else None)  # type: ignore[arg-type]
            row += [*values, sums[-1]]
        seen = [report.figures.get(f, year).seen.get(m, (0, 0)) for f in HAULAGE[1]]
        c, n = (sum(part) for part in zip(*seen, strict=True))
        covered, due = covered + c, due + n
        facility, site = sums
        ratio = site / facility if facility and site is not None else None
        rows.append([*row, share(c, n), ratio])
    notes = [
        "进厂计量与投放点实测并列，从不相加；可回收物、有害垃圾不计入清运量",
        "进厂计量只列按月导入的数；合计为所列各月之和",
    ]
    totals: dict[int, Cell] = {7: share(covered, due), 8: None}
    if not any(v is not None for row in rows for v in row[1:]):
        rows = []
    return Table("清运量", "松江区生活垃圾清运量", "t", report.period.chinese, columns, rows,
                 notes, totals, "合计", empty="本期没有进厂计量，也没有投放点实测")  # fmt: skip


def write(report: Report, path: Path, anchor: str = "") -> None:
    """Write the workbook; anchor: as hazard.anchors.note()."""
    title = f"{report.title}（{report.period.chinese}）"
    with Workbook(path, title, DISCLAIMER, anchor) as workbook:
        workbook.add(_overview(report))
        workbook.add(_how(report))
        placed = workbook.add(_months(report))
        plot = Plot(
            "清运量图", "清运量（进厂计量）与清运量（投放点实测）", "t", 0, (3, 6), stacked=False
        )
        workbook.chart(placed, plot)
