"""Runs `qingyun rollup`, `qingyun events`, `qingyun cards`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ... import registry, reports
from ...common import output_form, terminal
from ...hazard import anchors
from ...reports import cards, publish
from ...store import Store
from .. import known
from . import engine
from .broker_options import broker_of


def _rollup(args: argparse.Namespace) -> int:
    where = broker_of(args, "--publish") if args.broker else None
    output_form.folder(args.out)
    output_form.form_of(args.xlsx, "xlsx", option="--xlsx")
    code = engine.bring(args, args.date, full=args.full)
    full = args.full and args.engine is None
    rows = reports.run_rollup(args.db, args.registry, args.date, args.out, full=full)
    if note := known.no_readings(args.db, args.date, args.date):
        print(note)
    files = ", ".join(str(args.out / name) for name in reports.FILES)
    print(f"{files}: written, {len(rows)} rows of {args.date}")
    if args.xlsx:
        from ...reports import summary_xlsx  # noqa: PLC0415  with what writes workbooks

        store = Store(args.db)
        anchor = anchors.note(store)
        store.close()
        summary_xlsx.write_day(args.date, rows, args.xlsx, anchor)
        print(f"{args.xlsx}: written")
    if where:
        sites = publish.daily(where, rows)
        print(f"{where}: the daily topics of {sites} sites published")
    return code


def _events(args: argparse.Namespace) -> int:
    if not reports.run_events(args.db, args.registry, args.date, args.site):
        where = f" at {args.site}" if args.site else ""
        print(known.no_readings(args.db, args.date, args.date) or f"{args.date}: no events{where}")
    return 0


def _cards(args: argparse.Namespace) -> int:
    output_form.form_of(args.out, "csv")
    store = Store(args.db)
    try:
        found = cards.of_day(
            store, args.registry, registry.load(args.registry), args.date, args.site
        )
    finally:
        store.close()
    if args.out:
        cards.write(args.out, args.date, found)
        print(f"{args.out}: written, {len(found)} cards of {args.date}")
        return 0
    table = terminal.table(f"{args.date} cards")
    terminal.columns(table, cards.COLUMNS[1:-3])
    terminal.columns(table, cards.COLUMNS[-3:-1], right=True)
    terminal.columns(table, cards.COLUMNS[-1:])
    for read in found:
        table.add_row(*map(str, cards.row(args.date, read)[1:]))
    terminal.console().print(table)
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "rollup": _rollup,
    "events": _events,
    "cards": _cards,
}
