"""Runs `qingyun rollup`, `qingyun events`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ... import reports
from ...common import output_form
from ...hazard import anchors
from ...reports import publish
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


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "rollup": _rollup,
    "events": _events,
}
