"""Figures that the boards measured: mass by stream with its coverage, who reported."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ..registry import DRY, HAZARDOUS, RECYCLABLE, WET, Bin, Registry
from ..rollup import DAY_S, DailyRow
from ..rollup.period import days, each_day
from ..store import Store
from .catalog import Figure
from .series import Series

MASS = {
    "site_dry_t": DRY,
    "site_wet_t": WET,
    "site_recyclable_t": RECYCLABLE,
    "site_hazardous_t": HAZARDOUS,
}
SEEN = 0.9  # share of the day that must be seen to say that a bin was not cleared
ORIGIN = "投放点实测"


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
        months = {m: _Month() for m in range(1, 13)}
        for date, day in zip(
            days(first, last),
            each_day(self._store, self._known, first, last, self._watched),
            strict=True,
        ):
            months[date.month].add(day.rows)
            months[date.month].sites += len(self._known.sites)
        months = {m: month for m, month in months.items() if month.sites}
        found = _Year()
        if not any(month.reporting for month in months.values()):
            return found
        if last < dt.date(year, 12, 31):
            found.notes = (f"实测数据截至{last}",)
            found.unfinished = 0 if (last + dt.timedelta(1)).day == 1 else last.month
        _masses(months, found)
        judged = {m: month for m, month in months.items() if month.due}
        _counts(found, "wet_days_due", {m: month.due for m, month in judged.items()})
        _counts(found, "wet_days_cleared", {m: month.cleared for m, month in judged.items()})
        told = {m: month for m, month in months.items() if month.fills}
        _counts(found, "fill_bin_days", {m: month.fills for m, month in told.items()})
        _counts(found, "overflow_bin_days", {m: month.full for m, month in told.items()})
        _counts(found, "site_days", {m: month.sites for m, month in months.items()})
        _counts(found, "site_days_reporting", {m: x.reporting for m, x in months.items()})
        return found


@dataclass
class _Stream:
    collected_g: int = 0
    covered_s: int = 0
    whole_s: int = 0


@dataclass
class _Month:
    """What the days of a month come to. due: days on which wet waste came to a point that
    was seen well enough to judge, cleared: those on which it was collected; sites, reporting:
    days of sites."""

    streams: dict[str, _Stream] = field(default_factory=lambda: defaultdict(_Stream))
    due: int = 0
    cleared: int = 0
    fills: int = 0
    full: int = 0
    sites: int = 0
    reporting: int = 0

    def add(self, rows: Sequence[DailyRow]) -> None:
        """The rows of one day."""
        for r in rows:
            stream = self.streams[r.stream]
            stream.collected_g += r.collected_g
            stream.covered_s += r.covered_s
            stream.whole_s += r.bins * DAY_S
            self.fills += r.fills
            self.full += r.full
            if r.stream == WET and r.deposited_g > 0 and (r.coverage or 0) >= SEEN:
                self.due += 1
                self.cleared += r.collections > 0
        self.reporting += len({r.site for r in rows if r.covered_s})


def _counts(found: _Year, name: str, counts: Mapping[int, int]) -> None:
    found.values[name] = {m: Decimal(n) for m, n in counts.items()}


def _masses(months: Mapping[int, _Month], found: _Year) -> None:
    """Tonnes by stream. A month in which nothing was seen has no figure: it is not zero."""
    for name, stream in MASS.items():
        values, seen = found.values.setdefault(name, {}), found.seen.setdefault(name, {})
        for m, month in months.items():
            part = month.streams[stream]
            if part.covered_s:
                values[m] = Decimal(part.collected_g).scaleb(-6)
                seen[m] = part.covered_s, part.whole_s
