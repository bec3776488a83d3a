"""From which day on a board is expected: the column from of devices.csv, which it need not have.

A board may stand in the registry before it hangs on its wall; nobody is told that it is silent."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ..registry import csv_rows


def load(folder: Path) -> dict[str, dt.date]:
    """device → local day from which on it is expected, of those that have one; RegistryError names
    a mistake."""
    return {
        row.name("device"): row.date("from", dt.date.min)
        for row in csv_rows(folder, "devices.csv", ("device",))
        if row.optional("from")
    }
