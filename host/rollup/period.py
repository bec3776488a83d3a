"""Many days at once, from the book."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from host.registry import Bin, Registry
from host.rollup import DAY_S, DailyRow, day_bounds, days_of
from host.rollup.booking import Watched, bring
from host.rollup.density import Density
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
    watched: Watched = iter,
    *,
    densities: Mapping[str, Density] | None = None,
) -> list[DailyRow]:
    """A row for every day, site and stream, by day and then as in the registry.

    Each day is what roll_day tells of it, so that the days of a month add up to the month."""
    span = days(first, last)
    if not span:
        return []
    bring(store, known, last, watched)
    return [row for day in days_of(store, known, span, densities) for row in day.rows]


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
