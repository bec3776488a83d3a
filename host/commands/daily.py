"""rollup, events, cards: the figures of a day, its events, and the cards that were seen."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, broker_options, by_engine, day, db, registry


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("rollup", _run, "the daily report: three CSV files and a table")
    db(p)
    registry(p)
    day(p)
    text = "folder for the CSV files, made when absent (default: here)"
    p.add_argument("--out", type=Path, default=Path(), metavar="DIR", help=text)
    p.add_argument("--xlsx", type=Path, metavar="FILE", help="also a workbook to print")
    text = "compute all days anew from the readings, not only what changed"
    p.add_argument("--full", action="store_true", help=text)
    by_engine(p)
    text = "also publish each site's daily topic at this broker"
    broker_options.add(p, "qingyun-rollup", "--publish", text=text)
    p.epilog = "Example: qingyun rollup --db qingyun.db --date 2026-03-03 --out reports"

    p = command("events", _run, "deposits and collections of a day, each with its evidence")
    db(p)
    registry(p)
    day(p)
    p.add_argument("--site", help="only this site")
    p.epilog = "Example: qingyun events --db qingyun.db --date 2026-03-03 --site fs-01"

    p = command("cards", _run, "cards and tags that readers saw on a day, and what was brought")
    db(p)
    registry(p)
    day(p)
    p.add_argument("--site", help="only this site")
    p.add_argument("--out", type=Path, metavar="FILE", help="a file: .csv, instead of a table")
    p.epilog = "Example: qingyun cards --db qingyun.db --date 2026-03-03 --site fs-01"


def _run(args: argparse.Namespace) -> int:
    from .run import daily as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
