"""Daily and monthly workbooks of what was collected."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from ..common.disclaimer import DISCLAIMER
from ..office.table import Table
from ..office.xlsx import Plot, Workbook
from ..rollup import DailyRow
from . import LABEL
from .summary import DISTRICT, Summary
from .summary_tables import days, details, sites, towns


def write_month(summary: Summary, path: Path, more: Sequence[Table] = (), anchor: str = "") -> None:
    """Write the monthly workbook; more: tables at its end; anchor: as hazard.anchors.note()."""
    title = f"{summary.whose}{LABEL}月报（{summary.period}）"
    with Workbook(path, title, DISCLAIMER, anchor) as workbook:
        workbook.add(towns(summary))
        placed = workbook.add(days(summary))
        title = f"{summary.whose}{LABEL}（{summary.period}）"
        workbook.chart(placed, Plot("逐日图", title, "t", 0, (1, 2), share=4))
        workbook.add(details(summary))
        for table in more:
            workbook.add(table)


def write_day(
    date: dt.date, rows: list[DailyRow], path: Path, anchor: str = "", whose: str = DISTRICT
) -> None:
    """Write the daily workbook of rows that were rolled up; anchor: as hazard.anchors.note();
    whose: of whom the rows are, as titles say."""
    date_text = f"{date.year}年{date.month}月{date.day}日"
    summary = Summary(date_text, date, date, rows, whose=whose)
    title = f"{summary.whose}{LABEL}日报（{summary.period}）"
    with Workbook(path, title, DISCLAIMER, anchor) as workbook:
        placed = workbook.add(towns(summary))
        title = f"{summary.whose}{LABEL}（{summary.period}）"
        workbook.chart(placed, Plot("街镇图", title, "t", 1, (2, 3), share=5, joined=False))
        workbook.add(sites(rows, summary.period, whose))
