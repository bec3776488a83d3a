"""A page of HTML with nothing outside it, which prints on A4 landscape."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from html import escape

from ..common.quantity import MISSING, percent, shown
from .table import Cell, Column, Table, totals

WIDE = 12  # columns from which on the letters become small
STYLE = """
@page { size: A4 landscape; margin: 12mm }
body { font: 13px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif;
  max-width: 1080px; margin: 1.5em auto; padding: 0 1em; color: #222 }
h1 { font-size: 20px; text-align: center; margin: 0 0 .4em }
h2 { font-size: 15px; margin: 1.6em 0 .3em }
table { border-collapse: collapse; width: 100% } thead { display: table-header-group }
tfoot { display: table-row-group } h2, p.u { break-after: avoid }
th, td { border: 1px solid #999; padding: 2px 6px } th { background: #ddebf7 }
tr { break-inside: avoid } td.n { text-align: right; font-variant-numeric: tabular-nums }
td.c { text-align: center; white-space: nowrap } tfoot td { background: #f2f2f2; font-weight: bold }
table.w { font-size: 9px } table.w th, table.w td { padding: 1px 2px }
@media print { body { max-width: none; margin: 0; padding: 0 2px; font-size: 12px }
  table.w { font-size: 7.5px } }
p.u { display: flex; justify-content: space-between; margin: .2em 0 }
p.x { margin: .2em 0; color: #444 } svg { width: 100%; height: auto; break-inside: avoid }
svg text { font-size: 11px; fill: #333 } svg .t { font-size: 14px; font-weight: bold }
svg .e { text-anchor: end } svg .m { text-anchor: middle } svg .g { stroke: #ddd }
"""


def _shown(column: Column, value: Cell) -> str:
    if value is None:
        return MISSING
    if isinstance(value, (str, dt.date)):
        return escape(str(value))
    places = column.decimals or 0
    if column.percent:
        return f"{percent(value, places)}%"
    return f"{Decimal(shown(value, places)):,f}"


def _line(columns: list[Column], row: list[Cell]) -> str:
    cells = []
    for column, value in zip(columns, row, strict=True):
        kind = (
            "c" if value is None or column.centre else ("n" if column.decimals is not None else "")
        )
        cells.append(f'<td class="{kind}">{_shown(column, value)}</td>')
    return f"<tr>{''.join(cells)}</tr>"


def table_html(table: Table) -> str:
    """Heading, unit, table with totals, notes."""
    columns = list(table.columns)
    head = "".join(f"<th>{escape(c.title).replace(chr(10), '<br>')}</th>" for c in columns)
    body = "\n".join(_line(columns, list(row)) for row in table.rows)
    if not table.rows:
        body = f'<tr><td class="c" colspan="{len(columns)}">{escape(table.empty)}</td></tr>'
    summed = table.total_label and table.rows
    foot = f"<tfoot>{_line(columns, totals(table))}</tfoot>" if summed else ""
    notes = "".join(f'<p class="x">注：{escape(note)}</p>' for note in table.notes)
    return (
        f"<h2>{escape(table.title)}</h2>"
        f'<p class="u"><span>统计期间：{escape(table.period)}</span>'
        f"<span>单位：{escape(table.unit)}</span></p>"
        f'<table class="{"w" if len(columns) > WIDE else ""}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody>{foot}</table>{notes}"
    )


def page(title: str, subtitle: str, parts: list[str], disclaimer: str) -> str:
    """The whole document."""
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
        f'<h1>{escape(title)}</h1><p class="u"><span>{escape(subtitle)}</span>'
        f"<span>{escape(disclaimer)}</span></p>\n" + "\n".join(parts) + "\n</body></html>\n"
    )
