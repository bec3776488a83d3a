"""Many days at once: what roll_day gives for each, with one pass over each platform."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

from host.events import derive
from host.registry import Bin, Registry
from host.rollup import (
    AFTER_S,
    DAY_S,
    DailyRow,
    count,
    day_bounds,
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
) -> list[DailyRow]:
    """A row for every day, site and stream, by day and then as in the registry.

    An event is told of its day only if it was over six hours after that day, as roll_day
    has it, so that the days of a month add up to the month."""
    span = days(first, last)
    if not span:
        return []
    start = day_bounds(first)[0]
    order = {site: i for i, site in enumerate(known.sites)}
    tables: list[dict[tuple[str, str], DailyRow]] = [{} for _ in span]
    for bin_ in watched(sorted(known.platforms(), key=lambda b: order[b.site])):
        until = day_bounds(last)[1] + AFTER_S
        found = derive(platform_of(known, bin_), samples(store, bin_.device, bin_.channel, until))
        key = bin_.site, bin_.stream
        town = known.sites[bin_.site].town
        for date, rows in zip(span, tables, strict=True):
            row = rows.setdefault(key, DailyRow(date, bin_.site, town, bin_.stream))
            row.bins += 1
        for event in found.events:
            n = (event.t - start) // DAY_S
            if 0 <= n < len(span) and event.t_end < start + (n + 1) * DAY_S + AFTER_S:
                count(tables[n][key], event)
        for a, b in found.covered:
            for n in range(max(0, (a - start) // DAY_S), min(len(span), (b - start) // DAY_S + 1)):
                t = start + n * DAY_S
                tables[n][key].covered_s += max(0, min(b, t + DAY_S) - max(a, t))
    return [row for rows in tables for row in rows.values()]


def overflow_days(
    store: Store, known: Registry, first: dt.date, last: dt.date
) -> dict[dt.date, tuple[int, int]]:
    """Day -> (bins whose fill was told, bins among them that were full once)."""
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
