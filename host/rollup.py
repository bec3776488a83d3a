"""The day of each site and stream: what was deposited, collected, and how much was seen.

A reporting day is 00:00 to 24:00 in Asia/Shanghai (UTC+8, no daylight saving). An event
belongs to the day in which it began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from host.density import Density, estimate
from host.events import Event, Kind, Outcome, Platform, Series, balance, derive
from host.events.balance import Balance, day_balance
from host.events.fillonly import Emptying, FillSample
from host.events.fillonly import watch as watch_fill
from host.registry import Bin, Registry
from host.store import Columns, Store

covered_seconds = balance.covered_seconds
LOCAL = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
DAY_S = 86_400
# A lift before midnight ends after it, and a lean is known for one only when it is over.
AFTER_S = 6 * 3600


@dataclass
class DailyRow:
    """One site and stream on one day; masses in grams, covered in seconds of bin-time.

    bins, coverage and masses are of what stands on scales. residual_g and limit_g: see
    events.balance; flags: why somebody should look at it. estimated_*: of bins without a
    scale, by volume and density; never part of the others."""

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

    @property
    def coverage(self) -> float:
        """Share of the bin-time that was validly measured, 0 to 1."""
        return self.covered_s / (self.bins * DAY_S) if self.bins else 0.0


@dataclass(frozen=True)
class BinDay:
    """One platform on one day."""

    bin: Bin
    balance: Balance


@dataclass
class Day:
    """A day of everything that is registered: by site and stream, and by platform."""

    rows: list[DailyRow] = field(default_factory=list)
    platforms: list[BinDay] = field(default_factory=list)


def day_bounds(date: dt.date) -> tuple[int, int]:
    """First second of the local day and of the next, Unix seconds UTC."""
    start = dt.datetime(date.year, date.month, date.day, tzinfo=LOCAL)
    t = int(start.timestamp())
    return t, t + DAY_S


def platform_of(known: Registry, bin_: Bin) -> Platform:
    """What the event engine must know of a bin on a scale."""
    wheelie = bin_.container == "wheelie"
    spares = tuple(b.tare_g for b in known.spares(bin_.site)) if wheelie else ()
    siblings = tuple(
        b.tare_g
        for b in known.platforms()
        if wheelie
        and b.bin != bin_.bin
        and (b.site, b.container, b.volume_l) == (bin_.site, bin_.container, bin_.volume_l)
    )
    has_fill = bool(bin_.fill_channel)
    return Platform(bin_.tare_g, wheelie, spares, siblings, bin_.e_g, bin_.max_g, has_fill)


def samples(
    store: Store,
    device: str,
    channel: str,
    until: int,
    fill_channel: str = "",
    *,
    since: int = 0,
) -> Series:
    """One weight channel of a board from its first reading (or since) on, in order of time,
    as corrections have it."""
    return series_of(store, store.columns(device, since, until), device, channel, fill_channel)


def series_of(store: Store, found: Columns, device: str, channel: str, fill_channel: str) -> Series:
    """One weight channel out of the readings of a board."""
    correct = store.calibrations.corrector(device, channel)
    return found.series(channel, fill_channel, correct)


def outcome(store: Store, known: Registry, bin_: Bin, date: dt.date) -> Outcome:
    """All that is known of a platform up to the end of a day."""
    until = day_bounds(date)[1] + AFTER_S
    rows = samples(store, bin_.device, bin_.channel, until, bin_.fill_channel)
    return derive(platform_of(known, bin_), rows)


def events_of(found: Outcome, date: dt.date) -> list[Event]:
    """Those events that began within the day."""
    t0, t1 = day_bounds(date)
    return [e for e in found.events if t0 <= e.t < t1]


def fills(store: Store, bin_: Bin, t0: int, t1: int) -> list[FillSample]:
    """What the fill sensor of a bin told from t0 on and before t1, where it was good."""
    return [
        FillSample(r.t, fill, r.life, r.seq, r.boot)
        for r in store.readings(bin_.device, t0, t1)
        if bin_.fill_channel not in r.q and (fill := r.values.get(bin_.fill_channel)) is not None
    ]


def emptyings(series: Iterable[FillSample], date: dt.date) -> list[Emptying]:
    """Of a bin without a scale: those that began within the day."""
    t0, t1 = day_bounds(date)
    return [e for e in watch_fill(series).emptyings if t0 <= e.t < t1]


def roll(
    store: Store,
    known: Registry,
    date: dt.date,
    watched: Callable[[Sequence[Bin]], Iterable[Bin]] = iter,
    densities: Mapping[str, Density] | None = None,
) -> Day:
    """A row for every site and stream of the registry, measured or not, in its order.

    watched passes the bins through, so that somebody sees how far it is. densities:
    without one for its stream a bin without a scale has emptyings, but no mass."""
    store.compact()
    day = Day()
    t0, t1 = day_bounds(date)
    rows: dict[tuple[str, str], DailyRow] = {}
    order = {site: i for i, site in enumerate(known.sites)}
    bins = [*known.platforms(), *known.fill_only()]
    for bin_ in watched(sorted(bins, key=lambda b: order[b.site])):
        key = (bin_.site, bin_.stream)
        if key not in rows:
            rows[key] = DailyRow(date, bin_.site, known.sites[bin_.site].town, bin_.stream)
        if bin_.channel:
            found = outcome(store, known, bin_, date)
            closed = book(rows[key], platform_of(known, bin_), found)
            day.platforms.append(BinDay(bin_, closed))
        else:
            series = fills(store, bin_, t0 - AFTER_S, t1 + AFTER_S)
            book_estimate(rows[key], bin_, emptyings(series, date), densities or {})
    day.rows = list(rows.values())
    return day


def roll_day(
    store: Store,
    known: Registry,
    date: dt.date,
    watched: Callable[[Sequence[Bin]], Iterable[Bin]] = iter,
) -> list[DailyRow]:
    """The rows of roll()."""
    return roll(store, known, date, watched).rows


def count(row: DailyRow, event: Event) -> None:
    """Book an event in the row of its day."""
    if event.kind is Kind.DEPOSIT:
        row.deposited_g += event.grams
    elif event.kind is Kind.COLLECTION:
        row.collected_g += event.grams
        row.collections += 1
    elif event.kind is Kind.REMOVAL:
        row.removed_g += event.grams
    elif event.kind is Kind.UNATTRIBUTED:
        row.unattributed_g += event.grams


def book(row: DailyRow, platform: Platform, found: Outcome) -> Balance:
    """Add a platform's day to the row of its site and stream; its balance."""
    closed = day_balance(platform, found, *day_bounds(row.date))
    row.bins += 1
    row.covered_s += closed.covered_s
    for event in events_of(found, row.date):
        count(row, event)
    add_balance(row, closed)
    return closed


def add_balance(row: DailyRow, closed: Balance) -> None:
    """What the balance of one platform adds to the row of its day."""
    row.residual_g += closed.residual
    row.limit_g += closed.limit
    row.flags = tuple(dict.fromkeys((*row.flags, *closed.flags)))


def book_estimate(
    row: DailyRow, bin_: Bin, found: list[Emptying], densities: Mapping[str, Density]
) -> None:
    """Emptyings of a bin without a scale. That a density is wrong is an error that they
    have in common, so what they may be off by is added up."""
    row.estimated_collections += len(found)
    density = densities.get(bin_.stream)
    for e in found if density else ():
        assert density is not None
        grams, off = estimate(density, bin_.volume_l, e.before - e.after)
        row.estimated_g += grams
        row.estimated_off_g += off
