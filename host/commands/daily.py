"""rollup, events: the figures of a day, and its events."""

from __future__ import annotations

import argparse
from pathlib import Path

from .. import reports
from ..common import output_form
from ..mqtt import broker
from ..reports import publish
from . import Command, day, db, known, registry


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("rollup", _rollup, "the daily report: three CSV files and a table")
    db(p)
    registry(p)
    day(p)
    text = "folder for the CSV files, made when absent (default: here)"
    p.add_argument("--out", type=Path, default=Path(), metavar="DIR", help=text)
    p.add_argument("--xlsx", type=Path, metavar="FILE", help="also a workbook to print")
    text = "compute all days anew from the readings, not only what changed"
    p.add_argument("--full", action="store_true", help=text)
    text = "also publish each site's daily topic at this broker"
    broker.add_arguments(p, "qingyun-rollup", "--publish", text=text)
    p.epilog = "Example: qingyun rollup --db qingyun.db --date 2026-03-03 --out reports"

    p = command("events", _events, "deposits and collections of a day, each with its evidence")
    db(p)
    registry(p)
    day(p)
    p.add_argument("--site", help="only this site")
    p.epilog = "Example: qingyun events --db qingyun.db --date 2026-03-03 --site fs-01"


def _rollup(args: argparse.Namespace) -> int:
    where = broker.from_arguments(args, "--publish") if args.broker else None
    output_form.folder(args.out)
    output_form.form_of(args.xlsx, "xlsx", option="--xlsx")
    rows = reports.run_rollup(args.db, args.registry, args.date, args.out, full=args.full)
    if note := known.no_readings(args.db, args.date, args.date):
        print(note)
    files = ", ".join(str(args.out / name) for name in reports.FILES)
    print(f"{files}: written, {len(rows)} rows of {args.date}")
    if args.xlsx:
        from ..reports import summary_xlsx  # noqa: PLC0415  with what writes workbooks

        summary_xlsx.write_day(args.date, rows, args.xlsx)
        print(f"{args.xlsx}: written")
    if where:
        sites = publish.daily(where, rows)
        print(f"{where}: the daily topics of {sites} sites published")
    return 0


def _events(args: argparse.Namespace) -> int:
    if not reports.run_events(args.db, args.registry, args.date, args.site):
        where = f" at {args.site}" if args.site else ""
        print(known.no_readings(args.db, args.date, args.date) or f"{args.date}: no events{where}")
    return 0
