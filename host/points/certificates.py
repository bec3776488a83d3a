"""When certificates end: certificates.csv of the registry folder, which provision writes.

It has names and days, no keys: the services that watch cannot open the folder of the fleet."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ..registry import csv_rows

FILE = "certificates.csv"
COLUMNS = ("certificate", "until")


def load(folder: Path) -> dict[str, dt.date]:
    """name → local day on which its certificate ends, of those that are not revoked; nothing where
    there is no such file. RegistryError names a mistake. A name is that of a board or of a service,
    broker, or ca for the authority."""
    if not (folder / FILE).exists():
        return {}
    found: dict[str, dt.date] = {}
    for row in csv_rows(folder, FILE, COLUMNS):
        name = row.name("certificate")
        row.unique("certificate", found, name)
        found[name] = row.date("until", dt.date.max)
    return {name: until for name, until in found.items() if until != dt.date.max}
