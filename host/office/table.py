"""A table as an office wants it, whatever it is written to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from rich.cells import cell_len

COLOURS = ("#595959", "#8B5A2B", "#2E75B6", "#C00000")  # 干 grey, 湿 brown, 可回收 blue, 有害 red
Cell = str | int | float | Decimal | dt.date | None


def lines(text: str, width: float) -> int:
    """How many lines a text takes where a Chinese character is two columns wide."""
    room = max(2, int(width) - 1)
    return sum(max(1, -(-cell_len(part) // room)) for part in text.split("\n"))


@dataclass(frozen=True)
class Column:
    """width in columns of a Latin character; decimals: a number is shown so; percent: a
    share from 0 to 1; total: add it up in the last row."""

    title: str
    width: float
    decimals: int | None = None
    percent: bool = False
    total: bool = False
    centre: bool = False

    @property
    def number_format(self) -> str:
        places = "0" if not self.decimals else "0." + "0" * self.decimals
        return places + "%" if self.percent else f"#,##{places}"


@dataclass(frozen=True)
class Table:
    """What one sheet shows. totals: given values of the total row by column, where adding
    up would be wrong (a share, say). one_page: made smaller until it fits. empty: what is
    said where there is no row."""

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
    """The last row: given, added up, or nothing."""
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
