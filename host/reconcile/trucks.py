"""Whose trucks are whose: trucks.csv, which a registry need not have."""

from __future__ import annotations

from pathlib import Path

from ..registry import Registry, csv_rows
from .plates import plate

FILE = "trucks.csv"


def load(folder: Path, known: Registry) -> dict[str, str]:
    """plate → contractor, by the file; RegistryError names the first mistake."""
    found: dict[str, str] = {}
    if not (folder / FILE).exists():
        return found
    contractors = {s.contractor: s for s in known.sites.values() if s.contractor}
    for row in csv_rows(folder, FILE, ("truck", "contractor")):
        truck = plate(row.text("truck"))
        if not truck:
            raise row.fail("truck", "a plate as 沪A12345")
        row.unique("truck", found, truck)
        row.known("contractor", contractors, "a contractor of sites.csv")
        found[truck] = row.text("contractor")
    return found
