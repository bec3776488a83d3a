"""Messages that name what a database has, where it has not what was asked for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from ..common.errors import UsageError
from ..common.local_days import day_of
from ..rollup.closing import days_held
from ..store import Store

_SHOWN = 8  # names in one line


def names(values: Sequence[str]) -> str:
    """The first names, and the number of the others."""
    more = len(values) - _SHOWN
    return " ".join(values[:_SHOWN]) + (f" and {more} more" if more > 0 else "") or "none"


def device(store: Store, db: Path | str, name: str) -> None:
    """UsageError where the database has nothing of a board."""
    if name not in (devices := store.devices()):
        raise UsageError(
            f"--device: expected one that {db} knows ({names(devices)}), found {name!r}"
        )


def no_readings(db: Path | str, first: dt.date, last: dt.date) -> str:
    """A line where no reading is of these days; "" otherwise."""
    store = Store(db)
    try:
        store.compact()
        if store.dated(day_of(first), day_of(last)):
            return ""
        when = f"{first}" if first == last else f"{first} to {last}"
        return f"{db}: no readings of {when}; {days_held(store)}"
    finally:
        store.close()
