"""The five tables of HJ 1259-2022 for export, with the origin of each column."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from ..common.atomic_write import whole
from ..common.disclaimer import DISCLAIMER
from ..common.shown import CsvWriter
from ..office.table import Cell, Column, Table
from .entry import MISSING, OPTIONAL, REGISTER, SCALE, TABLES, Entry

NOTES = (
    "来源：秤 = 由称重步得出；登记 = 登记表；台账 = 由先进先出推得；导入、人工 = 由文件、由人填写",
    "赋码 = 由本系统给出",
    "待补 = 秤无法知道，尚无人填写",
)


def missing(entry: Entry) -> list[str]:
    """Columns of an entry that have no value yet."""
    return [c for c in TABLES[entry.table] if c not in OPTIONAL and not entry.values.get(c)]


# Widths that fit twenty columns on one A4 page; longer texts wrap.
_WIDTHS = {"批次编码": 17.0, "时间": 11.0, "名称": 12.0, "废物代码": 12.0, "容器/包装编码": 12.0}
_WIDTHS |= {"类别": 6.5, "计量单位": 6.0, "数量": 7.0, "设施类型": 8.0, "识别码": 8.0}
_WIDTHS |= {"单位类型": 8.0, "管理单位": 8.0, "境外单位": 8.0}


def _width(column: str) -> float:
    return next((w for end, w in _WIDTHS.items() if column.endswith(end)), 9.0)


def table(name: str, entries: Sequence[Entry], period: str, head: str) -> Table:
    """One of the five tables."""
    columns = [Column("序号", 5, centre=True)]
    mass = TABLES[name][6]
    columns += [Column(c, _width(c), 3 if c == mass else None) for c in TABLES[name]]
    columns.append(Column("人工、导入或待补的列", 26))
    rows: list[list[Cell]] = []
    for n, e in enumerate((e for e in entries if e.table == name), 1):
        cells: list[Cell] = [
            Decimal(e.grams).scaleb(-3)
            if c == mass
            else e.values.get(c) or (None if c in OPTIONAL else MISSING)
            for c in TABLES[name]
        ]
        marks = [
            f"{c}：{e.value(c)[1]}"
            for c in TABLES[name]
            if c not in OPTIONAL and e.value(c)[1] not in (SCALE, REGISTER)
        ]
        rows.append([str(n), *cells, "；".join(marks)])
    title = f"危险废物{name}环节记录表"
    sheet = name.replace("/", "或")
    return Table(
        sheet,
        title,
        "kg",
        period,
        columns,
        rows,
        (*NOTES, f"台账链首：{head}"),
        empty=f"本期没有{name}环节的记录",
    )


def write_xlsx(
    entries: Sequence[Entry], period: str, head: tuple[int, str], path: Path, anchor: str = ""
) -> None:
    """A workbook of five sheets; anchor: as anchors.note()."""
    from ..office.xlsx import Workbook  # noqa: PLC0415  only where a workbook is written

    with Workbook(path, f"危险废物管理台账 {period}", DISCLAIMER, anchor) as made:
        for name in TABLES:
            made.add(table(name, entries, period, f"{head[0]}:{head[1]}"))


def write_csv(entries: Sequence[Entry], folder: Path) -> list[Path]:
    """A file for each table; beside each column who says it."""
    written = []
    for name, columns in TABLES.items():
        path = folder / f"{name.replace('/', '或')}.csv"
        with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
            out = CsvWriter(file)
            out.writerow([x for c in columns for x in (c, f"{c}来源")])
            for e in entries:
                if e.table == name:
                    out.writerow([x for c in columns for x in e.value(c)])
        written.append(path)
    return written
