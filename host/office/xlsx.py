"""Workbooks as an office expects them: title, unit, period, numbered table, totals, notes,
sized for A4 landscape with the head repeated on every page.

Formulas carry their value, so that a viewer that does not calculate shows it too."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from types import TracebackType

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from ..common.atomic_write import whole
from ..common.quantity import MISSING
from .table import COLOURS, Cell, Column, Table, lines, totals

FONT = "宋体"
A4 = 9
LINE_PT = 14.0
PAGE_PT = 784.0, 516.0  # of A4 landscape within the margins: width, height
SURE = 0.95  # of the page is used: programs differ in column widths
KEPT = 3  # rows that stay with the notes
# No time of its making, so that the same figures are the same bytes; as in the ZIP around them.
MADE = dt.datetime(1980, 1, 1)


def breaks(columns: Sequence[Column], heights: Sequence[float], tail: float) -> list[int]:
    """The rows that begin a page (0-based), so that the notes below the table, tail points high,
    are not alone on the last page: the last KEPT rows go with them."""
    wide = sum(c.width * 5.25 + 3.75 for c in columns)  # points, by the letters of Calibri 11
    head = 28 + 15 + LINE_PT * max(lines(c.title, c.width) for c in columns) + 6
    room = PAGE_PT[1] * max(1.0, wide / PAGE_PT[0]) * SURE - head
    starts, used = [0], 0.0
    for n, height in enumerate(heights):
        if n and used + height > room:
            starts.append(n)
            used = 0.0
        used += height
    if used + tail > room and len(heights) > starts[-1] + 1:
        starts.append(max(starts[-1] + 1, len(heights) - KEPT))
    return starts[1:]


@dataclass(frozen=True)
class Placed:
    """The first and last row of a table in its sheet, 0-based."""

    table: Table
    first: int
    last: int


@dataclass(frozen=True)
class Plot:
    """Columns above the rows of a table, and a share from 0 to 1 as a line."""

    sheet: str
    title: str
    unit: str
    label: int
    columns: Sequence[int]
    share: int | None = None
    stacked: bool = True
    joined: bool = True  # rows follow each other in time: the share is a line


class Workbook:
    """A workbook that is complete at the end of the `with` block; OfficeError if it cannot be
    written."""

    def __init__(self, path: Path, title: str, disclaimer: str, anchor: str = "") -> None:
        """disclaimer: below each table. anchor: a note of the first sheet."""
        self._path = path
        self._anchor = anchor
        self._made = io.BytesIO()
        self._book = xlsxwriter.Workbook(
            self._made, {"in_memory": True, "strings_to_formulas": False}
        )
        self._book.set_properties({"title": title, "comments": disclaimer, "created": MADE})
        self._disclaimer = disclaimer
        self._formats: dict[tuple[tuple[str, object], ...], Format] = {}

    def __enter__(self) -> Workbook:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        if kind is None:
            self._book.close()
            with whole(self._path) as part:
                part.write_bytes(self._made.getvalue())

    def _format(self, **more: object) -> Format:
        base: dict[str, object] = {"font_name": FONT, "font_size": 10, "valign": "vcenter"}
        key = tuple(sorted((base | more).items()))
        if key not in self._formats:
            self._formats[key] = self._book.add_format(dict(key))
        return self._formats[key]

    def _cell(self, column: Column, **more: object) -> Format:
        if column.decimals is not None:
            more |= {"align": "right", "num_format": column.number_format}
        else:
            more |= {"text_wrap": True, "align": "center" if column.centre else "left"}
        return self._format(border=1, **more)

    def add(self, table: Table) -> Placed:
        """Add a sheet with the table, ready to print."""
        sheet = self._book.add_worksheet(table.sheet)
        last_col = len(table.columns) - 1
        for i, column in enumerate(table.columns):
            sheet.set_column(i, i, column.width)
        sheet.set_row(0, 28)
        sheet.merge_range(
            *(0, 0, 0, last_col), table.title, self._format(bold=True, font_size=16, align="center")
        )
        sheet.write_string(1, 0, f"统计期间：{table.period}", self._format())
        sheet.write_string(1, last_col, f"单位：{table.unit}", self._format(align="right"))
        head = self._format(bold=True, border=1, align="center", text_wrap=True, bg_color="#DDEBF7")
        for i, column in enumerate(table.columns):
            sheet.write_string(2, i, column.title, head)
        sheet.set_row(2, LINE_PT * max(lines(c.title, c.width) for c in table.columns) + 6)
        heights = [self._row(sheet, 3 + n, table.columns, row) for n, row in enumerate(table.rows)]
        first, last = 3, 2 + len(table.rows)
        below = last + 1
        if not table.rows:
            empty_format = self._format(border=1, align="center")
            sheet.merge_range(below, 0, below, last_col, table.empty, empty_format)
            below += 1
        elif table.total_label:
            self._totals(sheet, table, first, last)
            below += 1
        tail = LINE_PT * (below - last - 1)
        anchor = (self._anchor,) if self._anchor else ()
        self._anchor = ""
        for n, note in enumerate((*table.notes, *anchor, self._disclaimer)):
            text = f"{'注：' if n == 0 else ''}{note}"
            tail += self._note(sheet, below + n, table.columns, text)
        below += len(table.notes) + len(anchor) + 1
        self._page(sheet, below - 1, last_col)
        sheet.fit_to_pages(1, 1 if table.one_page else 0)
        if not table.one_page:
            sheet.set_h_pagebreaks([first + n for n in breaks(table.columns, heights, tail)])
        sheet.repeat_rows(0, 2)
        sheet.freeze_panes(3, 0)
        return Placed(table, first, last)

    def _row(
        self, sheet: Worksheet, r: int, columns: Sequence[Column], row: Sequence[Cell]
    ) -> float:
        """How high it is, in points."""
        for i, (column, value) in enumerate(zip(columns, row, strict=True)):
            self._write(sheet, (r, i), value, self._cell(column), self._missing())
        tall = max(
            lines(v, c.width) if isinstance(v, str) else 1
            for c, v in zip(columns, row, strict=True)
        )
        height = min(400.0, LINE_PT * tall + 4)
        sheet.set_row(r, height)
        return height

    def _missing(self) -> Format:
        return self._format(border=1, align="center")

    @staticmethod
    def _write(
        sheet: Worksheet, cell: tuple[int, int], value: Cell, fmt: Format, missing: Format
    ) -> None:
        r, c = cell
        if value is None:
            sheet.write_string(r, c, MISSING, missing)
        elif isinstance(value, str):
            sheet.write_string(r, c, value, fmt)
        elif isinstance(value, dt.date):
            sheet.write_string(r, c, value.isoformat(), fmt)
        else:
            sheet.write_number(r, c, float(value), fmt)

    def _totals(self, sheet: Worksheet, table: Table, first: int, last: int) -> None:
        r = last + 1
        shade: dict[str, object] = {"bold": True, "bg_color": "#F2F2F2"}
        plain = self._format(border=1, align="center", **shade)
        for i, (column, value) in enumerate(zip(table.columns, totals(table), strict=True)):
            fmt = plain if isinstance(value, str) else self._cell(column, **shade)
            if column.total and value is not None and i not in table.totals:
                span = f"{xl_rowcol_to_cell(first, i)}:{xl_rowcol_to_cell(last, i)}"
                sheet.write_formula(r, i, f"=SUM({span})", fmt, float(value))  # type: ignore[arg-type]
            else:
                self._write(sheet, (r, i), value, fmt, plain)
        sheet.set_row(r, LINE_PT + 4)

    def _note(self, sheet: Worksheet, r: int, columns: Sequence[Column], text: str) -> float:
        """How high it is, in points."""
        sheet.merge_range(r, 0, r, len(columns) - 1, text, self._format(text_wrap=True))
        height = LINE_PT * lines(text, sum(c.width for c in columns)) + 2
        sheet.set_row(r, height)
        return height

    def _page(self, sheet: Worksheet, last_row: int, last_col: int) -> None:
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 1)
        sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        sheet.center_horizontally()
        sheet.print_area(0, 0, last_row, last_col)
        sheet.set_footer(f"&L{self._disclaimer}&C第 &P 页 共 &N 页")

    def chart(self, placed: Placed, plot: Plot) -> None:
        """Add a sheet of one page with a plot; nothing if all of it is empty."""
        rows = placed.table.rows
        if not any(isinstance(row[c], (int, float, Decimal)) for row in rows for c in plot.columns):
            return
        name = f"='{placed.table.sheet}'!"

        def cells(column: int) -> str:
            letter = xl_col_to_name(column)
            return f"{name}${letter}${placed.first + 1}:${letter}${placed.last + 1}"

        def series(column: int) -> dict[str, object]:
            head = f"{name}${xl_col_to_name(column)}$3"
            return {"name": head, "categories": cells(plot.label), "values": cells(column)}

        chart = self._book.add_chart(
            {"type": "column"} | ({"subtype": "stacked"} if plot.stacked else {})
        )
        for column, colour in zip(plot.columns, COLOURS, strict=False):
            chart.add_series(series(column) | {"fill": {"color": colour}, "gap": 60})
        if plot.share is not None:
            share = self._book.add_chart({"type": "line"})
            line = {"color": "#7F7F7F", "width": 1.5} if plot.joined else {"none": True}
            mark = {"type": "circle", "size": 5, "fill": {"color": "#7F7F7F"}}
            share.add_series(series(plot.share) | {"y2_axis": True, "line": line, "marker": mark})
            share.set_y2_axis({"name": "覆盖率", "min": 0, "max": 1, "num_format": "0%"})
            chart.combine(share)
        chart.set_title({"name": plot.title, "name_font": {"size": 12}})
        grid = {"visible": True, "line": {"color": "#D9D9D9"}}
        chart.set_y_axis({"name": plot.unit, "min": 0, "major_gridlines": grid})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 960, "height": CHART_ROWS * 20})
        sheet = self._book.add_worksheet(plot.sheet)
        sheet.insert_chart(0, 0, chart)
        sheet.write_string(CHART_ROWS, 0, f"注：{self._disclaimer}", self._format())
        self._page(sheet, CHART_ROWS, 14)


CHART_ROWS = 31
