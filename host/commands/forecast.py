"""forecast: when bins will be full, and what to collect tomorrow (see commands.run.forecast)."""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path

from . import Command, db, registry
from .parts import now


def add(command: Command) -> None:
    """Put this subcommand into the parser."""
    text = "when each bin will be full, and what will be in it tomorrow, worst first"
    p = command("forecast", _run, text)
    db(p)
    registry(p)
    now(p)
    p.add_argument("--town", help="only this 街镇")
    p.add_argument("--stream", help="only this stream")
    text = "of tomorrow: when it is collected, so that the masses are of then (default: 10:00)"
    p.add_argument("--collected", type=_clock, default=dt.time(10), metavar="HH:MM", help=text)
    text = "a file: .csv, .xlsx or .html, which print on A4 (default: a table)"
    p.add_argument("--out", type=Path, metavar="FILE", help=text)
    text = "keep it in the store: the page /collect and the alarms `filling` show the last one"
    p.add_argument("--keep", action="store_true", help=text)
    p.epilog = "Example: qingyun forecast --town 方松街道 --out tomorrow.xlsx"


def _clock(text: str) -> dt.time:
    try:
        return dt.datetime.strptime(text, "%H:%M").time()
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected HH:MM, found {text!r}") from None


def _run(args: argparse.Namespace) -> int:
    from .run import forecast  # noqa: PLC0415

    return forecast.run(args)
