"""Figures for the pages: days added up by 街镇 and stream, kept until their revisions change.

Everything that asks the store for masses goes through read_day(), and site_days.site_day()."""

from __future__ import annotations

import datetime as dt
import logging
import math
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

from ..common.errors import UserError
from ..common.local_days import LOCAL, date_of, day_of
from ..registry import Bin, Registry
from ..reports.summary import HAULED, Part, add
from ..rollup import DAY_S, day_bounds, period
from ..rollup.closing import RegistrySnapshot
from ..rollup.day_figures import update_figures
from ..store import Busy, Store, day_revisions
from ..store.database import Database
from ..store.day_revisions import NOT_OVER, Closing
from .day_hours import Collected, Hours, by_hour, top_sites
from .settings import Settings

BACK_DAYS = 400  # a year, and the same weekday a week before
WEEK = dt.timedelta(7)
LEAST_S = 3600  # measured seconds from which on a day is shown in place of today
# More readings of a board in a day than one in 10 s twice over: to compute them takes seconds, and
# is done so often only.
CROWDED, _CROWDED_S = 20_000, 600.0
NEWEST = 1 << 62  # above the id of every revision
Place = tuple[str, str, str, str]  # bin, site, 街镇, stream
_log = logging.getLogger("qingyun.serve")


@dataclass(frozen=True)
class Restated:
    """A figure that was reported and has changed since. Masses collected in grams; at: Unix
    seconds."""

    date: str
    site: str
    bin: str
    stream: str
    before_g: int
    after_g: int
    at: int
    why: str
    counted: bool = True  # false: changed after its month was closed


@dataclass(frozen=True)
class DayFigures:
    """One day. parts: (街镇, stream) → collected; deposited: the same in grams. at: Unix seconds
    of the computation; over: whether the day had ended by then."""

    date: dt.date
    at: float
    over: bool
    parts: dict[tuple[str, str], Part]
    deposited: dict[tuple[str, str], int]
    restated: tuple[Restated, ...] = ()
    top: tuple[tuple[str, int], ...] = ()  # see day_hours.top_sites()
    hours: dict[str, Hours] | None = None  # see day_hours.by_hour(); None: not of this day

    @cached_property
    def hauled_in(self) -> dict[str, Part]:
        """街镇 → 清运量."""
        parts: dict[str, list[Part]] = {town: [] for town in self.towns}
        for (town, stream), part in self.parts.items():
            if stream in HAULED:
                parts[town].append(part)
        return {town: add(some) for town, some in parts.items()}

    def of(self, streams: Iterable[str], town: str | None = None) -> Part:
        """The parts of these streams added up, of one 街镇 or of all."""
        wanted = set(streams)
        return add(p for (t, s), p in self.parts.items() if s in wanted and town in (None, t))

    @property
    def towns(self) -> list[str]:
        """The 街镇 of the day, in the order of the registry."""
        return list(dict.fromkeys(town for town, _ in self.parts))


def today() -> dt.date:
    """The date in Asia/Shanghai."""
    return dt.datetime.now(LOCAL).date()


def read_day(
    db: Database,
    date: dt.date,
    bins: Sequence[Place],
    upto: int,
    now: float,
    *,
    alone: bool = False,
    with_hours: bool = False,
) -> DayFigures:
    """A day from its revisions. bins: where each bin stood. upto: the last revision that counts for
    a closed month, else NEWEST. now: Unix seconds. alone: that only these bins' are read."""
    t0, t1 = day_bounds(date)
    passed = min(DAY_S, max(0, int(now) - t0))
    parts: dict[tuple[str, str], list[int]] = {}
    places = {}
    for bin_, site, town, stream in bins:
        places[bin_] = site, town, stream
        parts.setdefault((town, stream), [0, 0, 0, 0, 0])[3] += passed
    held: dict[str, tuple[int, ...]] = {}
    ids: dict[str, int] = {}
    changed = []
    for bin_, id_, reason, revised_at, *masses in day_revisions.collected_of(
        db, day_of(date), list(places) if alone else None
    ):
        before = held.get(bin_)
        if bin_ in places and before and reason != NOT_OVER and before[:2] != tuple(masses[:2]):
            site, _, stream = places[bin_]
            figures = (str(date), site, bin_, stream, before[0], masses[0], revised_at, reason)
            changed.append(Restated(*figures, counted=id_ <= upto))
        if id_ <= upto:
            held[bin_], ids[bin_] = tuple(masses), id_
    for bin_, (collected, deposited, collections, covered) in held.items():
        if bin_ in places:
            _, town, stream = places[bin_]
            sums = parts[town, stream]
            sums[0] += collected
            sums[1] += collections
            sums[2] += min(covered, passed)
            sums[4] += deposited
    collected_parts = {key: Part(*sums[:4]) for key, sums in parts.items()}
    deposits = {key: sums[4] for key, sums in parts.items()}
    mine = [Collected(ids[b], *places[b], held[b][0]) for b in held if b in places]
    hours = by_hour(db, t0, mine) if with_hours else None
    return DayFigures(
        *(date, now, now >= t1, collected_parts, deposits, tuple(changed)), top_sites(mine), hours
    )


def last_measured(
    db: Database, now: dt.date, platforms: Sequence[str] | None = None
) -> dt.date | None:
    """The last day with readings: today from its first second on, an earlier day only if LEAST_S
    seconds of it were measured, unless no day has that many. None without any reading."""
    day = day_of(now)
    for first, least_s in ((day, 1), (0, LEAST_S), (0, 1)):
        last = day_revisions.last_day(db, first, day, least_s, platforms)
        if last is not None:
            return date_of(last)
    return None


