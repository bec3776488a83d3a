"""Figures of the sites of one scope: read again whenever those of the district were."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from ..registry import Registry
from ..store import Store, day_revisions
from .day_cache import NEWEST, WEEK, DayFigures, Days, Figures, last_measured, read_day, today

AT_ONCE_S = 0.5  # of a request that finds much to read; what is left is read behind the pages
_FEW = 2000  # bins; of more, a day is read whole


@dataclass
class PartFigures(Days):
    """The days that the district has, of the sites that a registry has. A day of a closed month has
    the figures of its closing, of the sites that are in the scope now."""

    whole: Figures
    registry: Registry
    days: dict[dt.date, DayFigures] = field(default_factory=dict)
    last: dt.date | None = None
    read: bool = False
    asked_at: float = -math.inf  # when a page asked last, seconds of the monotonic clock
    _of: dict[dt.date, DayFigures] = field(default_factory=dict)  # the district's, when read
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def problem(self) -> str:  # type: ignore[override]
        """That there is one: what it is may name what is outside of the scope."""
        return "something went wrong: see the log" if self.whole.problem else ""

    def _old(self) -> list[tuple[dt.date, DayFigures]]:
        """The days that the district has read since, those that are shown first to begin with."""
        held = list(self.whole.days.items())
        old = [(date, day) for date, day in held if self._of.get(date) is not day]
        soon = {today(), today() - WEEK, self.whole.last, self.last}
        return sorted(old, key=lambda x: (x[0] not in soon, -x[0].toordinal()))

    @property
    def behind(self) -> bool:
        """Whether renew() has something to do."""
        return self.read != self.whole.read or any(
            self._of.get(date) is not day for date, day in list(self.whole.days.items())
        )

    def renew(self, store: Store, for_s: float = AT_ONCE_S) -> None:
        """Read the days that the district has read since, for so many seconds; what is left is
        read the next time."""
        with self._lock:
            is_read, until = self.whole.read, time.monotonic() + for_s
            old = self._old()
            if old:
                named = [b.bin for b in self.registry.bins if b.device]
                self.last = last_measured(store.database, today(), named)
            left = self._renew(store, old, self.registry.sites, until)
            self.read = is_read and not left

    def _renew(
        self,
        store: Store,
        old: Iterable[tuple[dt.date, DayFigures]],
        sites: Collection[str],
        until: float,
    ) -> bool:
        """Whether something is left."""
        db, closings = store.database, day_revisions.closings(store.database)
        for date, day in old:
            if time.monotonic() > until:
                return True
            closed = closings.get(f"{date:%Y-%m}")
            bins = [p for p in self.whole.places(closed) if p[1] in sites]
            upto, few = closed.last if closed else NEWEST, len(bins) <= _FEW
            more = {"alone": few, "with_hours": day.hours is not None}
            self.days[date] = read_day(db, date, bins, upto, day.at, **more)
            self._of[date] = day
        return False
