"""archive: move old days of readings from the database to Parquet files."""

from __future__ import annotations

import argparse
import datetime as dt

from ..common.local_days import LOCAL, date_of, local_day
from ..store import Store
from . import Command, db


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    p = command("archive", _archive, "move old days of readings into Parquet files")
    db(p)
    text = "days that stay in the database (default: 400)"
    p.add_argument("--keep-days", type=int, default=400, metavar="N", help=text)
    p.epilog = "Example: qingyun archive --db qingyun.db --keep-days 90"


def _archive(args: argparse.Namespace) -> int:
    store = Store(args.db)
    store.compact()
    today = local_day(int(dt.datetime.now(LOCAL).timestamp()))
    days = readings = 0
    for day, n in store.archive(today - args.keep_days):
        days += 1
        readings += n
        print(f"{date_of(day)}: {n} readings")
    print(f"{readings} readings of {days} days moved to {store.archived}")
    return 0
