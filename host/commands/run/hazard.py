"""What the subcommands of hazardous waste share."""

from __future__ import annotations

import argparse
import time
from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from pathlib import Path

from ...common import terminal
from ...common.errors import UsageError
from ...common.periods import Period, parse
from ...hazard import HazardError, manual_entries, register, sheets
from ...registry import Bin
from ...rollup import day_bounds
from ..known import names


def moment(args: argparse.Namespace) -> int:
    """--now, or the clock."""
    if args.now is None:
        return int(time.time())
    found = sheets.parse_time(args.now)
    if found is None:
        raise UsageError(f"--now: expected YYYY-MM-DD HH:MM, found {args.now!r}")
    return found


def month(text: str) -> Period:
    """--month"""
    try:
        found = parse(text)
    except ValueError:
        found = None
    if found is None or not found.month:
        raise HazardError(f"--month: expected YYYY-MM, found {text!r}")
    return found


def bounds(period: Period) -> tuple[int, int]:
    """First second of a period and of what follows."""
    return day_bounds(period.first)[0], day_bounds(period.last)[1]


def grams(text: str) -> int:
    """--kg in g."""
    try:
        value = Decimal(text) * 1000
    except ArithmeticError:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= manual_entries.MOST_G or value != int(value):
        raise HazardError(f"--kg: expected more than 0 and at most 60000 kg, found {text!r}")
    return int(value)


def known_store(name: str | None, used: Collection[str], folder: Path) -> None:
    """HazardError when neither rows nor the registry have a store of this name."""
    if name is None or name in used:
        return
    stores = register.load(folder).stores if register.present(folder) else {}
    if name not in stores:
        found = names(sorted({*used, *stores}))
        raise HazardError(f"--store: expected one of stores.csv ({found}), found {name!r}")


def watched(bins: Sequence[Bin]) -> Iterable[Bin]:
    """Platforms, with a bar on a terminal while their readings are read."""
    return terminal.watched(bins, "reading")
