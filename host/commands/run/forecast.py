"""Runs `qingyun forecast`."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from ... import registry
from ...common import terminal
from ...common.atomic_write import whole
from ...common.disclaimer import DISCLAIMER
from ...common.errors import UsageError
from ...common.output_form import form_of
from ...forecast import bins, collection_list
from ...office.table import Table
from ...registry import STREAMS, Bin, Registry
from ...store import Store
from ..known import names
from .hazard import moment


def run(args: argparse.Namespace) -> int:
    form = form_of(args.out, "csv xlsx html")
    known = registry.load(args.registry)
    is_off = bins.days_off(args.registry)
    wanted = _wanted(known, args.town, args.stream)
    now = moment(args)
    until = bins.tomorrow(now, args.collected)
    store = Store(args.db)
    try:
        store.compact()
        found = bins.worst_first(bins.forecasts(store, wanted, now, until, is_off))
    finally:
        store.close()
    _write(collection_list.table(found, known, now, until), args.out, form)
    unknown = sum(f.full_h is None and f.kg is None for f in found)
    print(f"{len(found)} bins, {unknown} of which nothing can be said yet")
    return 0


def _wanted(known: Registry, town: str | None, stream: str | None) -> list[Bin]:
    """The bins with a sensor at points; UsageError for a town or stream that is not known."""
    for option, value, allowed in (("town", town, known.towns), ("stream", stream, STREAMS)):
        if value is not None and value not in allowed:
            raise UsageError(f"--{option}: expected {names(allowed)}, found {value!r}")
    points = {s.site: s for s in known.sites.values() if s.kind != "hazardous"}
    return [
        b
        for b in known.bins
        if b.device
        and b.site in points
        and town in (None, points[b.site].town)
        and stream in (None, b.stream)
    ]


def _write(made: Table, path: Path | None, form: str | None) -> None:
    if path is None:
        _print(made)
    elif form == "xlsx":
        from ...office.xlsx import Workbook  # noqa: PLC0415  only where a workbook is written

        with Workbook(path, made.title, DISCLAIMER) as book:
            book.add(made)
    elif form == "html":
        from ...office.page import page  # noqa: PLC0415

        with whole(path) as part:
            part.write_text(page(made.title, made.period, [made], DISCLAIMER), encoding="utf-8")
    else:
        with whole(path) as part, part.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow([c.title for c in made.columns])
            out.writerows(["" if v is None else v for v in row] for row in made.rows)
    if path is not None:
        print(path)


def _print(made: Table) -> None:
    shown = terminal.table(f"{made.title}（{made.period}）")
    terminal.columns(shown, [c.title for c in made.columns])
    for row in made.rows:
        cells = zip(made.columns, row, strict=True)
        shown.add_row(*(_cell(v, percent=c.percent) for c, v in cells))
    terminal.console().print(shown)


def _cell(value: object, *, percent: bool) -> str:
    if value is None:
        return "—"
    if isinstance(value, float):
        return f"{value:.0%}" if percent else f"{value:.1f}"
    return str(value)
