"""Bulk densities of streams, for bins without a scale; an office can replace the table."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt
from pathlib import Path

from ..registry import STREAMS, csv_rows

NAME = "densities.csv"
FILL_OFF = 50  # uncertainty of one fill in permille: uneven waste under one sensor


@dataclass(frozen=True)
class Density:
    """Bulk density of a stream in a bin, kg/m³."""

    low: int
    typical: int
    high: int


def load(folder: Path) -> dict[str, Density]:
    """stream -> density from densities.csv of a registry, or the package's own. A stream without
    a line has no estimate. RegistryError names the first mistake."""
    name = f"{NAME}"
    folder = folder if (folder / name).exists() else Path(__file__).parent
    table: dict[str, Density] = {}
    columns = ("stream", "low_kg_m3", "typical_kg_m3", "high_kg_m3")
    for row in csv_rows(folder, name, columns):
        stream = row.one_of("stream", STREAMS)
        row.unique("stream", table, stream)
        low, typical, high = (row.thousandths(c, "1", "5000") // 1000 for c in columns[1:])
        if not low <= typical <= high:
            raise row.fail("typical_kg_m3", "a number between low_kg_m3 and high_kg_m3")
        table[stream] = Density(low, typical, high)
    return table


def estimate(density: Density, volume_l: int, fell: int, hidden: int = 0) -> tuple[int, int]:
    """Mass (g) that left a bin when its fill fell by `fell` permille, and its uncertainty (g):
    half the span of the densities and the errors of both fills, added in quadrature, and what may
    have been there unseen (hidden, permille)."""
    grams = volume_l * fell * density.typical // 1000
    by_density = volume_l * fell * (density.high - density.low) // 2000
    by_fill = isqrt(2 * (volume_l * FILL_OFF * density.typical // 1000) ** 2)
    unseen = volume_l * hidden * density.high // 1000
    return grams, isqrt(by_density**2 + by_fill**2) + unseen
