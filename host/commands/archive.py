"""archive: move old days of readings from the database to Parquet files."""

from __future__ import annotations

import argparse

from . import Command, db


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("archive", _run, "move old days of readings into Parquet files")
    db(p)
    text = "days that stay in the database (default: 400)"
    p.add_argument("--keep-days", type=int, default=400, metavar="N", help=text)
    p.epilog = "Example: qingyun archive --db qingyun.db --keep-days 90"


def _run(args: argparse.Namespace) -> int:
    from .run import archive as runner  # noqa: PLC0415

    return runner.RUNS[args.part](args)
