"""One table as the files that offices make of it."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from pathlib import Path

import openpyxl

HEAD = ["磅单号", "处置设施", "进厂时间", "品类", "毛重", "皮重", "净重", "单位"]


def tickets(n: int) -> list[list[object]]:
    """n rows of tickets in kg."""
    at = dt.datetime(2026, 3, 3, 8, 15)
    return [
        [
            f"B{i}",
            "天马焚烧厂",
            at + dt.timedelta(minutes=i),
            "干垃圾",
            31280.5,
            12460,
            18820.5,
            "kg",
        ]
        for i in range(n)
    ]


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
        for cell in book.active[book.active.max_row]:
            if cell.data_type == "f":  # a text that begins as a formula does
                cell.data_type = "s"
    book.save(path)
    return path


def csv(rows: Sequence[Sequence[object]], divided_by: str = ",") -> str:
    return "\n".join(divided_by.join(_text(v) for v in row) for row in rows) + "\n"


def web_page(rows: Sequence[Sequence[object]], charset: str = "gb2312") -> str:
    """As programs save it under the name of a workbook."""
    out = io.StringIO()
    out.write(f'<html><head><meta charset="{charset}"></head><body><table border=1>')
    for row in rows:
        out.write("<tr>" + "".join(f"<td>{_text(v)}</td>" for v in row) + "</tr>\n")
    out.write("</table></body></html>")
    return out.getvalue()


def _text(value: object) -> str:
    return value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, dt.datetime) else str(value)
