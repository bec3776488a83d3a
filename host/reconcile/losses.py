"""What is lost between truck and weighbridge without anybody's doing: the water of 湿垃圾, and what
one of two scales did not write down.

How much it is shows in the trips of the period themselves; how much it may be is set beforehand, so
that a loss of all trucks together is not taken for water."""

from __future__ import annotations

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from ..common.local_days import local_day
from ..registry import DRY, HAZARDOUS, RECYCLABLE, WET, csv_rows
from .model import Finding, Trip
from .robust import beyond, median_of
from .sums import E_BRIDGE_G, SIGMAS, bridge_share
from .trips import Usual

FILE = "losses.csv"
COLUMNS = ("stream", "low_percent", "high_percent", "from", "source")
_LEAST_TRIPS, _LEAST_TRUCKS = 5, 2  # before a period says anything of its own
_LEAST_SPREAD = 0.001
_OF_TRIP = 0.01  # standard deviation of a trip, where the period does not say
_SURE = 3.7  # as in verdicts
_BEFORE_S = 1_200  # a visit of which nothing was written down may be the first
# 95 % of a rectangle of half-width a is 0.95 a, and that of its standard deviation a / √3 as of a
# normal distribution 1.13 a (JCGM 100:2008, 4.3.7).
_RECTANGLE = 0.95 * math.sqrt(3) / SIGMAS


class Bounds(NamedTuple):
    """The share by which less may arrive than was lifted; below 0: more, of what was lifted and not
    written down."""

    low: float
    high: float


# Our assumption of 2026-11-30: no published figure was found of what trucks for 湿垃圾 lose on a
# route. A row of losses.csv takes its place.
ASSUMED: Mapping[str, Bounds] = {
    WET: Bounds(-0.01, 0.06),
    DRY: Bounds(-0.01, 0.01),
    RECYCLABLE: Bounds(-0.01, 0.01),
    HAZARDOUS: Bounds(-0.01, 0.01),
}


class Loss(NamedTuple):
    """share: of what was lifted, usually lost; error: its standard uncertainty; trip, truck, day:
    standard deviations of one trip, of a truck's and of a day's mean; n: trips it is known from, 0:
    it is what may be, and nothing is known. beyond: by how much the trips surely say more (less:
    below 0) than may be."""

    share: float
    error: float
    trip: float
    truck: float
    day: float
    n: int
    beyond: float = 0.0


def load(folder: Path, day: dt.date) -> dict[str, Bounds]:
    """What holds on a day: of each stream the latest row of losses.csv that has begun, else what is
    assumed. RegistryError names the first mistake."""
    found = dict(ASSUMED)
    if not (folder / FILE).exists():
        return found
    begun: dict[str, dt.date] = {}
    known: set[tuple[str, dt.date]] = set()
    for row in csv_rows(folder, FILE, COLUMNS):
        stream = row.one_of("stream", tuple(ASSUMED))
        low, high = (_share(row.optional(c)) for c in ("low_percent", "high_percent"))
        if low is None:
            raise row.fail("low_percent", "a number from -20 to 50")
        if high is None or high < low:
            raise row.fail("high_percent", "a number from low_percent to 50")
        row.text("source")
        since = row.date("from", dt.date.min)
        if (stream, since) in known:
            raise row.fail("from", f"another day than that of an earlier row of {stream}")
        known.add((stream, since))
        if since <= day and since >= begun.get(stream, dt.date.min):
            begun[stream], found[stream] = since, Bounds(low, high)
    return found


def _share(text: str) -> float | None:
    try:
        value = Decimal(text)
    except ArithmeticError:
        return None
    return float(value) / 100 if value.is_finite() and -20 <= value <= 50 else None


@dataclass
class _Shares:
    """What was lost of each trip: truck → (local day, share). bridge: standard uncertainty of the
    weighbridges, as a share; rounding: variances of their divisions, summed over trips."""

    of_truck: dict[str, list[tuple[int, float]]] = field(default_factory=lambda: defaultdict(list))
    bridge: float = 0.0
    rounding: float = 0.0
    trips: int = 0


def losses(
    trips: Iterable[Trip], usual: Usual, bounds: Mapping[str, Bounds], odd: Iterable[Finding]
) -> dict[str, Loss]:
    """Of each stream that has bounds. odd: what does not close of single visits and loads: their
    trips say nothing of what is usual."""
    times: dict[str, list[int]] = defaultdict(list)
    for f in odd:
        times[f.truck].append(f.t)
    shares: dict[str, _Shares] = defaultdict(_Shares)
    for trip in trips:
        load = trip.load
        if load is None or trip.grams <= 0 or usual.is_far(load, trip.grams):
            continue
        if not any(trip.lifts[0].t - _BEFORE_S <= t <= load.t for t in times[trip.truck]):
            of, lost = shares[load.stream], 1 - load.grams / trip.grams
            of.of_truck[trip.truck].append((local_day(load.t), lost))
            of.bridge = max(of.bridge, bridge_share(load.gross_g))
            of.rounding += 2 * E_BRIDGE_G**2 / 12 / trip.grams**2
            of.trips += 1
    return {s: _loss(shares[s], of) for s, of in bounds.items()}


def _loss(shares: _Shares, bounds: Bounds) -> Loss:
    means, errors = [], []
    left: dict[int, list[float]] = defaultdict(list)  # local day → what is left of the truck's mean
    for truck in sorted(shares.of_truck):
        known = shares.of_truck[truck]
        n = len(known)
        if n < _LEAST_TRIPS:
            continue
        mean = sum(v for _, v in known) / n
        means.append(mean)
        errors.append(math.sqrt(sum((v - mean) ** 2 for _, v in known) / (n - 1) / n))
        for day, v in known:
            left[day].append((v - mean) * math.sqrt(n / (n - 1)))
    if len(means) < _LEAST_TRUCKS:
        may = _RECTANGLE * (bounds.high - bounds.low) / math.sqrt(12)
        return Loss((bounds.low + bounds.high) / 2, may, _OF_TRIP, 0.0, 0.0, 0)
    of_truck = beyond(means, errors)
    share, error = median_of(means, errors, of_truck, _LEAST_SPREAD)
    error = math.hypot(error, shares.bridge)
    near = min(max(share, bounds.low), bounds.high)
    out = share - near
    all_of_trip, of_day = _of_days(left)
    # What a weighbridge rounds is in the interval of the weighbridge.
    of_trip = math.sqrt(max(0.0, all_of_trip**2 - shares.rounding / shares.trips))
    trips_known = sum(map(len, left.values()))
    return Loss(
        *(near, error, of_trip, of_truck, of_day, trips_known),
        out if abs(out) > max(_SURE * error, _LEAST_SPREAD) else 0.0,
    )


def _of_days(left: Mapping[int, list[float]]) -> tuple[float, float]:
    """Standard deviations of a trip, and of what all trips of a day share."""
    every = [v for each in left.values() for v in each]
    whole = sum(v * v for v in every) / len(every)
    pairs = sum(len(each) * (len(each) - 1) for each in left.values())
    # Of two trips of one day the mean product is the variance of the day.
    product = sum(sum(each) ** 2 - sum(v * v for v in each) for each in left.values())
    day = max(0.0, product / pairs) if pairs else 0.0
    return math.sqrt(max(0.0, whole - day)), math.sqrt(day)
