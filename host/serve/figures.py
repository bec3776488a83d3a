"""Figures for the pages: days added up by 街镇 and stream, kept until they change.

Everything that asks the store for masses goes through _rows() and site_day()."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from host import period
from host.errors import UserError
from host.explain import BinStory, stories
from host.registry import Registry
from host.rollup import DAY_S, LOCAL, DailyRow, day_bounds
from host.serve.settings import Settings
from host.store import Busy, Store
from host.summary import Part

BACK_DAYS = 400  # a year, and the same weekday before it
_AT_ONCE = 31
_log = logging.getLogger("qingyun.serve")


@dataclass(frozen=True)
class DayFigures:
    """A day. parts: (街镇, stream) → what was collected; deposited in grams likewise.
    at: when it was computed; over: the day was over then."""

    date: dt.date
    at: float
    over: bool
    parts: dict[tuple[str, str], Part]
    deposited: dict[tuple[str, str], int]

    def of(self, streams: Iterable[str], town: str | None = None) -> Part:
        wanted = set(streams)
        return add(p for (t, s), p in self.parts.items() if s in wanted and town in (None, t))

    @property
    def towns(self) -> list[str]:
        return list(dict.fromkeys(town for town, _ in self.parts))


def add(parts: Iterable[Part]) -> Part:
    grams = collections = covered = due = 0
    for p in parts:
        grams, collections = grams + p.grams, collections + p.collections
        covered, due = covered + p.covered_s, due + p.due_s
    return Part(grams, collections, covered, due)


def today() -> dt.date:
    return dt.datetime.now(LOCAL).date()


def _rows(store: Store, known: Registry, first: dt.date, last: dt.date) -> list[DailyRow]:
    """What roll_days tells of these days."""
    return period.roll_days(store, known, first, last)


def day_figures(date: dt.date, rows: Iterable[DailyRow], now: float) -> DayFigures:
    """Added up; of a day that is not over only the time that has passed is due."""
    t0, t1 = day_bounds(date)
    passed = min(DAY_S, max(0, int(now) - t0))
    parts: dict[tuple[str, str], Part] = {}
    deposited: dict[tuple[str, str], int] = {}
    for r in rows:
        key = r.town, r.stream
        covered = min(r.covered_s, r.bins * passed)
        mine = Part(r.collected_g, r.collections, covered, r.bins * passed)
        parts[key] = add((parts[key], mine)) if key in parts else mine
        deposited[key] = deposited.get(key, 0) + r.deposited_g
    return DayFigures(date, now, now >= t1, parts, deposited)


def site_day(store: Store, known: Registry, site: str, date: dt.date) -> list[BinStory]:
    """Every bin of a site on a day: its series, its events and their evidence."""
    store.compact()
    return stories(store, known, site, date)


@dataclass
class Figures:
    """Days as they are known; a thread of its own keeps them so."""

    settings: Settings
    known: Registry
    told: Callable[[], None] = lambda: None  # there is something new
    days: dict[dt.date, DayFigures] = field(default_factory=dict)
    today_rows: list[DailyRow] = field(default_factory=list)
    problem: str = ""
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        if self._thread:
            self._thread.join(timeout=5)

    def day(self, date: dt.date) -> DayFigures | None:
        return self.days.get(date)

    def span(self, first: dt.date, last: dt.date) -> list[DayFigures]:
        """Those of the days that are known, in order."""
        return [d for date in period.days(first, last) if (d := self.days.get(date))]

    def rows_of(self, date: dt.date) -> list[DailyRow]:
        """The rows of a day; computed now unless it is today."""
        if date == today() and self.today_rows:
            return self.today_rows
        store = Store(self.settings.db)
        try:
            return _rows(store, self.known, date, date)
        finally:
            store.close()

    def _run(self) -> None:
        while not self._over.is_set():
            started = time.monotonic()
            try:
                self.refresh()
                self.problem = ""
            except (UserError, Busy) as error:
                self.problem = str(error)
                _log.warning("figures: %s", error)
            except Exception as error:  # the page says so; the next turn may do better
                self.problem = f"{type(error).__name__}: {error}"
                _log.exception("figures")
            self.told()
            left = self.settings.refresh_s - (time.monotonic() - started)
            self._over.wait(max(1.0, left))

    def refresh(self) -> None:
        """Today anew, and days before it that are not known yet, the latest first."""
        store = Store(self.settings.db)
        try:
            now = today()
            rows = _rows(store, self.known, now, now)
            self.today_rows = rows
            self.days[now] = day_figures(now, rows, time.time())
            self.told()
            first = _first_day(store)
            last = now - dt.timedelta(1)
            while first and last >= max(first, now - dt.timedelta(BACK_DAYS)):
                start = max(first, last - dt.timedelta(_AT_ONCE - 1))
                if any(d not in self.days or not self.days[d].over for d in _span(start, last)):
                    self._fill(store, start, last)
                last = start - dt.timedelta(1)
                if self._over.is_set():
                    return
        finally:
            store.close()

    def _fill(self, store: Store, first: dt.date, last: dt.date) -> None:
        by_day: dict[dt.date, list[DailyRow]] = {}
        for row in _rows(store, self.known, first, last):
            by_day.setdefault(row.date, []).append(row)
        now = time.time()
        for date, rows in by_day.items():
            self.days[date] = day_figures(date, rows, now)


def _span(first: dt.date, last: dt.date) -> list[dt.date]:
    return period.days(first, last)


def _first_day(store: Store) -> dt.date | None:
    """The first day of which anything was told."""
    found = store.database.query("SELECT min(day) FROM day WHERE day>=0")[0][0]
    return None if found is None else dt.date(1970, 1, 1) + dt.timedelta(found)
