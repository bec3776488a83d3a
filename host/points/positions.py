"""Where sites are: the columns longitude and latitude of sites.csv, which it need not have.

Degrees of WGS 84, as GPS receivers give them. Maps of Chinese providers show GCJ-02, which lies
some hundred metres beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from ..registry import Row, csv_rows

_DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,7})?")


@dataclass(frozen=True)
class Position:
    """Degrees of WGS 84."""

    longitude: Decimal
    latitude: Decimal

    @property
    def degrees(self) -> tuple[float, float]:
        """Longitude, latitude."""
        return float(self.longitude), float(self.latitude)


def load(folder: Path) -> dict[str, Position]:
    """site → position, of the sites that have one; RegistryError names a mistake."""
    found = {}
    for row in csv_rows(folder, "sites.csv", ("site",)):
        if row.optional("longitude") or row.optional("latitude"):
            place = Position(_degrees(row, "longitude", 180), _degrees(row, "latitude", 90))
            found[row.name("site")] = place
    return found


def _degrees(row: Row, column: str, most: int) -> Decimal:
    text = row.optional(column)
    if not _DEGREES.fullmatch(text) or abs(Decimal(text)) > most:
        raise row.fail(column, f"degrees from -{most} to {most} with at most 7 decimals")
    return Decimal(text)
