"""Figures of many days at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from ..registry import Registry
from ..store import Store
from . import DailyRow, Day, days_of
from .day_figures import Progress, update_figures
from .density import Density


def days(first: dt.date, last: dt.date) -> list[dt.date]:
    """The days from first to last, both included; none where last is earlier."""
    return [first + dt.timedelta(n) for n in range((last - first).days + 1)]


def each_day(
    store: Store,
    registry: Registry,
    first: dt.date,
    last: dt.date,
    progress: Progress = iter,
    *,
    densities: Mapping[str, Density] | None = None,
) -> Iterator[Day]:
    """The days from first to last, brought up to date, one after the other: a year does not
    fit into memory."""
    span = days(first, last)
    if span:
        update_figures(store, registry, last, progress)
    return days_of(store, registry, span, densities)


def roll_days(
    store: Store,
    registry: Registry,
    first: dt.date,
    last: dt.date,
    progress: Progress = iter,
    *,
    densities: Mapping[str, Density] | None = None,
) -> list[DailyRow]:
    """A row for every day, site and stream, by day and then as in the registry.

    Each day has the rows of roll_day, so the days of a month add up to the month."""
    made = each_day(store, registry, first, last, progress, densities=densities)
    return [row for day in made for row in day.rows]
