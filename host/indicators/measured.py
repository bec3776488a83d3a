"""Figures measured by boards: collected mass by stream with its coverage, and day counts."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from operator import attrgetter

from ..registry import DRY, HAZARDOUS, RECYCLABLE, WET, Registry
from ..rollup.day_figures import Progress, update_figures
from ..rollup.day_sums import DaySum, StreamSum, sums_of
from ..rollup.period import days
from ..store import Store
from .catalog import Figure
from .series import Series

MASS = {
    "site_dry_t": DRY,
    "site_wet_t": WET,
    "site_recyclable_t": RECYCLABLE,
    "site_hazardous_t": HAZARDOUS,
}
ORIGIN = "投放点实测"


@dataclass
class _Year:
    values: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    seen: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    unfinished: int = 0


class Measured:
    """The source of measured figures, up to a last day; each year is rolled up once."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        last: dt.date,
        progress: Progress = iter,
    ) -> None:
        self._store, self._known, self._last, self._progress = store, registry, last, progress
        self._years: dict[int, _Year] = {}

    def source(self, figure: Figure, year: int) -> Series | None:
        """Masses in t, counts of days; None where nothing was measured."""
        if year not in self._years:
            self._years[year] = self._roll(year)
        rolled = self._years[year]
        values = rolled.values.get(figure.figure)
        if not values:
            return None
        seen = rolled.seen.get(figure.figure, {})
        return Series(figure, year, values, None, seen, ORIGIN, rolled.notes, rolled.unfinished)

    def _roll(self, year: int) -> _Year:
        first, last = dt.date(year, 1, 1), min(dt.date(year, 12, 31), self._last)
        months = self._months(first, last)
        rolled = _Year()
        if not any(month.reporting for month in months.values()):
            return rolled
        if last < dt.date(year, 12, 31):
            rolled.notes = (f"实测数据截至{last}",)
            rolled.unfinished = 0 if (last + dt.timedelta(1)).day == 1 else last.month
        for name, count, base in _COUNTS:
            rolled.values[name] = {
                m: Decimal(count(month)) for m, month in months.items() if base(month)
            }
        _add_masses(months, rolled)
        return rolled

    def _months(self, first: dt.date, last: dt.date) -> dict[int, _Month]:
        """The months with days from first to last."""
        months: dict[int, _Month] = defaultdict(_Month)
        span = days(first, last)
        if span:
            update_figures(self._store, self._known, last, self._progress)
        for date, day in zip(span, sums_of(self._store, self._known, span), strict=True):
            months[date.month].add(day)
            months[date.month].sites += len(self._known.sites)
        return {m: month for m, month in months.items() if month.sites}


@dataclass
class _Month:
    """Sums over the days of a month, as day_sums.DaySum; sites: days of sites."""

    streams: dict[str, StreamSum] = field(default_factory=lambda: defaultdict(StreamSum))
    due: int = 0
    cleared: int = 0
    fills: int = 0
    full: int = 0
    sites: int = 0
    reporting: int = 0

    def add(self, day: DaySum) -> None:
        for name, s in day.streams.items():
            stream = self.streams[name]
            stream.collected_g += s.collected_g
            stream.covered_s += s.covered_s
            stream.whole_s += s.whole_s
        self.due += day.due
        self.cleared += day.cleared
        self.fills += day.fills
        self.full += day.full
        self.reporting += day.reporting


# Figure, its count of a month, and the count without which a month has no figure.
_COUNTS: tuple[tuple[str, Callable[[_Month], int], Callable[[_Month], int]], ...] = (
    ("wet_days_due", attrgetter("due"), attrgetter("due")),
    ("wet_days_cleared", attrgetter("cleared"), attrgetter("due")),
    ("fill_bin_days", attrgetter("fills"), attrgetter("fills")),
    ("overflow_bin_days", attrgetter("full"), attrgetter("fills")),
    ("site_days", attrgetter("sites"), attrgetter("sites")),
    ("site_days_reporting", attrgetter("reporting"), attrgetter("sites")),
)


def _add_masses(months: Mapping[int, _Month], rolled: _Year) -> None:
    """Tonnes by stream. A month without coverage has no figure: it is not zero."""
    for name, stream in MASS.items():
        values, seen = rolled.values.setdefault(name, {}), rolled.seen.setdefault(name, {})
        for m, month in months.items():
            part = month.streams[stream]
            if part.covered_s:
                values[m] = Decimal(part.collected_g).scaleb(-6)
                seen[m] = part.covered_s, part.whole_s
