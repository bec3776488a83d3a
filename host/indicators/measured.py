"""Figures that the boards measured: mass by stream with its coverage, who reported."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from host.indicators.catalog import Figure
from host.indicators.series import Series
from host.registry import DRY, HAZARDOUS, RECYCLABLE, WET, Bin, Registry
from host.rollup import DAY_S, DailyRow
from host.rollup.period import days, overflow_days, roll_days
from host.store import Store

MASS = {
    "site_dry_t": DRY,
    "site_wet_t": WET,
    "site_recyclable_t": RECYCLABLE,
    "site_hazardous_t": HAZARDOUS,
}
SEEN = 0.9  # share of the day that must be seen to say that a bin was not cleared
ORIGIN = "投放点实测"
Months = dict[int, list[DailyRow]]


@dataclass
class _Year:
    values: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    seen: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unfinished: int = 0


class Measured:
    """What the store's readings say of a year, up to a last day; rolled up once a year."""

    def __init__(
        self,
        store: Store,
        known: Registry,
        last: dt.date,
        watched: Callable[[Sequence[Bin]], Iterable[Bin]] = iter,
    ) -> None:
        self._store, self._known, self._last, self._watched = store, known, last, watched
        self._years: dict[int, _Year] = {}

    def source(self, figure: Figure, year: int) -> Series | None:
        if year not in self._years:
            self._years[year] = self._roll(year)
        found = self._years[year]
        values = found.values.get(figure.figure)
        if not values:
            return None
        seen = found.seen.get(figure.figure, {})
        return Series(figure, year, values, None, seen, ORIGIN, found.notes, found.unfinished)

    def _roll(self, year: int) -> _Year:
        first, last = dt.date(year, 1, 1), min(dt.date(year, 12, 31), self._last)
        rows = roll_days(self._store, self._known, first, last, self._watched)
        found = _Year()
        if not any(r.covered_s for r in rows):
            return found
        if last < dt.date(year, 12, 31):
            found.notes = (f"实测数据截至{last}",)
            found.unfinished = 0 if (last + dt.timedelta(1)).day == 1 else last.month
        months: Months = defaultdict(list)
        for r in rows:
            months[r.date.month].append(r)
        _masses(months, found)
        _clearings(months, found)
        fills = overflow_days(self._store, self._known, first, last)
        found.values["fill_bin_days"] = _by_month((d, bins) for d, (bins, _) in fills.items())
        found.values["overflow_bin_days"] = _by_month((d, full) for d, (_, full) in fills.items())
        sites = len(self._known.sites)
        found.values["site_days"] = _by_month((d, sites) for d in days(first, last))
        spoke = {(r.date, r.site): bool(r.covered_s) for r in rows if r.covered_s}
        reporting = dict.fromkeys(days(first, last), 0)
        for date, _ in spoke:
            reporting[date] += 1
        found.values["site_days_reporting"] = _by_month(reporting.items())
        return found


def _by_month(counts: Iterable[tuple[dt.date, int]]) -> dict[int, Decimal]:
    sums: dict[int, int] = defaultdict(int)
    for date, n in counts:
        sums[date.month] += n
    return {m: Decimal(n) for m, n in sums.items()}


def _masses(months: Mapping[int, list[DailyRow]], found: _Year) -> None:
    """Tonnes by stream. A month in which nothing was seen has no figure: it is not zero."""
    for name, stream in MASS.items():
        values, seen = found.values.setdefault(name, {}), found.seen.setdefault(name, {})
        for m, rows in months.items():
            part = [r for r in rows if r.stream == stream]
            covered = sum(r.covered_s for r in part)
            if covered:
                values[m] = Decimal(sum(r.collected_g for r in part)).scaleb(-6)
                seen[m] = covered, sum(r.bins for r in part) * DAY_S


def _clearings(months: Mapping[int, list[DailyRow]], found: _Year) -> None:
    """Days on which wet waste came and the point was seen well enough to judge."""
    due, cleared = found.values["wet_days_due"], found.values["wet_days_cleared"] = {}, {}
    for m, rows in months.items():
        wet = [r for r in rows if r.stream == WET and r.deposited_g > 0 and r.coverage >= SEEN]
        if wet:
            due[m] = Decimal(len(wet))
            cleared[m] = Decimal(sum(r.collections > 0 for r in wet))
