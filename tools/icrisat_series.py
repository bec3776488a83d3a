"""Six real outdoor load cells (ICRISAT, 2018): reading the file and saying what is in it.

Source: ICRISAT-GEMS LoadCellDataProcessing (GPL-3), `sector,treatment,timestamp,mass_g`.
The clock of the file is local time, UTC+5:30: the pots lose water in its daylight.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, median, quantiles

from site_registry import BadInput

INDIA = dt.timezone(dt.timedelta(hours=5, minutes=30))
CADENCE_S = 900
SUPPLY_GAP_S = 32 * 60  # more than 30 min between rows, with 2 min for an unsteady clock
OUTAGE_S = 5400  # six rows missing: not the radio, the supply
WATERING_G = 500
IMPULSE_G = 300


@dataclass(frozen=True)
class Sample:
    """t: Unix seconds UTC; grams: as the file has it."""

    t: int
    grams: float

    def local(self) -> str:
        return f"{dt.datetime.fromtimestamp(self.t, INDIA):%m-%d %H:%M}"


def read_cells(path: Path) -> dict[str, list[Sample]]:
    """sector -> its rows in time order; BadInput names the line and what was expected."""
    cells: dict[str, list[Sample]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            for column in ("sector", "timestamp", "mass_g"):
                if column not in (reader.fieldnames or []):
                    raise BadInput(f"{path}:1: expected a column {column}")
            for row in reader:
                where = f"{path}:{reader.line_num}"
                sample = _sample(where, row["timestamp"], row["mass_g"])
                cell = cells.setdefault(row["sector"], [])
                if cell and sample.t <= cell[-1].t:
                    raise BadInput(f"{where}: timestamp: expected later than the row before")
                cell.append(sample)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path}: expected UTF-8 CSV, {error}") from error
    if not cells:
        raise BadInput(f"{path}: expected at least one row")
    return cells


def _sample(where: str, timestamp: str | None, mass_g: str | None) -> Sample:
    try:
        local = dt.datetime.fromisoformat(timestamp or "").replace(tzinfo=INDIA)
    except ValueError:
        text = f"{where}: timestamp: expected YYYY-MM-DD HH:MM:SS, got {timestamp!r}"
        raise BadInput(text) from None
    try:
        grams = float(mass_g or "")
    except ValueError:
        grams = -1.0
    if not 0 <= grams < 1e6:
        raise BadInput(f"{where}: mass_g: expected 0..1000000, got {mass_g!r}")
    return Sample(int(local.timestamp()), grams)


def gaps(cell: list[Sample], longer_than_s: int) -> list[tuple[Sample, Sample]]:
    """Neighbouring rows with more than longer_than_s between them."""
    return [(a, b) for a, b in itertools.pairwise(cell) if b.t - a.t > longer_than_s]


def waterings(cell: list[Sample]) -> list[tuple[Sample, float]]:
    """(first row of the rise, g): an hour's median stands WATERING_G above that of the
    hour before. Rises less than 4 h apart are one; g is the highest median reached
    over the lowest before, so the water that runs through at once is not in it."""
    found: list[tuple[Sample, float, int]] = []
    for i in range(4, len(cell) - 4):
        before = median(s.grams for s in cell[i - 4 : i])
        after = median(s.grams for s in cell[i : i + 4])
        if after - before < WATERING_G or cell[i + 3].t - cell[i - 4].t > 4 * 3600:
            continue
        if found and cell[i].t - found[-1][2] < 4 * 3600:
            first, low, _ = found[-1]
            found[-1] = (first, low, cell[i].t)
        else:
            found.append((cell[i], before, cell[i].t))
    sizes = []
    for first, low, last in found:
        near = [s.grams for s in cell if first.t <= s.t <= last + 4 * 3600]
        peak = max(median(near[i : i + 4]) for i in range(max(1, len(near) - 3)))
        sizes.append((first, peak - low))
    return sizes


def _not_watered(
    found: list[tuple[Sample, float]], cell: list[Sample]
) -> list[tuple[Sample, float]]:
    wet = [s.t for s, _ in waterings(cell)]
    return [(s, g) for s, g in found if not any(0 <= s.t - t < 4 * 3600 for t in wet)]


def drops(cell: list[Sample]) -> list[tuple[Sample, float]]:
    """(first row, g) of falls that stay, found as waterings are; not in the 4 h after
    a watering, when surplus water runs off."""
    mirrored = waterings([Sample(s.t, -s.grams) for s in cell])
    return _not_watered([(Sample(s.t, -s.grams), -g) for s, g in mirrored], cell)


def impulses(cell: list[Sample]) -> list[tuple[Sample, float]]:
    """(row, g off) for single rows that stand IMPULSE_G or more away from the medians of
    four rows on either side while those agree with each other within a third of that;
    not in the 4 h after a watering, whose peak runs off within the hour."""
    found = []
    for i in range(4, len(cell) - 4):
        before = median(s.grams for s in cell[i - 4 : i])
        after = median(s.grams for s in cell[i + 1 : i + 5])
        off = cell[i].grams - (before + after) / 2
        if abs(off) >= IMPULSE_G and abs(after - before) < abs(off) / 3:
            found.append((cell[i], off))
    return _not_watered(found, cell)


def _steps(cell: list[Sample], hours: range) -> list[float]:
    """Changes (g) between regular neighbours that begin in these local hours."""
    return [
        b.grams - a.grams
        for a, b in itertools.pairwise(cell)
        if b.t - a.t < 1.3 * CADENCE_S and dt.datetime.fromtimestamp(a.t, INDIA).hour in hours
    ]


def _listed(what: str, found: list[tuple[Sample, float]]) -> Iterator[str]:
    yield f"  {what}: {len(found)}"
    for s, g in found:
        yield f"    {s.local()} {g / 1000:+.2f} kg"


def _describe_cell(cell: list[Sample]) -> Iterator[str]:
    spans = [b.t - a.t for a, b in itertools.pairwise(cell)]
    regular = sum(s <= 1.3 * CADENCE_S for s in spans)
    longer = len(gaps(cell, SUPPLY_GAP_S))
    one = len(spans) - regular - longer
    masses = [s.grams / 1000 for s in cell]
    night = [abs(x) for x in _steps(cell, range(5))]
    wide = quantiles(night, n=20)[-1]
    calm, dark = (
        4 * fmean(x for x in _steps(cell, hours) if abs(x) < IMPULSE_G)
        for hours in (range(8, 17), range(5))
    )
    yield f"  {cell[0].local()} .. {cell[-1].local()}"
    yield f"  mass {min(masses):.3f} .. {max(masses):.3f} kg"
    yield f"  first to last row {masses[-1] - masses[0]:+.3f} kg"
    yield f"  spacing: {regular} of 15 min, {one} with one row missing, {longer} longer"
    for a, b in gaps(cell, OUTAGE_S):
        hours, change = (b.t - a.t) / 3600, (b.grams - a.grams) / 1000
        yield f"  outage {a.local()} .. {b.local()}: {hours:.2f} h, {change:+.3f} kg"
    yield from _listed(f"waterings (>= {WATERING_G} g)", waterings(cell))
    yield from _listed(f"falls that stay (>= {WATERING_G} g)", drops(cell))
    yield from _listed(f"impulses of one row (>= {IMPULSE_G} g)", impulses(cell))
    yield f"  steps at night (00-05): median {median(night):.0f} g, 95 % {wide:.0f} g"
    yield f"  mean change: {calm:+.0f} g/h at 08-17, {dark:+.0f} g/h at 00-05"


def describe(cells: dict[str, list[Sample]]) -> Iterator[str]:
    """Lines of text: what the file holds, cell by cell. Needs a day of rows per cell."""
    yield f"{sum(map(len, cells.values()))} rows, {len(cells)} cells, local times (UTC+5:30)"
    for name, cell in cells.items():
        yield f"\n{name}: {len(cell)} rows"
        if cell[-1].t - cell[0].t >= 86400:
            yield from _describe_cell(cell)
