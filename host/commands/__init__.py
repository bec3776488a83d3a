"""The subcommands of `qingyun`, one module for each subject, and shared options."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path

from ..common.local_days import LOCAL
from ..common.store_address import StoreAddress

# What a subcommand does; the exit code.
Run = Callable[[argparse.Namespace], int]
# command(name, run, text) makes the parser of a subcommand.
Command = Callable[[str, Run, str], argparse.ArgumentParser]


def db(p: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Add --db; needed: a missing one is an error before the command runs."""
    text = "the database: a SQLite file, or postgresql://… (default: as the configuration says)"
    p.add_argument("--db", type=where, metavar="FILE", help=text)
    p.set_defaults(needs_db=needed)


def where(text: str) -> Path | str:
    """The value of --db: a file, or the address of a server."""
    return StoreAddress(text) if "://" in text else Path(text)


def registry(p: argparse.ArgumentParser) -> None:
    """Add --registry."""
    text = "folder of sites.csv, bins.csv … (default: as the configuration says, or registry)"
    p.add_argument("--registry", type=Path, default=Path("registry"), metavar="DIR", help=text)


def day(p: argparse.ArgumentParser) -> None:
    """Add --date."""
    text = "the day, 00:00 to 24:00 in Shanghai"
    p.add_argument("--date", type=date, required=True, metavar="YYYY-MM-DD", help=text)


def by_engine(p: argparse.ArgumentParser) -> None:
    """Add --engine."""
    text = (
        "let workers of this scheduler of Dask bring figures up to date (default: processes here)"
    )
    p.add_argument("--engine", metavar="dask://HOST:PORT", help=text)


def date(text: str) -> dt.date:
    """A date argument: YYYY-MM-DD, or `yesterday` in Shanghai."""
    if text == "yesterday":
        return dt.datetime.now(LOCAL).date() - dt.timedelta(1)
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected YYYY-MM-DD, found {text!r}") from None
    if not 2000 <= found.year <= 2100:
        raise argparse.ArgumentTypeError(f"expected a day from 2000 to 2100, found {text!r}")
    return found
