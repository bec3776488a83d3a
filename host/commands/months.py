"""close-month, adjustments: close a month, and list later changes of it."""

from __future__ import annotations

import argparse

from ..common import periods
from . import Command, db, registry


def add(command: Command) -> None:
    """Put these subcommands into the parser."""
    p = command("close-month", _run, "close a month: its figures stay what they are now")
    db(p)
    registry(p)
    p.add_argument("--month", type=_month, required=True, metavar="YYYY-MM", help="the month")
    p.add_argument("--by", required=True, metavar="NAME", help="who closes it")
    text = "close it unasked (default: show what is closed, and ask)"
    p.add_argument("--yes", action="store_true", help=text)
    p.epilog = "Example: qingyun close-month --db qingyun.db --month 2026-03 --by 'Li Ming'"

    p = command("adjustments", _run, "what came too late for closed months")
    db(p)
    text = "only of this month (default: of every closed one)"
    p.add_argument("--month", type=_month, metavar="YYYY-MM", help=text)
    p.epilog = "Example: qingyun adjustments --db qingyun.db --month 2026-03"


def _month(text: str) -> str:
    try:
        parsed = periods.parse(text)
    except ValueError:
        parsed = None
    if parsed is None or parsed.month is None:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM, found {text!r}")
    return str(parsed)


def _run(args: argparse.Namespace) -> int:
    from .run import months as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
