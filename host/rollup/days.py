"""The day of each site and stream: deposited and collected mass, and coverage.

A reporting day is 00:00 to 24:00 in Asia/Shanghai (UTC+8, no daylight saving). An event
belongs to the day in which it began."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from ..common import quantity
from ..common.local_days import DAY_S, LOCAL, day_of
from ..events import Event, Outcome, Sums, balance
from ..events.balance import Balance, day_balance
from ..events.fillonly import Emptying, FillSample
from ..registry import Bin, Registry
from ..store import Store, day_revisions
from ..store.day_revisions import PlatformDay
from . import closing, packing
from .day_figures import Progress, update_figures
from .density import Density, estimate
from .scales import fills_of

covered_seconds = balance.covered_seconds
# A lift before midnight ends after it, and a lean is known only once it is over.
AFTER_S = 6 * 3600
OVERFLOW_PERMILLE = 900
_AT_ONCE = 14  # days in memory


class DailyRow(msgspec.Struct, gc=False):
    """One site and stream on one day; masses in g, covered in seconds of bin-time.

    bins, coverage and masses are of bins on scales. residual_g, limit_g: see events.balance.
    flags: reasons to look at the day. estimated_*: of bins without a scale, by volume and
    density, never part of the others; estimated: how many of these gave their fill. fills:
    bins that gave their fill; full: those that reached OVERFLOW_PERMILLE. verified_g: of the
    collected mass, weighed by an instrument whose verification held; None: the registry names
    no instrument."""

    date: dt.date
    site: str
    town: str
    stream: str
    bins: int = 0
    deposited_g: int = 0
    collected_g: int = 0
    removed_g: int = 0
    unattributed_g: int = 0
    collections: int = 0
    covered_s: int = 0
    residual_g: int = 0
    limit_g: int = 0
    flags: tuple[str, ...] = ()
    estimated_g: int = 0
    estimated_off_g: int = 0
    estimated_collections: int = 0
    estimated: int = 0
    fills: int = 0
    full: int = 0
    verified_g: int | None = None

    @property
    def coverage(self) -> Decimal | None:
        """Measured share of the registered bin-time, 0 to 1; None: there is no scale."""
        return quantity.share(self.covered_s, self.bins * DAY_S)

    @property
    def measured(self) -> bool:
        """Whether the day has any measurement; otherwise its balance is carried forward."""
        changes = self.deposited_g, self.collected_g, self.removed_g, self.unattributed_g
        return bool(self.covered_s) or any(changes) or bool(self.residual_g)

    def known(self, amount: int) -> int | None:
        """An amount of bins on scales; None: nothing was measured."""
        return quantity.known(amount, self.covered_s)

    @property
    def guessed_collections(self) -> int | None:
        """Emptyings of bins without a scale; None: none of them gave its fill."""
        return quantity.known(self.estimated_collections, self.estimated)

    def guessed(self, grams: int) -> int | None:
        """An estimated mass in g; None: no fill was given, or the stream has no density."""
        return quantity.known(grams, self.estimated if not self.estimated_collections else 0)


class BinDay(msgspec.Struct, frozen=True, gc=False):
    """One platform on one day. booked: its revision; None: the day has no readings."""

    bin: Bin
    town: str
    balance: Balance
    booked: PlatformDay | None = None


@dataclass
class Day:
    """A day of the whole registry: by site and stream, and by platform."""

    rows: list[DailyRow] = field(default_factory=list)
    platforms: list[BinDay] = field(default_factory=list)


def day_bounds(date: dt.date) -> tuple[int, int]:
    """First second of the local day and of the next, Unix seconds UTC."""
    start = dt.datetime(date.year, date.month, date.day, tzinfo=LOCAL)
    t = int(start.timestamp())
    return t, t + DAY_S


def fills(store: Store, bin_: Bin, t0: int, t1: int) -> list[FillSample]:
    """Valid readings of a bin's fill sensor with t0 <= t < t1 (Unix seconds)."""
    return fills_of(store.readings(bin_.device, t0, t1), bin_.fill_channel)


def roll(
    store: Store,
    registry: Registry,
    date: dt.date,
    progress: Progress = iter,
    densities: Mapping[str, Density] | None = None,
) -> Day:
    """Bring the figures up to date; a row for every site and stream of the registry, in its
    order, measured or not.

    progress: passes bins on, for a progress display. densities: for masses of bins without a
    scale; those of a stream without one have emptyings only."""
    update_figures(store, registry, date, progress)
    (day,) = days_of(store, registry, [date], densities)
    return day


def roll_day(
    store: Store, registry: Registry, date: dt.date, progress: Progress = iter
) -> list[DailyRow]:
    """The rows of roll()."""
    return roll(store, registry, date, progress).rows


