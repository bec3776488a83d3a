"""Many days at once: what roll_day gives for each, with one pass over each platform."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from host.density import Density
from host.events import Outcome, Platform, advance, finish, fresh
from host.registry import Bin, Registry
from host.rollup import (
    AFTER_S,
    DAY_S,
    DailyRow,
    book,
    book_estimate,
    day_bounds,
    emptyings,
    fills,
    platform_of,
    samples,
)
from host.store import Store

OVERFLOW_PERMILLE = 900  # full enough that somebody should have come


def days(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every day from first to last, both included; none when last is earlier."""
    return [first + dt.timedelta(n) for n in range((last - first).days + 1)]


def roll_days(
    store: Store,
    known: Registry,
    first: dt.date,
    last: dt.date,
    watched: Callable[[Sequence[Bin]], Iterable[Bin]] = iter,
    *,
    densities: Mapping[str, Density] | None = None,
) -> list[DailyRow]:
    """A row for every day, site and stream, by day and then as in the registry.

    Each day is what roll_day tells of it, so that the days of a month add up to the month."""
    span = days(first, last)
    if not span:
        return []
    order = {site: i for i, site in enumerate(known.sites)}
    tables: list[dict[tuple[str, str], DailyRow]] = [{} for _ in span]
    bins = [*known.platforms(), *known.fill_only()]
    store.compact()
    for bin_ in watched(sorted(bins, key=lambda b: order[b.site])):
        key = bin_.site, bin_.stream
        town = known.sites[bin_.site].town
        rows = [
            table.setdefault(key, DailyRow(date, bin_.site, town, bin_.stream))
            for date, table in zip(span, tables, strict=True)
        ]
        if bin_.channel:
            platform = platform_of(known, bin_)
            for row, found in zip(rows, _outcomes(store, platform, bin_, span), strict=True):
                book(row, platform, found)
        else:
            for row in rows:
                t0, t1 = day_bounds(row.date)
                series = fills(store, bin_, t0 - AFTER_S, t1 + AFTER_S)
                book_estimate(row, bin_, emptyings(series, row.date), densities or {})
    return [row for table in tables for row in table.values()]


def _outcomes(
    store: Store, platform: Platform, bin_: Bin, span: Sequence[dt.date]
) -> Iterator[Outcome]:
    """What was known of a platform six hours after each day, in one pass."""
    last = day_bounds(span[-1])[1] + AFTER_S
    series = samples(store, bin_.device, bin_.channel, last, bin_.fill_channel)
    state, certain, since = fresh(platform), Outcome(), 0
    for date in span:
        until = day_bounds(date)[1] + AFTER_S
        part, since = series.part(since, until), until
        state, more = advance(platform, state, part)
        certain.extend(more)
        found = Outcome()
        found.extend(certain)
        found.extend(finish(platform, state))
        yield found


def overflow_days(
    store: Store, known: Registry, first: dt.date, last: dt.date
) -> dict[dt.date, tuple[int, int]]:
    """Day -> (bins whose fill was told, bins among them that were full once)."""
    store.compact()
    start, end = day_bounds(first)[0], day_bounds(last)[1]
    seen: dict[tuple[str, int], bool] = {}
    by_device: dict[str, list[Bin]] = {}
    for bin_ in known.platforms():
        if bin_.fill_channel:
            by_device.setdefault(bin_.device, []).append(bin_)
    for device, bins in by_device.items():
        for row in store.readings(device, start, end):
            n = (row.t - start) // DAY_S
            for bin_ in bins:
                value = row.values.get(bin_.fill_channel)
                if value is not None and bin_.fill_channel not in row.q:
                    key = bin_.bin, n
                    seen[key] = seen.get(key, False) or value >= OVERFLOW_PERMILLE
    told: dict[dt.date, tuple[int, int]] = {}
    for (_, n), full in seen.items():
        date = first + dt.timedelta(n)
        bins_, fulls = told.get(date, (0, 0))
        told[date] = bins_ + 1, fulls + full
    return told
