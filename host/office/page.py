"""A page of HTML with nothing outside it, which prints on A4 landscape."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..common.quantity import MISSING, percent, shown
from .table import Cell, Column, Table, totals

if TYPE_CHECKING:
    from jinja2 import Template

WIDE = 12  # tables with more columns get smaller letters


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415  only for HTML

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("page.html")


def _written(column: Column, value: Cell) -> str:
    """A cell as people read it."""
    if value is None:
        return MISSING
    if isinstance(value, (str, dt.date)):
        return str(value)
    places = column.decimals or 0
    if column.percent:
        return f"{percent(value, places)}%"
    return f"{Decimal(shown(value, places)):,f}"


def _kind(column: Column, value: Cell) -> str:
    """The class of a cell: c is centred, n a number."""
    if value is None or column.centre:
        return "c"
    return "n" if column.decimals is not None else ""


def page(
    title: str, subtitle: str, parts: Sequence[str | Table], disclaimer: str, anchor: str = ""
) -> str:
    """The whole document. parts: SVG as it is, and tables with totals and notes. anchor: the last
    line."""
    return _template().render(
        title=title,
        subtitle=subtitle,
        parts=parts,
        disclaimer=disclaimer,
        anchor=anchor,
        wide=WIDE,
        written=_written,
        kind=_kind,
        totals=totals,
    )
