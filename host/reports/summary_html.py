"""The monthly report as one page of HTML with plots."""

from __future__ import annotations

from collections.abc import Sequence

from ..common.disclaimer import DISCLAIMER
from ..office.bars import Bars, stacked
from ..office.page import page
from ..office.table import COLOURS, Cell, Column, Table
from ..registry import DRY, WET
from . import LABEL
from .summary import HAULED, Summary
from .summary_tables import NOTES, NOTHING, days, towns

COVERAGE = "#2E75B6"


def _by_day(summary: Summary, town: str | None = None) -> str:
    parts = {s: [summary.of((s,), town, d).tonnes for d in summary.dates] for s in HAULED}
    seen = [summary.of(HAULED, town, d).coverage for d in summary.dates]
    layers = [
        Bars(s, colour, [None if v is None else float(v) for v in parts[s]])
        for s, colour in zip(HAULED, COLOURS, strict=False)
    ]
    share = Bars("覆盖率", COVERAGE, [None if c is None else float(c) for c in seen])
    labels = [str(d.day) for d in summary.dates]
    return stacked(f"{town or '松江区'}{LABEL}逐日", "t", labels, layers, share)


def _by_town(summary: Summary) -> str:
    layers = []
    for stream, colour in zip((DRY, WET), COLOURS, strict=False):
        values = [summary.of((stream,), town).tonnes for town in summary.towns]
        layers.append(Bars(stream, colour, [None if v is None else float(v) for v in values]))
    seen = [summary.of(HAULED, town).coverage for town in summary.towns]
    share = Bars("覆盖率", COVERAGE, [None if c is None else float(c) for c in seen], joined=False)
    return stacked(f"各街镇{LABEL}", "t", summary.towns, layers, share)


def _matrix(summary: Summary) -> Table:
    """清运量 of each 街镇 by day."""
    columns = [Column("日期", 13, centre=True)]
    columns += [Column(town, 12, 3, total=True) for town in summary.towns]
    columns.append(Column(summary.whose, 13, 3, total=True))
    rows: list[list[Cell]] = []
    for d in summary.dates if summary.measured else ():
        each: list[Cell] = [summary.of(HAULED, town, d).tonnes for town in summary.towns]
        rows.append([d, *each, summary.of(HAULED, date=d).tonnes])
    title = f"各街镇逐日{LABEL}"
    return Table(
        "街镇逐日", title, "t", summary.period, columns, rows, NOTES, {}, "合计", empty=NOTHING
    )


def month(summary: Summary, more: Sequence[Table] = (), anchor: str = "") -> str:
    """The page; more: tables at its end; anchor: its last line (hazard.anchors.note)."""
    parts: list[str | Table] = [_by_day(summary), towns(summary), _by_town(summary)]
    parts += [days(summary), _matrix(summary), *more]
    title = f"{summary.whose}{LABEL}月报"
    return page(title, f"统计期间：{summary.period}", parts, DISCLAIMER, anchor)
