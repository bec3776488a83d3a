"""The last weeks of each point, as booked: when bins were emptied, and whether a day was unlike
the others."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from statistics import median

from ..registry import Bin, Registry
from ..rollup import DAY_S
from ..store import Store, day_revisions
from ..store.day_revisions import PlatformDay

WEEKS_D, LEAST_D = 28, 14  # days before, and how many of them have to be measured
COVERED = 0.9  # share of its time that a day has to be measured to count
_SIGMA = 1.4826  # from the median of the absolute deviations to a standard deviation
_LEAST = 0.12  # the usual scatter is at least so much, of a logarithm
_LITTLE_SHARE, _LITTLE_G = 0.05, 3000  # of the median, g: what is added to each mass


@dataclass(frozen=True)
class Scatter:
    """A day's deposits of a stream, the median of the weeks before (g), and how many times their
    usual scatter it is off by."""

    date: dt.date
    grams: int
    median: int
    times: float


@dataclass
class SiteDays:
    """emptied: bin → the last day on which it was emptied; booked: the last day with figures;
    scatter: by stream."""

    emptied: dict[str, dt.date] = field(default_factory=dict)
    booked: dt.date | None = None
    scatter: dict[str, Scatter] = field(default_factory=dict)


def scatter_of(date: dt.date, grams: int, before: Sequence[int]) -> Scatter | None:
    """How unlike a day is, by the ratio to the median; None where too few days before it were
    measured. Robust: one day that was unlike too does not hide it. By ratios, a day of nothing is
    as unlike as one of many times as much, and a little of a small mass is not."""
    if len(before) < LEAST_D:
        return None
    middle = median(before)
    base = middle + _LITTLE_SHARE * middle + _LITTLE_G

    def ratio(mass: float) -> float:
        return abs(log((mass + base - middle) / base))

    usual = max(_LEAST, _SIGMA * median(map(ratio, before)))
    return Scatter(date, grams, round(middle), ratio(grams) / usual)


def of_rows(
    rows: Iterable[PlatformDay], bins: Mapping[str, Bin], yesterday: dt.date
) -> dict[str, SiteDays]:
    """site → its days, from those of its platforms up to yesterday."""
    found: dict[str, SiteDays] = defaultdict(SiteDays)
    masses: dict[tuple[str, str], dict[dt.date, list[int]]] = defaultdict(lambda: defaultdict(list))
    count: dict[tuple[str, str], int] = defaultdict(int)
    for b in bins.values():
        if b.channel:
            count[b.site, b.stream] += 1
    for row in rows:
        bin_ = bins.get(row.platform)
        if bin_ is None:
            continue
        of_site = found[bin_.site]
        of_site.booked = max(row.date, of_site.booked or row.date)
        if row.collections:
            days = of_site.emptied
            days[bin_.bin] = max(row.date, days.get(bin_.bin, row.date))
        if bin_.channel and row.covered_s >= COVERED * DAY_S:
            masses[bin_.site, bin_.stream][row.date].append(row.deposited)
    for (site, stream), by_date in masses.items():
        whole = {d: sum(g) for d, g in by_date.items() if len(g) == count[site, stream]}
        if yesterday in whole:
            before = [g for d, g in whole.items() if d < yesterday]
            if seen := scatter_of(yesterday, whole[yesterday], before):
                found[site].scatter[stream] = seen
    return dict(found)


def read(store: Store, registry: Registry, today: dt.date) -> dict[str, SiteDays]:
    """site → its days before today, of the figures that are booked."""
    day = (today - dt.date(1970, 1, 1)).days
    bins = {b.bin: b for b in registry.bins if b.device}
    rows = day_revisions.platform_days(store.database, day - 1 - WEEKS_D, day - 1)
    return of_rows(rows, bins, today - dt.timedelta(days=1))