def events(
    store: Store, registry: Registry, date: dt.date, progress: Progress = iter
) -> list[tuple[Bin, list[Event]]]:
    """The booked events that began on a day, by platform."""
    update_figures(store, registry, date, progress)
    (day,) = days_of(store, registry, [date])
    by_revision = packing.events(store.database, [p.booked for p in day.platforms if p.booked])
    return [(p.bin, by_revision[p.booked.id] if p.booked else []) for p in day.platforms]


def days_of(
    store: Store,
    registry: Registry,
    span: Sequence[dt.date],
    densities: Mapping[str, Density] | None = None,
    *,
    site: str | None = None,
) -> Iterator[Day]:
    """The stored figures of consecutive days, of the whole registry or one site. Days of a
    closed month have the registry and the revisions of its closing."""
    if not span:
        return
    db = store.database
    held: dict[int, dict[str, PlatformDay]] = defaultdict(dict)
    first, last = (day_of(date) for date in (span[0], span[-1]))
    months = {f"{date:%Y-%m}" for date in span}
    closed = {
        m: closing.RegistrySnapshot.of(c)
        for m, c in day_revisions.closings(db).items()
        if m in months
    }
    now = closing.RegistrySnapshot(registry, dict(densities or {}))
    if site is not None:
        now, *others = [t.at(site) for t in (now, *closed.values())]
        closed = dict(zip(closed, others, strict=True))
    thens = (now, *closed.values())
    names = None if site is None else {b.bin for then in thens for b in then.bins}
    levels: dict[str, int] = {}
    for n, date in enumerate(span):
        if n % _AT_ONCE == 0:
            held.clear()
            upto = min(first + n + _AT_ONCE - 1, last)
            for r in day_revisions.platform_days(db, first + n, upto, names):
                held[r.day][r.platform] = r
        then = closed.get(f"{date:%Y-%m}", now)
        yield _day(store, then, date, held[first + n], levels)


def _day(
    store: Store,
    then: closing.RegistrySnapshot,
    date: dt.date,
    held: Mapping[str, PlatformDay],
    levels: dict[str, int],
) -> Day:
    """levels: bin → net g at the end of the day before, where known; it is updated."""
    day, registry = Day(), then.known
    rows: dict[tuple[str, str], DailyRow] = {}
    fallen = packing.emptyings(store.database, held.values())
    for bin_ in then.bins:
        key = (bin_.site, bin_.stream)
        if key not in rows:
            rows[key] = DailyRow(date, bin_.site, registry.sites[bin_.site].town, bin_.stream)
        booked = held.get(bin_.bin)
        if booked is not None and booked.fullest is not None:
            rows[key].fills += 1
            rows[key].full += booked.fullest >= OVERFLOW_PERMILLE
        if not bin_.channel:
            if booked is not None:
                rows[key].estimated += booked.fullest is not None
                _add_flags(rows[key], booked.flags.split())
                book_estimate(rows[key], bin_, fallen.get(booked.id, []), then.densities)
            continue
        if booked is not None:
            closed = packing.balance_of(booked)
        else:
            if bin_.bin not in levels:
                before = day_revisions.latest(store.database, bin_.bin, day_of(date))
                levels[bin_.bin] = before.closing if before else 0
            nothing = Outcome(sums=Sums(opening=levels[bin_.bin]))
            closed = day_balance(then.platforms[bin_.bin], nothing, *day_bounds(date))
        levels[bin_.bin] = closed.closing
        _add(rows[key], closed, booked.collections if booked is not None else 0)
        if registry.instruments:
            known = any(i.is_verified(date) for i in registry.instruments_at(bin_))
            rows[key].verified_g = (rows[key].verified_g or 0) + closed.collected * known
        day.platforms.append(BinDay(bin_, registry.sites[bin_.site].town, closed, booked))
    day.rows = list(rows.values())
    return day


def _add(row: DailyRow, closed: Balance, collections: int) -> None:
    """Add one platform to the row of its day."""
    row.bins += 1
    row.deposited_g += closed.deposited
    row.collected_g += closed.collected
    row.removed_g += closed.removed
    row.unattributed_g += closed.unattributed
    row.collections += collections
    row.covered_s += closed.covered_s
    row.residual_g += closed.residual
    row.limit_g += closed.limit
    _add_flags(row, closed.flags)


def _add_flags(row: DailyRow, flags: Sequence[str]) -> None:
    if flags:
        row.flags = tuple(dict.fromkeys((*row.flags, *flags)))


def book_estimate(
    row: DailyRow, bin_: Bin, emptied: list[Emptying], densities: Mapping[str, Density]
) -> None:
    """Add the emptyings of a bin without a scale. They share the error of the density, so
    their uncertainties are added up linearly. One in doubt is uncertainty as a
    whole."""
    density = densities.get(bin_.stream)
    for e in emptied:
        row.estimated_collections += not e.doubt
        if density is not None:
            grams, off = estimate(density, bin_.volume_l, e.before - e.after, e.hidden)
            row.estimated_g += 0 if e.doubt else grams
            row.estimated_off_g += off + grams if e.doubt or e.unsure else off
