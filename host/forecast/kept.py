"""The last forecast as the store keeps it, for the page and for alarms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..registry import Bin, Registry
from ..store import Store, forecasts
from ..store.forecasts import ForecastRow
from .bins import BinForecast, Quantiles


@dataclass(frozen=True)
class Kept:
    """made: the moment from which all hours count, of the newest; until: of the masses, the last;
    both Unix seconds, 0: there is none."""

    made: int = 0
    until: int = 0
    bins: list[BinForecast] = field(default_factory=list)


def keep(store: Store, found: Iterable[BinForecast], now: int, until: int) -> None:
    """Let these be the last ones of their bins; now, until: Unix seconds."""
    forecasts.replace(store, [_row(f, now, until) for f in found])


def latest(store: Store, registry: Registry) -> Kept:
    """Of the bins of a registry, as seen from the newest. Of one whose collection was over by then
    nothing is known: a mass or an hour of another day must not stand beside those of today."""
    known = {b.bin: b for b in registry.bins}
    every = forecasts.latest(store)
    rows = [r for r in every if r.bin in known]
    if not every:
        return Kept()
    made, until = max(r.made for r in rows or every), max(r.until for r in rows or every)
    return Kept(made, until, [_forecast(r, known[r.bin], made) for r in rows])


def _row(f: BinForecast, now: int, until: int) -> ForecastRow:
    low, middle, high = (_whole(h, 60) for h in f.full_h or (None, None, None))
    least, half, most = (_whole(k, 1000) for k in f.kg or (None, None, None))
    at = now, until, f.fill, f.net_g
    return ForecastRow(f.bin.bin, *at, low, middle, high, least, half, most, f.by)


def _whole(value: float | None, unit: int) -> int | None:
    return None if value is None else round(unit * value)


def _forecast(r: ForecastRow, bin_: Bin, now: int) -> BinForecast:
    if r.until <= now and r.made < now:
        return BinForecast(bin_, None, None, None, None, "")
    gone = (now - r.made) // 60
    minutes = [None if m is None else max(0, m - gone) for m in (r.full10, r.full50, r.full90)]
    full: Quantiles = (_part(minutes[0], 60), _part(minutes[1], 60), _part(minutes[2], 60))
    kg: Quantiles = (_part(r.kg10, 1000), _part(r.kg50, 1000), _part(r.kg90, 1000))
    known = r.kg50 is not None
    return BinForecast(
        bin_, r.fill, r.net, full if r.basis else None, kg if known else None, r.basis
    )


def _part(value: int | None, unit: int) -> float | None:
    return None if value is None else value / unit
