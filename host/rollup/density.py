"""How heavy a stream is in a bin: a table that an office can replace by its own."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from math import isqrt
from pathlib import Path

from ..registry import STREAMS, csv_rows

NAME = "densities.csv"
FILL_OFF = 50  # permille that one fill may be off by: uneven waste under one sensor


@dataclass(frozen=True)
class Density:
    """kg/m³ of a stream as it lies in a bin."""

    low: int
    typical: int
    high: int


def load(folder: Path) -> dict[str, Density]:
    """densities.csv of the registry, or the project's own where it has none. A stream
    without a line has no estimate."""
    name = f"{NAME}"
    folder = folder if (folder / name).exists() else Path(str(files("host.rollup")))
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


def estimate(density: Density, volume_l: int, fell: int) -> tuple[int, int]:
    """Grams that left a bin of this volume when its fill fell by so many permille, and
    how far that may be off: half the span of the densities, and what each of the two
    fills may be off by, as independent errors."""
    grams = volume_l * fell * density.typical // 1000
    by_density = volume_l * fell * (density.high - density.low) // 2000
    by_fill = isqrt(2 * (volume_l * FILL_OFF * density.typical // 1000) ** 2)
    return grams, isqrt(by_density**2 + by_fill**2)
