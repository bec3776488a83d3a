"""indicators, import-figures, report, export: tables for an office (see commands.run.office)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ..common import periods
from ..common.disclaimer import DISCLAIMER
from . import Command, by_engine, date, day, db, registry
from .parts import check

FORM = "what to write where FILE does not say it by its ending"


def _period(month: bool) -> Callable[[str], periods.Period]:
    def parse(text: str) -> periods.Period:
        form = "YYYY-MM" if month else "YYYY"
        try:
            period = periods.parse(text)
        except ValueError:
            period = None
        if period is None or bool(period.month) != month:
            raise argparse.ArgumentTypeError(f"expected {form}, found {text!r}")
        return period

    return parse


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    plan = "folder of definitions.csv and figures.csv (default: the plan of 2022)"
    p = command(
        "indicators",
        _run,
        "the 66 indicators of the plan: values and how, or why not",
    )
    db(p)
    registry(p)
    when = p.add_mutually_exclusive_group(required=True)
    when.add_argument("--year", type=_period(False), metavar="YYYY", help="a calendar year")
    when.add_argument("--month", type=_period(True), metavar="YYYY-MM", help="or one month")
    text = "what was imported and measured by the end of that day (default: today)"
    p.add_argument("--as-of", type=date, metavar="YYYY-MM-DD", help=text)
    p.add_argument("--format", choices=("table", "csv", "json", "xlsx"), help=FORM)
    p.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    p.add_argument("--plan", type=Path, metavar="DIR", help=plan)
    by_engine(p)
    p.epilog = "Example: qingyun indicators --db qingyun.db --year 2026 --out indicators.xlsx"

    _figures(command, plan)

    p = command("report", _run, "the monthly report of the district, to print")
    db(p)
    registry(p)
    text = "the month"
    p.add_argument("--month", type=_period(True), required=True, metavar="YYYY-MM", help=text)
    p.add_argument("--format", choices=("xlsx", "html"), help=FORM)
    p.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    p.epilog = "Example: qingyun report --db qingyun.db --month 2026-03 --out month.xlsx"

    p = command("export", _run, f"a day as JSON for a city platform ({DISCLAIMER})")
    db(p)
    registry(p)
    day(p)
    p.add_argument("--format", choices=("json", "ngsi-ld"), help=FORM)
    p.add_argument("--out", type=Path, metavar="FILE", help="where to (default: standard output)")
    p.epilog = "Example: qingyun export --db qingyun.db --date 2026-03-03 --out day.json"


def _figures(command: Command, plan: str) -> None:
    p = command("import-figures", _run, "store figures that people bring, from a table")
    db(p, needed=False)
    p.add_argument("file", type=Path, nargs="?", metavar="FILE", help="see docs/indicators.md")
    check(p)
    p.add_argument("--list", action="store_true", help="which figures there are")
    text = "what a file brought counts no longer: the first digits of its SHA-256"
    p.add_argument("--take-back", metavar="SHA256", help=text)
    p.add_argument("--by", metavar="NAME", help="with --take-back: who says so")
    p.add_argument("--reason", metavar="TEXT", help="with --take-back: why")
    p.add_argument("--show", nargs=2, metavar=("FIGURE", "PERIOD"), help="all that was ever said")
    p.add_argument("--plan", type=Path, metavar="DIR", help=plan)
    p.epilog = "Example: qingyun import-figures --db qingyun.db figures-2026.csv"


def _run(args: argparse.Namespace) -> int:
    from .run import office  # noqa: PLC0415

    return office.RUNS[args.part](args)
