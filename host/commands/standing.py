"""standing: what each platform can be believed (see commands.run.standing)."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, date, db, registry


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    text = "whether platforms can be believed, by what stood on them anyway"
    p = command("standing", _run, text)
    db(p)
    registry(p)
    p.add_argument("sites", nargs="*", metavar="SITE", help="only these sites (default: all)")
    p.add_argument("--month", metavar="YYYY-MM", help="as it was at the end of a month")
    text = "the first day whose tonnage is looked at (default: 30 days before the last)"
    p.add_argument("--from", dest="first", type=date, metavar="YYYY-MM-DD", help=text)
    text = "as it was at the end of this day (default: the last day with readings)"
    p.add_argument("--to", dest="last", type=date, metavar="YYYY-MM-DD", help=text)
    p.add_argument("--evidence", action="store_true", help="each weighing that it rests on too")
    p.add_argument("--json", action="store_true", help="as JSON, for other programs")
    text = "a file: .xlsx, .html or .json, with everything"
    p.add_argument("--out", type=Path, metavar="FILE", help=text)
    text = "keep every platform for the page /standing, as a nightly timer does (of yesterday)"
    p.add_argument("--keep", action="store_true", help=text)
    p.epilog = "Example: qingyun standing fs-01 --month 2026-03 --evidence"


def _run(args: argparse.Namespace) -> int:
    from .run import standing  # noqa: PLC0415

    return standing.run(args)
