"""A filled report or plan as a workbook or CSV files: the forms, what each field comes from, and
what a person has to say or look at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...common.atomic_write import whole
from ...common.disclaimer import DISCLAIMER
from ...common.shown import CsvWriter
from ...office.table import Cell, Column, Table
from .fields import Filled
from .forms import FormColumn

DECIMALS = 6  # of a tonne: a gram


def _column(column: FormColumn, title: str) -> Column:
    is_mass = column.of in ("produced", "used", "sent", "opening", "closing")
    return Column(title, column.width, DECIMALS if is_mass else None)


def _form(filled: Filled, period: str) -> Table:
    notes = (
        f"{filled.form.source}；量以吨计，精确到克",
        "“—”为尚无人填写，见“待填”；每个字段的来源见“依据”",
    )
    sheet = filled.form.form if filled.form.form.startswith("A.") else "申报报告"
    values: list[list[Cell]] = [[f.value for f in row] for row in filled.rows]
    if filled.form.form == "A.1":  # one unit: its fields stand one below the other
        columns = [Column("项目", 34), Column("内容", 40)]
        pairs: list[list[Cell]] = [
            [title, value] for title, value in zip(filled.columns, values[0], strict=True)
        ]
        return Table(sheet, filled.title, "—", period, columns, pairs, notes)
    columns = [Column("序号", 5, centre=True)]
    columns += [
        _column(c, title) for c, title in zip(filled.form.columns, filled.columns, strict=True)
    ]
    rows: list[list[Cell]] = [[str(n), *row] for n, row in enumerate(values, 1)]
    return Table(sheet, filled.title, "吨", period, columns, rows, notes)


def _one_line(title: str) -> str:
    return title.replace("\n", "：")


def tables(made: Sequence[Filled], period: str) -> list[Table]:
    """The forms, then 依据, 待填 and 核对."""
    basis: list[list[Cell]] = []
    blank: list[list[Cell]] = []
    doubts: list[list[Cell]] = []
    for filled in made:
        form = filled.form.form if filled.form.form.startswith("A.") else "申报报告"
        for n, (name, row) in enumerate(zip(filled.names, filled.rows, strict=True), 1):
            basis += [
                [form, str(n), name, _one_line(title), str(f.value), f.basis]
                for title, f in zip(filled.columns, row, strict=True)
                if f.value not in (None, "") and f.basis
            ]
        blank += [[form, name, _one_line(title), hint] for name, title, hint in filled.empty()]
        doubts += [[form, line] for line in filled.doubts]
    where, about = Column("表", 9), Column("对象", 24)
    return [
        *(_form(f, period) for f in made),
        Table(
            *("依据", "每个字段的依据", "—", period),
            [
                where,
                Column("行", 5),
                about,
                Column("字段", 30),
                Column("值", 20),
                Column("来自", 60),
            ],
            basis,
        ),
        Table(
            *("待填", "尚无人填写的字段", "—", period),
            [where, about, Column("字段", 40), Column("参考", 50)],
            blank,
            ("写在登记文件夹的 declared.csv 中，下次自动填入",),
            empty="没有待填的字段",
        ),
        Table(
            *("核对", "需要核对的事项", "—", period),
            [where, Column("事项", 100)],
            doubts,
            empty="没有需要核对的事项",
        ),
    ]


def write_xlsx(
    made: Sequence[Filled], title: str, period: str, path: Path, anchor: str = ""
) -> None:
    """A workbook; anchor: as anchors.note()."""
    from ...office.xlsx import Workbook  # noqa: PLC0415  only where a workbook is written

    with Workbook(path, title, DISCLAIMER, anchor) as book:
        for table in tables(made, period):
            book.add(table)


def write_csv(made: Sequence[Filled], period: str, folder: Path) -> list[Path]:
    """A file for each sheet, in a folder."""
    written = []
    for table in tables(made, period):
        path = folder / f"{table.sheet}.csv"
        with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
            out = CsvWriter(file)
            out.writerow([_one_line(c.title) for c in table.columns])
            out.writerows(["" if v is None else str(v) for v in row] for row in table.rows)
        written.append(path)
    return written
