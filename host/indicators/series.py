"""A figure over a year: values of its months and of the whole year, with their origin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from ..common.periods import Period, days_of
from ..rollup import day_bounds
from ..store import Store
from ..store.figures import Entry, in_force
from .catalog import Catalog, Figure

WHOLE = 13  # the key of a year's own value of a state: it holds at the year's end


@dataclass(frozen=True)
class Series:
    """A figure of one year, values in the figure's unit.

    months: month (1 to 12) -> value. whole: the year's own value. seen: month -> (measured,
    registered) seconds of bin-time, for measured figures. origin: documents and persons, or
    what measured. notes: for the reader."""

    figure: Figure
    year: int
    months: Mapping[int, Decimal] = field(default_factory=dict)
    whole: Decimal | None = None
    seen: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    origin: str = ""
    notes: tuple[str, ...] = ()
    unfinished: int = 0  # the month that is not over; 0: none
    of_whole: tuple[str, ...] = ()  # notes where the year's own value is used

    @property
    def empty(self) -> bool:
        return not self.months and self.whole is None


# Gives the series of a figure and year, or None. A missing month is absent, never zero.
Source = Callable[[Figure, int], Series | None]


def imported(store: Store, as_of: dt.date) -> Source:
    """The source of figures that had been imported by the end of a day."""
    entries = in_force(store, day_bounds(as_of)[1] - 1)

    def source(figure: Figure, year: int) -> Series | None:
        periods = {WHOLE: Period(year)} | {m: Period(year, m) for m in range(1, 13)}
        stated = {key: entries.get((figure.figure, str(p))) for key, p in periods.items()}
        own = {key: entry for key, entry in stated.items() if entry is not None}
        return _imported_series(figure, year, own) if own else None

    return source


def _imported_series(figure: Figure, year: int, entries: Mapping[int, Entry]) -> Series:
    """entries: by month, and WHOLE for the year; those without a value were withdrawn."""
    values = {key: Decimal(e.value) for key, e in entries.items() if e.value is not None}
    if not values:
        return Series(figure, year, notes=(f"已撤销：{_origin(entries.values())}",))
    origin = _origin(entries[key] for key in values)
    whole = values.pop(WHOLE, None)
    note = _difference(figure, values, whole)
    return Series(figure, year, values, whole, origin=origin, of_whole=(note,) if note else ())


def _origin(entries: Iterable[Entry]) -> str:
    return "；".join(dict.fromkeys(f"{e.source}，{e.entered_by}，{e.entered_on}" for e in entries))


def _difference(figure: Figure, months: Mapping[int, Decimal], whole: Decimal | None) -> str:
    """A note where the twelve months of a flow do not add up to the year's own value."""
    if figure.kind != "flow" or whole is None or len(months) != 12:
        return ""
    difference = sum(months.values()) - whole
    if not difference:
        return ""
    by = f"{difference.normalize():+f} {figure.unit}"
    return f"{figure.name}：12个月之和与年度数相差 {by}，采用年度数"


def calendar(last: dt.date) -> Source:
    """The source of the figure `days`: the days of each month that ended by `last`."""

    def source(figure: Figure, year: int) -> Series | None:
        if figure.figure != "days":
            return None
        months = {m: n for m in range(1, 13) if dt.date(year, m, n := days_of(year, m)) <= last}
        return Series(figure, year, {m: Decimal(n) for m, n in months.items()}, origin="日历")

    return source


class Figures:
    """Series of figures, each from the first of its sources that has a value.

    sources: name of a source in figures.csv -> source; a figure ignores those not given."""

    def __init__(self, catalog: Catalog, sources: Mapping[str, Source]) -> None:
        self.catalog = catalog
        self._sources = sources
        self._cache: dict[tuple[str, int], Series] = {}

    def get(self, name: str, year: int) -> Series:
        """The series of a figure; empty where no source has a value. KeyError for a name
        that is not in the catalog."""
        if (name, year) not in self._cache:
            self._cache[name, year] = self._find(self.catalog[name], year)
        return self._cache[name, year]

    def _find(self, figure: Figure, year: int) -> Series:
        offered = [
            series
            for name in figure.sources
            if (source := self._sources.get(name)) and (series := source(figure, year))
        ]
        valued = [s for s in offered if not s.empty]
        if not valued:
            return offered[0] if offered else Series(figure, year)
        first, *others = valued
        notes = tuple(f"{figure.name}：另有{o.origin}，未采用、未相加" for o in others)
        return Series(**(vars(first) | {"notes": first.notes + notes}))
