"""A calibration that was wrong, put right afterwards: which days that changes, and how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from rich.table import Table

from host import rollup, tables
from host.errors import UserError
from host.registry import Registry
from host.reports import kg
from host.rollup import LOCAL, DailyRow
from host.store import Store
from host.store.calibrations import Correction, Restatement


class RestateError(UserError):
    """There is nothing to correct."""


def recalibrate(store: Store, known: Registry, new: Correction) -> list[Restatement]:
    """Write the correction, and every figure of a day that it changes."""
    kept = store.calibrations
    entries = [w for _, w in kept.weighed(new.device, new.channel)]
    if not any(w.id == new.calibration for w in entries):
        names = ", ".join(sorted({w.id for w in entries})) or "none"
        raise RestateError(
            f"--calibration: expected one by which {new.device} {new.channel} has weighed "
            f"({names}), found {new.calibration!r}"
        )
    dates = list(_dates(store, new))
    before = [_rows(store, known, new, date) for date in dates]
    kept.supposed.append(new)
    try:
        after = [_rows(store, known, new, date) for date in dates]
    finally:
        kept.supposed.remove(new)
    restated = []
    for date, old, now in zip(dates, before, after, strict=True):
        for a, b in zip(old, now, strict=True):
            figures = a.deposited_g, b.deposited_g, a.collected_g, b.collected_g
            if figures[0] != figures[1] or figures[2] != figures[3]:
                restated.append(Restatement(str(date), a.site, a.stream, *figures))
    kept.correct(new, restated)
    return restated


def _dates(store: Store, c: Correction) -> Iterator[dt.date]:
    """The days of the readings, and the one after: an event may begin in the one and be
    weighed in the other."""
    seen = set()
    for first, last in store.calibrations.days_of(c.device, c.channel, c.calibration):
        date = dt.datetime.fromtimestamp(first, LOCAL).date()
        end = dt.datetime.fromtimestamp(last, LOCAL).date() + dt.timedelta(1)
        while date <= end:
            seen.add(date)
            date += dt.timedelta(1)
    yield from sorted(seen)


def _rows(store: Store, known: Registry, c: Correction, date: dt.date) -> list[DailyRow]:
    """The figures of the sites and streams in which the platform counts."""
    mine = {(b.site, b.stream) for b in known.platforms() if _is(b.device, b.channel, c)}
    return rollup.roll_day(
        store, known, date, lambda bins: [b for b in bins if (b.site, b.stream) in mine]
    )


def _is(device: str | None, channel: str | None, c: Correction) -> bool:
    return (device, channel) == (c.device, c.channel)


def table(restated: list[Restatement]) -> Table:
    """Figures before and after."""
    out = tables.table("restated")
    tables.columns(out, ("date", "site", "stream"))
    names = "deposited\nkg before", "after", "collected\nkg before", "after"
    tables.columns(out, names, right=True)
    for r in restated:
        grams = r.deposited_before, r.deposited_after, r.collected_before, r.collected_after
        out.add_row(r.date, r.site, r.stream, *map(kg, grams))
    return out
