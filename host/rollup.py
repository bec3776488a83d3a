"""The day of each site and stream: what was deposited, collected, and how much was seen.

A reporting day is 00:00 to 24:00 in Asia/Shanghai (UTC+8, no daylight saving). An event
belongs to the day in which it began."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from host.events import Event, Kind, Outcome, Platform, Sample, derive
from host.registry import Bin, Registry
from host.store import Store

LOCAL = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")
DAY_S = 86_400
# A lift before midnight ends after it, and a lean is known for one only when it is over.
AFTER_S = 6 * 3600


@dataclass
class DailyRow:
    """One site and stream on one day; masses in grams, covered in seconds of bin-time."""

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

    @property
    def coverage(self) -> float:
        """Share of the bin-time that was validly measured, 0 to 1."""
        return self.covered_s / (self.bins * DAY_S) if self.bins else 0.0


def day_bounds(date: dt.date) -> tuple[int, int]:
    """First second of the local day and of the next, Unix seconds UTC."""
    start = dt.datetime(date.year, date.month, date.day, tzinfo=LOCAL)
    t = int(start.timestamp())
    return t, t + DAY_S


def platform_of(known: Registry, bin_: Bin) -> Platform:
    """What the event engine must know of a bin on a scale."""
    wheelie = bin_.container == "wheelie"
    spares = tuple(b.tare_g for b in known.spares(bin_.site)) if wheelie else ()
    return Platform(bin_.tare_g, wheelie, spares)


def samples(
    store: Store, device: str, channel: str, until: int, since: int = 0
) -> Iterator[Sample]:
    """One weight channel of a board from its first reading (or since) on, in order of time."""
    for row in store.readings(device, since, until):
        grams, q = row.values.get(channel), row.q.get(channel)
        if grams is not None or q is not None:
            yield Sample(row.t, grams, q, row.life, row.seq, row.boot)


def outcome(store: Store, known: Registry, bin_: Bin, date: dt.date) -> Outcome:
    """All that is known of a platform up to the end of a day."""
    until = day_bounds(date)[1] + AFTER_S
    return derive(platform_of(known, bin_), samples(store, bin_.device, bin_.channel, until))


def events_of(found: Outcome, date: dt.date) -> list[Event]:
    """Those events that began within the day."""
    t0, t1 = day_bounds(date)
    return [e for e in found.events if t0 <= e.t < t1]


def covered_seconds(intervals: Iterable[tuple[int, int]], t0: int, t1: int) -> int:
    """How much of [t0, t1) the intervals cover; they do not overlap."""
    return sum(max(0, min(end, t1) - max(start, t0)) for start, end in intervals)


def roll_day(
    store: Store,
    known: Registry,
    date: dt.date,
    watched: Callable[[Sequence[Bin]], Iterable[Bin]] = iter,
) -> list[DailyRow]:
    """A row for every site and stream of the registry, measured or not, in its order.

    watched passes the platforms through, so that somebody sees how far it is."""
    rows: dict[tuple[str, str], DailyRow] = {}
    t0, t1 = day_bounds(date)
    order = {site: i for i, site in enumerate(known.sites)}
    for bin_ in watched(sorted(known.platforms(), key=lambda b: order[b.site])):
        key = (bin_.site, bin_.stream)
        if key not in rows:
            rows[key] = DailyRow(date, bin_.site, known.sites[bin_.site].town, bin_.stream)
        row = rows[key]
        found = outcome(store, known, bin_, date)
        row.bins += 1
        row.covered_s += covered_seconds(found.covered, t0, t1)
        for event in events_of(found, date):
            count(row, event)
    return list(rows.values())


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
