"""A table for an office, independent of the file format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich.cells import cell_len

COLOURS = ("#595959", "#8B5A2B", "#2E75B6", "#C00000")  # 干 grey, 湿 brown, 可回收 blue, 有害 red
Cell = str | int | float | Decimal | dt.date | None


def lines(text: str, width: float) -> int:
    """How many lines a text takes in a column of this width; a Chinese character is two wide."""
    room = max(2, int(width) - 1)
    return sum(max(1, -(-cell_len(part) // room)) for part in text.split("\n"))


@dataclass(frozen=True)
class Column:
    """width in Latin characters; decimals: of a number; percent: a share from 0 to 1 shown in
    percent; total: added up in the last row."""

    title: str
    width: float
    decimals: int | None = None
    percent: bool = False
    total: bool = False
    centre: bool = False

    @property
    def number_format(self) -> str:
        """The format of a spreadsheet cell."""
        places = "0" if not self.decimals else "0." + "0" * self.decimals
        return places + "%" if self.percent else f"#,##{places}"


@dataclass(frozen=True)
class Table:
    """One sheet. totals: values of the total row by column where adding up would be wrong, as for
    a share. one_page: scaled down to one page. empty: the text of a table without rows."""

    sheet: str
    title: str
    unit: str
    period: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    notes: Sequence[str] = ()
    totals: dict[int, Cell] = field(default_factory=dict)
    total_label: str = ""
    one_page: bool = False
    empty: str = "本期没有记录"


def totals(table: Table) -> list[Cell]:
    """The total row: given values, sums, or empty cells."""
    last: list[Cell] = []
    for i, column in enumerate(table.columns):
        values = [row[i] for row in table.rows]
        numbers = [Decimal(str(v)) for v in values if isinstance(v, (int, float, Decimal))]
        if i in table.totals:
            last.append(table.totals[i])
        elif column.total:
            last.append(sum(numbers, Decimal(0)) if numbers else None)
        else:
            last.append(table.total_label if i == 0 else "")
    return last
