"""The days of one site, with what its bins told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress

from ..common.local_days import day_of
from ..registry import Bin, Registry
from ..reports.explain import BinStory, bins_at, stories
from ..rollup.day_figures import update_figures
from ..store import Busy, Store
from . import day_cache

_STEPS = 2  # of arrivals into days, that a page waits for at most


def site_day(store: Store, registry: Registry, site: str, date: dt.date) -> list[BinStory]:
    """Every bin of a site on a day: its readings, and its events from the day's revisions."""
    _update(store, registry, bins_at(registry, site), date)
    return stories(store, registry, site, date)


def latest_day(store: Store, registry: Registry, site: str) -> dt.date:
    """The last day with readings of a site; today if there is none."""
    bins, now = bins_at(registry, site), day_cache.today()
    _update(store, registry, bins, now)
    return day_cache.last_measured(store.database, now, [b.bin for b in bins]) or now


def _update(store: Store, registry: Registry, bins: Sequence[Bin], date: dt.date) -> None:
    """Bring the figures of a site's bins up to date, where nobody has to wait long for it; else
    those are shown that the thread of Figures has computed."""
    with suppress(Busy):  # another process writes: the stored figures are shown
        store.compact(steps=_STEPS)
        if not store.crowded_boards(day_of(date), day_cache.CROWDED) & {b.device for b in bins}:
            update_figures(store, registry, date, only=bins, steps=0)
