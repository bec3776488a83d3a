"""Runs `qingyun archive`."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable

from ...common.local_days import LOCAL, date_of, local_day
from ...store import Store


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
    for day, n in store.archive_anew():
        print(f"{date_of(day)}: {n} readings written anew, with the columns that all days have")
    return 0


RUNS: dict[str, Callable[[argparse.Namespace], int]] = {
    "archive": _archive,
}