class Days:
    """Days that were computed. problem: why the last computation failed, or ""; last: the last day
    with readings; read: whether every day was computed once."""

    days: dict[dt.date, DayFigures]
    problem: str
    last: dt.date | None
    read: bool

    def day(self, date: dt.date) -> DayFigures | None:
        """The figures of a day; None until they were computed."""
        return self.days.get(date)

    def before_today(self) -> dt.date:
        """The last day that is over and has figures; yesterday if none has."""
        yesterday = today() - dt.timedelta(1)
        return min(self.last or yesterday, yesterday)

    def span(self, first: dt.date, last: dt.date) -> list[DayFigures]:
        """The days of the span that were computed, in order."""
        return [d for date in period.days(first, last) if (d := self.days.get(date))]


@dataclass
class Figures(Days):
    """The days of the last BACK_DAYS; a thread of its own keeps them up to date."""

    settings: Settings
    registry: Registry
    on_change: Callable[[], None] = lambda: None  # called when figures have changed
    days: dict[dt.date, DayFigures] = field(default_factory=dict)
    problem: str = ""
    last: dt.date | None = None  # the last day with readings
    read: bool = False  # every day was computed once
    _seen: int = 0  # the id of the last revision that was read
    _closed: set[str] = field(default_factory=set)
    _places: dict[str, list[Place]] = field(default_factory=dict)  # by closed month; "": now
    _next: Registry | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)  # of registry and _places
    _over: threading.Event = field(default_factory=threading.Event)
    _all_at: float = -math.inf  # when the crowded days were computed, too
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="figures", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; waits 5 s at most."""
        self._over.set()
        if self._thread:
            self._thread.join(timeout=5)

    def use(self, registry: Registry) -> None:
        """Compute every day anew with another registry, from the next turn on."""
        self._next = registry

    def _take(self) -> bool:
        """Whether another registry is used from now on."""
        anew, self._next = self._next, None
        if anew is not None:
            with self._lock:
                self.registry = anew
                self._places.pop("", None)
        return anew is not None

    def places(self, closed: Closing | None) -> list[Place]:
        """Where each bin on a scale stands, in a closed month where it stood then."""
        month = "" if closed is None else closed.month
        with self._lock:
            if month not in self._places:
                then = RegistrySnapshot.of(closed).known if closed else self.registry
                self._places[month] = [
                    (b.bin, b.site, then.sites[b.site].town, b.stream) for b in then.platforms()
                ]
            return self._places[month]

    def _run(self) -> None:
        while not self._over.is_set():
            started = time.monotonic()
            try:
                self.refresh()
                self.problem = ""
            except (UserError, Busy) as error:
                self.problem = str(error)
                _log.warning("figures: %s", error)
            except Exception as error:  # shown on the page; tried again at the next turn
                self.problem = f"{type(error).__name__}: {error}"
                _log.exception("figures")
            self.on_change()
            left = self.settings.refresh_s - (time.monotonic() - started)
            self._over.wait(max(1.0, left))

    def refresh(self) -> None:
        """Update the revisions of days, then read today, the same weekday a week ago, and every
        day that is missing or has a new revision, the latest first. UserError or Busy from the
        store."""
        store = Store(self.settings.db)
        try:
            now, anew = today(), self._take()
            with suppress(Busy):
                update_figures(store, self.registry, now, only=self._due(store, now))
            db = store.database
            newest = day_revisions.newest(db)
            changed = {date_of(d) for d in day_revisions.days_since(db, self._seen)}
            closed = {c.month: c for c in day_revisions.closings(db).values()}
            if closed.keys() != self._closed:
                changed |= {d for d in self.days if f"{d:%Y-%m}" in closed}
            first, self.last = day_revisions.first_day(db), last_measured(db, now)
            soon = {now, self.last or now}
            soon |= {date - WEEK for date in soon}
            # Whole months: unmeasured days at the start of one lower its coverage.
            oldest = (now - dt.timedelta(BACK_DAYS)).replace(day=1)
            back = {*period.days(oldest, now), *soon}
            for date in sorted(back, key=lambda d: (d not in soon, -d.toordinal())):
                if self._over.is_set():
                    return
                held = self.days.get(date)
                has_hours = held is not None and (held.hours is not None or date not in soon)
                is_held = held is not None and held.over and has_hours and not anew
                if is_held and date not in changed:
                    continue
                if first is None or (date < date_of(first).replace(day=1) and date != now):
                    continue
                self._read(db, date, closed.get(f"{date:%Y-%m}"), date in soon)
                if date == now:
                    self.on_change()
            self._seen, self._closed, self.read = newest, set(closed), True
        finally:
            store.close()

    def _due(self, store: Store, now: dt.date) -> list[Bin] | None:
        """The bins whose figures are computed in this turn; None: all of them. The day of a board
        that sends without end takes long, and others do not wait for it each time."""
        store.compact()
        crowded = store.crowded_boards(day_of(now), CROWDED)
        if not crowded or time.monotonic() - self._all_at > _CROWDED_S:
            self._all_at = time.monotonic()
            return None
        return [b for b in self.registry.bins if b.device not in crowded]

    def _read(self, db: Database, date: dt.date, closed: Closing | None, with_hours: bool) -> None:
        upto, places = closed.last if closed else NEWEST, self.places(closed)
        self.days[date] = read_day(db, date, places, upto, time.time(), with_hours=with_hours)
