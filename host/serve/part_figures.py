"""Figures of the sites of one scope: read again whenever those of the district were."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Collection
from dataclasses import dataclass, field

from ..registry import Registry
from ..store import Store, day_revisions
from .day_cache import NEWEST, DayFigures, Days, Figures, last_measured, read_day, today


@dataclass
class PartFigures(Days):
    """The days that the district has, of the sites that a registry has. A day of a closed month has
    the figures of its closing, of the sites that are in the scope now."""

    whole: Figures
    registry: Registry
    days: dict[dt.date, DayFigures] = field(default_factory=dict)
    last: dt.date | None = None
    read: bool = False
    _of: dict[dt.date, DayFigures] = field(default_factory=dict)  # the district's, when read
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def problem(self) -> str:  # type: ignore[override]
        return self.whole.problem

    def _old(self) -> list[tuple[dt.date, DayFigures]]:
        held = list(self.whole.days.items())
        return [(date, day) for date, day in held if self._of.get(date) is not day]

    @property
    def behind(self) -> bool:
        """Whether renew() has something to read."""
        return bool(self._old()) or self.read != self.whole.read

    def renew(self, store: Store) -> None:
        """Read the days that the district has read since."""
        with self._lock:
            read = self.whole.read
            if old := self._old():
                self._renew(store, old, self.registry.sites)
            self.read = read

    def _renew(
        self, store: Store, old: list[tuple[dt.date, DayFigures]], sites: Collection[str]
    ) -> None:
        db = store.database
        closings = day_revisions.closings(db)
        for date, day in old:
            closed = closings.get(f"{date:%Y-%m}")
            bins = [p for p in self.whole.places(closed) if p[1] in sites]
            upto = closed.last if closed else NEWEST
            self.days[date] = read_day(db, date, bins, upto, day.at, alone=True)
            self._of[date] = day
        named = [b.bin for b in self.registry.bins if b.device]
        self.last = last_measured(db, today(), named)
