"""explain: the events and figures of a day with their evidence."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import Command, day, db, registry


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("explain", _run, "why a day of a site is what it is, event by event")
    db(p)
    registry(p)
    day(p)
    p.add_argument("--site", required=True, help="the site")
    p.add_argument("--states", action="store_true", help="every change of state as well")
    text = "draw the day: a name ending in .svg or .png"
    p.add_argument("--out", type=Path, metavar="FILE", help=text)
    p.epilog = "Example: qingyun explain --db q.db --date 2026-03-03 --site fs-01 --out day.svg"


def _run(args: argparse.Namespace) -> int:
    from .run import explain as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
