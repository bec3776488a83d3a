"""A figure over a period: its months, its whole year, who says so – or why it is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
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
    """months: month -> value. whole: the year's own value. seen: month -> (covered, due)
    seconds of bin-time, for what was measured. origin: document and person, or what measured."""

    figure: Figure
    year: int
    months: Mapping[int, Decimal] = field(default_factory=dict)
    whole: Decimal | None = None
    seen: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    origin: str = ""
    notes: tuple[str, ...] = ()
    unfinished: int = 0  # the month that is not over
    of_whole: tuple[str, ...] = ()  # notes where the year's own value is used

    @property
    def empty(self) -> bool:
        return not self.months and self.whole is None


# Gives a figure of a year, or None. A month that is missing is absent, never zero.
Source = Callable[[Figure, int], Series | None]


def _said(entries: list[Entry]) -> str:
    return "；".join(dict.fromkeys(f"{e.source}，{e.entered_by}，{e.entered_on}" for e in entries))


def imported(store: Store, as_of: dt.date) -> Source:
    """What people had imported by the end of a day."""
    known = in_force(store, day_bounds(as_of)[1] - 1)

    def source(figure: Figure, year: int) -> Series | None:
        year_entry = known.get((figure.figure, str(Period(year))))
        months = {m: known.get((figure.figure, str(Period(year, m)))) for m in range(1, 13)}
        valued = {m: e for m, e in months.items() if e is not None and e.value is not None}
        values = {m: Decimal(e.value) for m, e in valued.items() if e.value is not None}
        whole = year_entry if year_entry is not None and year_entry.value is not None else None
        used = ([whole] if whole else []) + list(valued.values())
        if not used:
            gone = [e for e in (year_entry, *months.values()) if e is not None]
            notes = (f"已撤销：{_said(gone)}",) if gone else ()
            return Series(figure, year, notes=notes) if gone else None
        total = Decimal(whole.value) if whole is not None and whole.value is not None else None
        apart: tuple[str, ...] = ()
        if figure.kind == "flow" and total is not None and len(values) == 12:
            difference = sum(values.values()) - total
            if difference:
                by = f"{difference.normalize():+f} {figure.unit}"
                apart = (f"{figure.name}：12个月之和与年度数相差 {by}，采用年度数",)
        return Series(figure, year, values, total, origin=_said(used), of_whole=apart)

    return source


def calendar(last: dt.date) -> Source:
    """The days of each month that is over."""

    def source(figure: Figure, year: int) -> Series | None:
        if figure.figure != "days":
            return None
        months = {m: n for m in range(1, 13) if dt.date(year, m, n := days_of(year, m)) <= last}
        return Series(figure, year, {m: Decimal(n) for m, n in months.items()}, origin="日历")

    return source


class Figures:
    """Every figure, from the first of its sources that has it.

    sources: name in figures.csv -> who gives it; a source that is not there gives nothing."""

    def __init__(self, catalog: Catalog, sources: Mapping[str, Source]) -> None:
        self.catalog = catalog
        self._sources = sources
        self._known: dict[tuple[str, int], Series] = {}

    def get(self, name: str, year: int) -> Series:
        """The series; empty where nobody has it."""
        if (name, year) not in self._known:
            self._known[name, year] = self._find(self.catalog[name], year)
        return self._known[name, year]

    def _find(self, figure: Figure, year: int) -> Series:
        found = [
            series
            for name in figure.sources
            if (source := self._sources.get(name)) and (series := source(figure, year))
        ]
        valued = [s for s in found if not s.empty]
        if not valued:
            return found[0] if found else Series(figure, year)
        first, *others = valued
        notes = tuple(f"{figure.name}：另有{o.origin}，未采用、未相加" for o in others)
        return Series(**(vars(first) | {"notes": first.notes + notes}))
