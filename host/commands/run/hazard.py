"""Shared by the runs of hazardous waste subcommands."""

from __future__ import annotations

import argparse
import time
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from ...common import terminal
from ...common.errors import UsageError
from ...common.periods import Period, parse
from ...hazard import HazardError, manual_entries, register
from ...registry import Bin
from ...rollup import day_bounds
from ...tables.sheet import parse_time
from ..known import names


def moment(args: argparse.Namespace) -> int:
    """--now, or the present, in Unix seconds; UsageError for another text."""
    if args.now is None:
        return int(time.time())
    t = parse_time(args.now)
    if t is None:
        raise UsageError(f"--now: expected YYYY-MM-DD HH:MM, found {args.now!r}")
    return t


def month(text: str) -> Period:
    """--month; HazardError for another text."""
    try:
        period = parse(text)
    except ValueError:
        period = None
    if period is None or not period.month:
        raise HazardError(f"--month: expected YYYY-MM, found {text!r}")
    return period


def bounds(period: Period) -> tuple[int, int]:
    """First second of a period and of the next, Unix seconds."""
    return day_bounds(period.first)[0], day_bounds(period.last)[1]


def grams(text: str) -> int:
    """--kg in g; HazardError for another text."""
    try:
        value = Decimal(text) * 1000
    except ArithmeticError:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= manual_entries.MOST_G or value != int(value):
        raise HazardError(f"--kg: expected more than 0 and at most 60000 kg, found {text!r}")
    return int(value)


def known_store(name: str | None, used: Collection[str], folder: Path) -> None:
    """HazardError where neither `used` nor the registry has a store of this name."""
    if name is None or name in used:
        return
    stores = register.load(folder).stores if register.present(folder) else {}
    if name not in stores:
        choices = names(sorted({*used, *stores}))
        raise HazardError(f"--store: expected one of stores.csv ({choices}), found {name!r}")


def progress(bins: Sequence[Bin]) -> Iterable[Bin]:
    """Pass platforms on, with a progress bar on a terminal."""
    return terminal.with_progress(bins, "reading")
